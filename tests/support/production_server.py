"""Production as its operators run it: keys made, schema brought up, and `sso serve all`."""

import os
import secrets
import sys
from pathlib import Path

from tests.support.command import Ended, sso
from tests.support.servers.loopback import HOST, die_with_parent, is_ready
from tests.support.servers.process import ServerProcess

SSO = str(Path(sys.executable).with_name("sso"))


class ProductionServer(ServerProcess):
    """A running `sso serve all` on a database and a Redis that are there already, with a service named `reports`."""

    def __init__(self, database_url: str, redis_url: str) -> None:
        super().__init__(None)
        self.service_secret = secrets.token_hex()
        self._stores = {"SSO_DATABASE__URL": database_url, "SSO_REDIS__URL": redis_url}

    @property
    def url(self) -> str:
        """The public URL of the service."""
        return f"http://{HOST}:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """Its settings, as environment variables."""
        return {
            **self._stores,
            "SSO_ISSUER__URL": self.url,
            "SSO_SERVICES__REPORTS__SECRET_FILE": str(self.folder / "reports.secret"),
            "SSO_KEYS__SEALING_FILE": str(self.folder / "keys" / "sealing.key"),
            "SSO_KEYS__DIGEST_FILE": str(self.folder / "keys" / "digest.key"),
        }

    def sso(self, *arguments: str) -> Ended:
        """Run another command of `sso` under the same settings."""
        return sso(*arguments, **self.settings)

    def _prepare(self) -> None:
        (self.folder / "reports.secret").write_text(f"{self.service_secret}\n")
        for command in (["keys", "init", "--out", str(self.folder / "keys")], ["migrate"]):
            ended = self.sso(*command)
            if ended.code:
                raise RuntimeError(ended.err)

    def _command(self) -> list[str]:
        forgotten = [f"--unset={name}" for name in os.environ if name.startswith("SSO_")]
        environment = ["env", *forgotten, *(f"{name}={value}" for name, value in self.settings.items())]
        return [*die_with_parent("TERM"), *environment, SSO, "serve", "all", "--host", HOST, "--port", str(self.port)]

    def _ready(self) -> bool:
        return is_ready(self.port)
