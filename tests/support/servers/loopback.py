"""Ports on this machine, and children that do not outlive it."""

import http.client
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


def is_ready(port: int, host_name: str = HOST) -> bool:
    """Return whether the service of ours on a port says that it is ready.

    By hand, as it is asked a hundred times a second beside a server that needs the processor to start.
    """
    connection = http.client.HTTPConnection(HOST, port, timeout=1)
    try:
        connection.request("GET", "/readyz", headers={"Host": host_name})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def die_with_parent(signal_name: str) -> list[str]:
    """The command prefix that has the kernel send a signal when our own process ends, however it ends.

    Empty where the system has no such thing; then only an orderly exit ends the child.
    """
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", signal_name, "--"] if setpriv else []
