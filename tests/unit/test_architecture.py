"""What production does not load cannot be switched on in it."""

import subprocess
import sys


def test_nothing_that_serves_production_loads_the_demo() -> None:
    program = "import sys, services.cli, services.all; print([name for name in sys.modules if 'demo' in name])"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ended.stdout == "[]\n"
