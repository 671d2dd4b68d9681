"""Ports on this machine, and children that do not outlive it."""

import random
import shutil
import socket

HOST = "127.0.0.1"
# Below the range the kernel hands out, so that no outgoing connection takes a port between choice and use.
FIRST_PORT, LAST_PORT = 20_000, 32_000


def free_port() -> int:
    """Return a loopback port nobody listens on, with its cluster bus port (10,000 higher) valid too.

    Raises RuntimeError where none is found.
    """
    for port in random.sample(range(FIRST_PORT, LAST_PORT), 50):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no free port between {FIRST_PORT} and {LAST_PORT}")


def die_with_parent(signal_name: str) -> list[str]:
    """The command prefix that has the kernel send a signal when our own process ends, however it ends.

    Empty where the system has no such thing; then only an orderly exit ends the child.
    """
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", signal_name, "--"] if setpriv else []
