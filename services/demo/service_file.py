"""The credentials of the demo's one registered service, for whoever wants to call as one of our own."""

import json
from pathlib import Path
from typing import Final

from common.key_files import write_secret
from sso.issuer.clients import make_secret, secret_digest

DEMO_SERVICE: Final = "demo"
_FILE: Final = "demo-service.json"


def make_demo_service(folder: Path) -> None:
    """Write the service's credentials into the data folder, as JSON: a new secret for each start.

    Raises OSError if the file cannot be written.
    """
    credentials = {"clientId": DEMO_SERVICE, "clientSecret": make_secret()}
    write_secret(folder / _FILE, json.dumps(credentials, indent=2) + "\n")


def demo_service(folder: Path) -> dict[str, bytes]:
    """Return the digest of the service's secret, by its name. Raises OSError if the file is not there."""
    credentials = json.loads((folder / _FILE).read_text("utf-8"))
    return {DEMO_SERVICE: secret_digest(credentials["clientSecret"])}
