"""The credentials of the demo's one registered service, for whoever wants to call as one of our own."""

import json
from pathlib import Path
from typing import Final

from common.key_files import write_secret
from sso.issuer.clients import make_secret, secret_digest

DEMO_SERVICE: Final = "demo"


def demo_service(path: Path) -> bytes:
    """Return the digest of the service's secret; a new secret for each start is in the file, as JSON.

    Raises OSError if the file cannot be written.
    """
    secret = make_secret()
    write_secret(path, json.dumps({"clientId": DEMO_SERVICE, "clientSecret": secret}, indent=2) + "\n")
    return secret_digest(secret)
