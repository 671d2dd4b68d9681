"""What the README shows works word for word."""

import json
import re
import subprocess
from pathlib import Path

from tests.support.demo_server import DemoServer

README = Path(__file__).parents[2] / "README.md"


def launch_by_copy_and_paste() -> str:
    """Return the shell block that launches."""
    blocks: list[str] = re.findall(r"```sh\n(.*?)```", README.read_text(), re.DOTALL)
    return next(block for block in blocks if "/sso/launch" in block)


def test_the_launch_by_copy_and_paste_works_once(tmp_path: Path) -> None:
    with DemoServer() as demo:
        script = launch_by_copy_and_paste().replace("http://127.0.0.1:8080", demo.url)
        ended = subprocess.run(
            ["/bin/bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    key, dossier, launch, again, permission = (json.loads(line) for line in ended.stdout.splitlines())
    assert key["alg"] == "RS256"
    assert launch["dossier"] == {"dossierId": dossier["dossierId"], "permission": "pending"}
    assert launch["professional"]["status"] == "created"
    assert again["code"] == "token_replayed"
    assert permission["gavePermission"] is False
