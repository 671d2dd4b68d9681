"""May this company share this patient's dossier? Over HTTP, with the audit row before the answer."""

from functools import partial
from typing import Final

from benchmarks.harness.figures import of_one, ratio
from benchmarks.harness.results import Job, Row
from benchmarks.harness.rounds import interleave
from benchmarks.harness.serving import Asked, require_kept
from benchmarks.jobs import Options
from benchmarks.keys_of_peers import bearer
from benchmarks.stage import FLOOR, TEXTBOOK, Stage

OURS: Final = "ours"
EVENTS: Final = "SELECT count(*) FROM dossier_audit WHERE event = 'permission.granted'"
NOTE: Final = (
    "Each company asks with one bearer token, as it would for a quarter of an hour, about patients who have approved. "
    "Every answer has its event: asserted for each variant. The floor remembers bearers that it has verified, and asks "
    "the database in one statement whether the token still counts, what the patient chose, and to keep the event."
)


def run(options: Options, stage: Stage) -> Job:
    """Measure."""
    others, world = stage.peers, stage.world
    databases = {OURS: world.database} | {name: peer.given["database_url"] for name, peer in others.items()}
    before = {name: world.count(database, EVENTS) for name, database in databases.items()}
    own = [company.bearer for company in world.fresh()]
    theirs = [bearer(stage.signing_file, company.company_id) for company in world.companies]
    asked = partial(Asked, stores=world.stores, seconds=options.seconds, in_flight=options.in_flight)
    variants = {OURS: asked(world.port, world.pid, partial(world.permissions, bearers=own))}
    variants |= {
        name: asked(peer.port, peer.pid, partial(world.permissions, bearers=theirs)) for name, peer in others.items()
    }
    rounds = interleave(variants, options.rounds)
    for name, database in databases.items():
        require_kept(world.count(database, EVENTS) - before[name], (variants[name], 1))
    rows = [
        Row("permission check / textbook, per second", ratio(rounds, "per_second", OURS, TEXTBOOK), at_least=6.0),
        Row("permission check / floor, per second", ratio(rounds, "per_second", OURS, FLOOR), at_least=0.6),
        Row("textbook's processor time / ours, one check", ratio(rounds, "cpu_us", TEXTBOOK, OURS)),
        Row("permission p99 / p50 at 64 in flight", of_one(rounds, "p99_p50", OURS)),
    ]
    return Job("permission", "Asking for a permission", "per_second", rounds, rows, [NOTE])
