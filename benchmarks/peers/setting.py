"""What a peer is started with, from its environment, and how it is served."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import uvicorn
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from common.key_files import read_key
from tests.support.servers.loopback import HOST

ISSUER = "https://sso.example"
VARIABLE = "BENCHMARK_PEER"


@dataclass(frozen=True, slots=True)
class Setting:
    """Where the stores are, and the keys: the service's for the digest of a BSN, one of its own for access tokens."""

    port: int
    database_url: str = ""
    redis_url: str = ""
    digest_file: str = ""
    signing_file: str = ""
    fields: dict[str, Any] = field(default_factory=dict)

    def wire(self) -> str:
        """Return it as the environment has it."""
        return json.dumps({name: getattr(self, name) for name in self.__dataclass_fields__})

    def digest_key(self) -> bytes:
        """Return the key of the digests."""
        return read_key(Path(self.digest_file))

    def signing_key(self) -> EllipticCurvePrivateKey:
        """Return the key of access tokens."""
        return cast(EllipticCurvePrivateKey, load_pem_private_key(Path(self.signing_file).read_bytes(), None))


def setting() -> Setting:
    """Return what this process was started with."""
    return Setting(**json.loads(os.environ[VARIABLE]))


def serve(app: Any, *, access_log: bool) -> None:  # noqa: ANN401 - any ASGI application
    """Serve an application as uvicorn does by itself."""
    uvicorn.run(app, host=HOST, port=setting().port, loop="uvloop", access_log=access_log, log_level="info")
