"""The demo as its users run it: the command `sso serve demo`, on data of its own."""

import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from joserfc.jwk import RSAKey

from tests.support.servers.loopback import HOST, die_with_parent, is_ready
from tests.support.servers.process import ServerProcess


class DemoServer(ServerProcess):
    """A running demo. The settings that the shell has for another one are not passed on."""

    def __init__(self) -> None:
        super().__init__(None)

    @property
    def url(self) -> str:
        """The public URL of the service."""
        return f"http://{HOST}:{self.port}"

    @property
    def simulator_url(self) -> str:
        """Where the simulated EHR is: for a browser another site than the service."""
        return f"http://localhost:{self.port}/simulator"

    def service_credentials(self) -> dict[str, str]:
        """Return `clientId` and `clientSecret` of the service that may ask for internal tokens, from its file."""
        credentials: dict[str, str] = json.loads((self._data / "demo-service.json").read_text())
        return credentials

    def ehr_key(self) -> RSAKey:
        """Return the private key of the simulated EHR, from its file."""
        return RSAKey.import_key(self._ehr()["jwk"])

    @asynccontextmanager
    async def ehr_client(self) -> AsyncIterator[httpx2.AsyncClient]:
        """Give a client with the company token of the simulated EHR, whose secret is in its file."""
        ehr = self._ehr()
        credentials = {"companyId": ehr["companyId"], "companySecret": ehr["companySecret"]}
        async with httpx2.AsyncClient(base_url=self.url) as client:
            answer = await client.post("/auth/token", json=credentials)
            client.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['access_token']}"
            yield client

    def _ehr(self) -> dict[str, Any]:
        kept: dict[str, Any] = json.loads((self._data / "ehr.json").read_text())
        return kept

    @property
    def _data(self) -> Path:
        return self.folder / "var"

    def _command(self) -> list[str]:
        forgotten = [f"--unset={name}" for name in os.environ if name.startswith("SSO_")]
        environment = ["env", *forgotten, f"SSO_DATA_DIR={self._data}"]
        sso = str(Path(sys.executable).with_name("sso"))
        return [*die_with_parent("TERM"), *environment, sso, "serve", "demo", "--port", str(self.port)]

    def _ready(self) -> bool:
        return is_ready(self.port)
