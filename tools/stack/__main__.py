"""`python -m tools.stack`: run what docker-compose.yml says, launch once, and stay until Ctrl-C."""

import argparse
import signal
import sys
import time

import httpx2

from tests.support.servers.loopback import free_port
from tools.stack.first_launch import launch
from tools.stack.running import Stack


def main() -> int:
    """Return 0 if the launch was accepted, and if everything then ran until it was told to stop."""
    options = argparse.ArgumentParser(prog="make stack", description=__doc__)
    options.add_argument("--once", action="store_true", help="launch, and stop")
    options.add_argument("--port", type=int, default=8080, help="where to listen; 0 takes a free one")
    chosen = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        with Stack(chosen.port or free_port()) as stack:
            print(f"Not honoured without Docker: {', '.join(sorted(stack.ignored))}")
            print(f"Launched through the gateway: {launch(stack)}", flush=True)
            if not chosen.once:
                print(f"Listening on {stack.url} (Ctrl-C stops it)", flush=True)
                _stay(stack)
    except KeyboardInterrupt:
        return 0
    except (RuntimeError, httpx2.HTTPError) as error:
        print(f"stack: {error}", file=sys.stderr)
        return 1
    return 0


def _stay(stack: Stack) -> None:
    while True:
        time.sleep(1)
        for name, server in stack.servers.items():
            if server.ended():
                raise RuntimeError(f"{name} has ended")


if __name__ == "__main__":
    sys.exit(main())
