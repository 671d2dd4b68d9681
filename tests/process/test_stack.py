"""What docker-compose.yml says works: run without Docker, a launch through its gateway is accepted."""

import os
import re
import subprocess
import sys

from tools.stack.compose_file import ROOT


def test_a_launch_through_the_gateway_of_the_compose_file_is_accepted() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tools.stack", "--once", "--port", "0"],
        cwd=ROOT,
        env={**os.environ, "WORKERS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert re.search(r"^Launched through the gateway: [0-9a-f-]{36}$", ended.stdout, re.MULTILINE)
    assert re.search(r"^Not honoured without Docker: .*\bnetworks\b", ended.stdout, re.MULTILINE)
