"""What Redis carries alone, with the command of a spend: bytes of a key, commands in a second, time of one."""

import secrets
import socket
import time
from datetime import timedelta
from typing import Any, Final

from redis import Redis

from benchmarks.harness.processor import cpu_seconds
from schemas.profiles import PROFESSIONAL
from sso.verifier.replay import spend_key
from sso.verifier.replay_redis import PREFIX
from tests.support.servers.loopback import HOST
from tests.support.servers.redis_server import RedisServer

KEYS: Final = 100_000
COMMANDS: Final = 300_000
_AT_ONCE: Final = 64
_STORED: Final = b"$-1\r\n"
"""What is answered where nothing was there (RESP 2)."""


def measure() -> dict[str, float]:
    """Measure on a Valkey of our own, with the settings of `deploy/redis/valkey.conf`."""
    with RedisServer("--appendonly", "yes", "--appendfsync", "everysec", private=True) as redis:
        with Redis.from_url(redis.url) as client:
            before = _used(client)
            _send(redis, KEYS)
            each = (_used(client) - before) / KEYS
        cpu = cpu_seconds(redis.pid)
        seconds = _send(redis, COMMANDS)
        cpu = cpu_seconds(redis.pid) - cpu
    window: timedelta = PROFESSIONAL.spend_window
    return {
        "bytes_per_key": each,
        "window_seconds": window.total_seconds(),
        "spends_per_second": COMMANDS / seconds,
        "cpu_us_per_spend": cpu / COMMANDS * 1e6,
    }


def _used(client: Any) -> float:  # noqa: ANN401 - the library's own
    return float(client.info("memory")["used_memory"])


def _send(redis: RedisServer, count: int) -> float:
    """Spend so many tokens, some at a time, over one connection; return the seconds of it.

    Raises RuntimeError unless each was the first.
    """
    window = int(PROFESSIONAL.spend_window.total_seconds() * 1000)
    with socket.create_connection((HOST, redis.port)) as connection, connection.makefile("rb") as answers:
        connection.sendall(_command("AUTH", redis.password))
        answers.readline()
        sent = [[_spend(window) for _ in range(min(_AT_ONCE, count - start))] for start in range(0, count, _AT_ONCE)]
        began = time.perf_counter()
        for some in sent:
            connection.sendall(b"".join(some))
            if answers.read(len(_STORED) * len(some)) != _STORED * len(some):
                raise RuntimeError("a spend was not the first of its token")
        return time.perf_counter() - began


def _spend(window: int) -> bytes:
    key = PREFIX + spend_key("professional", secrets.token_hex(4), secrets.token_hex(8))
    return _command("SET", key, secrets.token_hex(16), "NX", "GET", "PX", str(window))


def _command(*words: str) -> bytes:
    parts = [f"*{len(words)}", *(part for word in words for part in (f"${len(word)}", word)), ""]
    return "\r\n".join(parts).encode()
