"""Processor time of one, over that of a loop that does what the operations do most (RSA, JSON, objects, a database).

So another processor gives nearly the same figure; and of many short rounds the least counts, as whatever disturbs only
adds. No clock on the wall: what else the machine does would show in it.
"""

import gc
import json
import sqlite3
import time
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from benchmarks.quick.kept import Figures
from benchmarks.quick.paths import hot_paths
from common.settings import Settings
from services.bench.operations import timed

COUNTS: Final = {"verification": 50, "launch": 8, "permission": 10, "access token": 10}
"""How many a round does of each: as short as can be measured, so that many rounds are not disturbed."""

UNEVEN: Final = 1.25
"""Where half of the rounds of the loop itself take this much longer than the fastest, the machine can tell nothing."""

_PASSES: Final = 25


class Calibration:
    """A loop of what the operations do most."""

    def __init__(self) -> None:
        """Make a key and something to verify."""
        key = rsa.generate_private_key(65537, 2048)
        self._how = padding.PKCS1v15(), hashes.SHA256()
        self._signature = key.sign(b"token", *self._how)
        self._key = key.public_key()
        self._database = sqlite3.connect(":memory:")

    def __call__(self) -> float:
        """Return the seconds of processor time of one pass."""
        began = time.process_time()
        for number in range(_PASSES):
            self._key.verify(self._signature, b"token", *self._how)
            members = {f"member {place}": ["x" * place, number] for place in range(20)}
            texts = [json.dumps(json.loads(json.dumps(members))) for _ in range(2)]
            self._database.execute("SELECT ?, ?", (number, texts[0])).fetchall()
            sorted(members.items(), reverse=True)
        return time.process_time() - began


async def processor_time(settings: Settings, seconds: float) -> tuple[Figures, float]:
    """Return each operation's least processor time over the loop's, and how uneven the loop was (1.0 is even)."""
    calibration, loops = Calibration(), list[float]()
    least = dict.fromkeys(COUNTS, float("inf"))
    async with hot_paths(settings) as paths:
        for name, operation in paths.items():
            await timed(operation, COUNTS[name])  # not counted: what is made once is made now
        gc.collect()
        gc.freeze()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            loops.append(calibration())
            for name, operation in paths.items():
                gc.collect()
                least[name] = min(least[name], (await timed(operation, COUNTS[name])).cpu_seconds)
    best = min(loops)
    return {name: value / best * _PASSES for name, value in least.items()}, sorted(loops)[len(loops) // 2] / best
