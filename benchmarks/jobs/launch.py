"""A launch, complete, over HTTP: ours under its real settings, the textbook and the floor."""

from functools import partial
from typing import Final

from benchmarks.harness.figures import of_one, ratio
from benchmarks.harness.results import Job, Row
from benchmarks.harness.rounds import interleave
from benchmarks.harness.serving import Asked, require_kept
from benchmarks.jobs import Options
from benchmarks.stage import FLOOR, TEXTBOOK, Stage
from benchmarks.world import World

OURS: Final = "ours"
SENT: Final = (
    "Half of the launches come from back ends (answer: context, dossier and token), half from browsers (a session). "
    "Professionals are linked and patients known. Every launch has its row, its spend and its event, every second one "
    "its session: asserted for each variant."
)
BESIDES: Final = (
    "Ours counts limits and logs as in production; the textbook counts the same limits and has uvicorn's access log; "
    "the floor does neither. PostgreSQL runs without fsync, for all of them."
)
KEPT: Final = {
    "launches": "SELECT count(*) FROM launches",
    "spends": "SELECT count(*) FROM spends",
    "events of the audit": "SELECT count(*) FROM identity_audit WHERE event = 'launch.accepted'",
}
SESSIONS: Final = "SELECT count(*) FROM sessions"
_ROUNDS_AT_MOST: Final = 1000
"""Each round can have one more of one half than of the other."""


def run(options: Options, stage: Stage) -> Job:
    """Measure."""
    others, world = stage.peers, stage.world
    databases = {OURS: world.database} | {name: peer.given["database_url"] for name, peer in others.items()}
    before = {name: counted(world, database) for name, database in databases.items()}
    asked = partial(Asked, make=world.launches, stores=world.stores, seconds=options.seconds)
    asked = partial(asked, in_flight=options.in_flight, expected=(200, 303))
    variants = {OURS: asked(world.port, world.pid)}
    variants |= {name: asked(peer.port, peer.pid) for name, peer in others.items()}
    rounds = interleave(variants, options.rounds)
    for name, database in databases.items():
        after = counted(world, database)
        for what in KEPT:
            require_kept(after[what] - before[name][what], (variants[name], 1))
        opened = after["sessions"] - before[name]["sessions"]
        if abs(2 * opened - variants[name].answered) > _ROUNDS_AT_MOST + variants[name].unavailable:
            raise RuntimeError(f"{name}: {variants[name].answered} launches have opened {opened} sessions")
    rows = [
        Row("launch at 64 in flight / floor, per second", ratio(rounds, "per_second", OURS, FLOOR), at_least=0.55),
        Row("launch at 64 in flight / textbook, per second", ratio(rounds, "per_second", OURS, TEXTBOOK), at_least=2.5),
        Row("launch p99 / p50 at 64 in flight, one worker", of_one(rounds, "p99_p50", OURS), at_most=2.5),
        Row("floor's processor time / ours, one launch", ratio(rounds, "cpu_us", FLOOR, OURS)),
        Row("textbook's processor time / ours, one launch", ratio(rounds, "cpu_us", TEXTBOOK, OURS)),
    ]
    return Job("launch", "Launching", "per_second", rounds, rows, [SENT, BESIDES])


def counted(world: World, database: str) -> dict[str, int]:
    """Return how many rows there are of what a launch keeps."""
    return {what: world.count(database, query) for what, query in (KEPT | {"sessions": SESSIONS}).items()}
