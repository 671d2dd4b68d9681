"""A certified OpenID Connect provider, at which whoever types a BSN is that patient: npm's oidc-provider."""

import http.client
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support.servers.loopback import HOST, die_with_parent
from tests.support.servers.process import ServerProcess

FOLDER = Path(__file__).parents[2] / "openid_provider"


class OpenIdProvider(ServerProcess):
    """A running provider that knows these clients, in the words of OpenID Connect Dynamic Client Registration 2."""

    def __init__(self, clients: Sequence[dict[str, Any]]) -> None:
        super().__init__(None)
        self.clients = clients

    @property
    def issuer(self) -> str:
        """Its name."""
        return f"http://{HOST}:{self.port}"

    def _command(self) -> list[str]:
        configuration = json.dumps({"port": self.port, "clients": self.clients})
        # Debian 12's Node.js 18 has Web Crypto behind this switch; newer ones take it and have it anyway.
        environment = ["env", "-i", f"PATH={os.environ['PATH']}", "NODE_OPTIONS=--experimental-global-webcrypto"]
        return [*die_with_parent("TERM"), *environment, "node", str(FOLDER / "provider.js"), configuration]

    def _ready(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=1)
        try:
            connection.request("GET", "/jwks")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
