"""`make bench-quick`: has a hot path become dearer? Instructions and processor time, against the committed figures.

The instructions are the interpreter's: they come out the same on every machine and under any load, so they decide
always, in CI too (`--instructions`). The processor time sees what C does as well, and needs a quiet minute.

`--write` keeps this run's figures as the ones to hold others against.
"""

import argparse
import json
import sys
from typing import Final

import uvloop

from benchmarks.quick.instructions import VERSION, instructions
from benchmarks.quick.kept import KEPT, Figures, dearer
from benchmarks.quick.paths import measured_stores
from benchmarks.quick.processor_time import UNEVEN, processor_time

INSTRUCTIONS: Final = f"instructions of {VERSION}"
PROCESSOR_TIME: Final = "processor time, in passes of the loop"
_MINUTE: Final = 60.0


def main() -> None:
    """Measure, and say; exit 1 where something has become dearer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=_MINUTE, help="of processor time (default %(default)s)")
    parser.add_argument("--instructions", action="store_true", help="count these alone, which takes ten seconds")
    parser.add_argument("--write", action="store_true", help="keep these figures")
    given = parser.parse_args()
    now = measured(None if given.instructions else given.seconds)
    kept: dict[str, Figures] = json.loads(KEPT.read_text())
    if given.write:
        kept |= {what: {name: round(value, 3) for name, value in found.items()} for what, found in now.items()}
        KEPT.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    good = [compared(what, found, kept.get(what)) for what, found in now.items()]
    sys.exit(0 if all(good) else 1)


def measured(seconds: float | None) -> dict[str, Figures]:
    """Return the figures of what can be decided here by its name; the processor time of so many seconds, if any."""
    with measured_stores() as settings:
        found = {INSTRUCTIONS: uvloop.run(instructions(settings))}
        if seconds is not None:
            taken, uneven = uvloop.run(processor_time(settings, seconds))
            if uneven <= UNEVEN:
                found[PROCESSOR_TIME] = taken
            else:
                print(f"The loop itself differs by {uneven:.2f}: too busy a machine to decide by processor time.")
    return found


def compared(what: str, now: Figures, kept: Figures | None) -> bool:
    """Print figures beside the committed ones; return whether none is too much dearer."""
    if kept is None:
        print(f"There are no committed {what}, so nothing is decided by them: `--write` keeps these.")
        return True
    print(f"{what}, and over the committed figure:")
    for name, value in now.items():
        print(f"  {name:<14}{value:11.3f}", f"{value / kept[name]:6.2f}" if name in kept else "   new")
    worse = dearer(now, kept)
    for name, factor in worse.items():
        print(f"{name}: {factor:.2f} of its {what}. Find out why, or keep it with `--write`.")
    return not worse


if __name__ == "__main__":
    main()
