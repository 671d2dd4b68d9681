"""`make bench-quick`: has a hot path become dearer? Processor time per operation, held against the committed figures.

No clock on the wall: what else the machine does would show in it. An operation's processor time is divided by that of a
loop that does what the operations do most (RSA verifications, JSON, objects, SQLite), so that another processor gives
nearly the same figure; and of many short rounds the least counts, as whatever disturbs only adds.
Instructions would be steadier still, but few virtual machines let them be counted.

`--write` keeps this run's figures as the ones to hold others against.
"""

import argparse
import gc
import json
import sqlite3
import sys
import tempfile
import time
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any, Final

import uvloop
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from common.settings import Settings
from services.bench.operations import operations, timed
from services.bench.service import open_measured, stores
from services.logs import configure_logs

KEPT: Final = Path(__file__).parent / "quick.json"
ALLOWED: Final = 1.10
"""How much dearer an operation may have become."""

COUNTS: Final = {"verification": 50, "launch": 8, "permission": 10, "access token": 10}
"""How many a round does of each: as short as can be measured, so that many rounds are not disturbed."""

UNEVEN: Final = 1.25
"""Where half of the rounds of the loop itself take this much longer than the fastest, the machine can tell nothing."""

_MINUTE: Final = 60.0


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
        for number in range(25):
            self._key.verify(self._signature, b"token", *self._how)
            members = {f"member {place}": ["x" * place, number] for place in range(20)}
            texts = [json.dumps(json.loads(json.dumps(members))) for _ in range(2)]
            self._database.execute("SELECT ?, ?", (number, texts[0])).fetchall()
            sorted(members.items(), reverse=True)
        return time.process_time() - began


async def measured(settings: Settings, seconds: float) -> tuple[dict[str, float], float]:
    """Return each operation's least processor time over the loop's, and how uneven the loop was (1.0 is even)."""
    calibration, loops = Calibration(), list[float]()
    least = dict.fromkeys(COUNTS, float("inf"))
    async with open_measured(settings) as service:
        every = operations(service)
        for name, count in COUNTS.items():
            await timed(every[name], count)  # not counted: what is made once is made now
        gc.collect()
        gc.freeze()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            loops.append(calibration())
            for name, count in COUNTS.items():
                gc.collect()
                least[name] = min(least[name], (await timed(every[name], count)).cpu_seconds)
    best = min(loops)
    return {name: value / best * 25 for name, value in least.items()}, sorted(loops)[len(loops) // 2] / best


def dearer(now: dict[str, float], kept: dict[str, float]) -> dict[str, float]:
    """Return what has become dearer than is allowed, and by which factor."""
    factors = {name: value / kept[name] for name, value in now.items() if name in kept}
    return {name: factor for name, factor in factors.items() if factor > ALLOWED}


def main() -> None:
    """Measure, and say; exit 1 where something has become dearer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=_MINUTE, help="how long to measure (default %(default)s)")
    parser.add_argument("--write", action="store_true", help="keep these figures")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as name, (Path(name) / "log").open("w") as log:
        with redirect_stderr(log):
            configure_logs()
        with stores(Path(name)) as settings:
            now, uneven = uvloop.run(measured(settings, given.seconds))
    if given.write:
        KEPT.write_text(json.dumps({name: round(value, 3) for name, value in now.items()}, indent=1) + "\n")
    kept: dict[str, Any] = json.loads(KEPT.read_text())
    print("Processor time of one, in passes of the loop, and over the committed figure:")
    for what, value in now.items():
        print(f"  {what:<14}{value:9.3f}{value / kept[what]:7.2f}")
    print("Instructions are not counted: this compares processor time.")
    if uneven > UNEVEN:
        print(f"The loop itself differs by {uneven:.2f} here: this machine is too busy, so nothing is decided.")
        return
    worse = dearer(now, kept)
    for what, factor in worse.items():
        print(f"{what} takes {factor:.2f} of what it took: find out why, or keep it with `--write`.")
    sys.exit(1 if worse else 0)


if __name__ == "__main__":
    main()
