"""A thousand permissions in one question, and one in one."""

import json
from collections.abc import Sequence
from functools import partial
from typing import Final

from benchmarks.harness.figures import ratio
from benchmarks.harness.load import request
from benchmarks.harness.results import Job, Row
from benchmarks.harness.rounds import interleave
from benchmarks.harness.serving import Asked, require_kept
from benchmarks.jobs import Options
from benchmarks.stage import Stage
from benchmarks.tokens import bsn
from benchmarks.world import COMPANIES, PATIENTS, World, bearing

MANY: Final = COMPANIES * PATIENTS
ONE, BATCH = "one permission", f"{MANY:,} in one batch"
EVENTS: Final = "SELECT count(*) FROM dossier_audit"
_AT_ONCE: Final = 4


def run(options: Options, stage: Stage) -> Job:
    """Measure."""
    world = stage.world
    own = [company.bearer for company in world.fresh()]
    asked = partial(Asked, world.port, world.pid, stores=world.stores, seconds=options.seconds)
    variants = {
        ONE: asked(make=partial(world.permissions, bearers=own), in_flight=options.in_flight),
        BATCH: asked(make=partial(_batches, world), in_flight=_AT_ONCE, first=_AT_ONCE),
    }
    before = world.count(world.database, EVENTS)
    rounds = interleave(variants, options.rounds)
    require_kept(world.count(world.database, EVENTS) - before, (variants[ONE], 1), (variants[BATCH], MANY))
    rows = [
        Row("1,000 permissions in one batch / one check, CPU", ratio(rounds, "cpu_us", BATCH, ONE), at_most=100.0),
        Row("the same, processor time of database and Redis", ratio(rounds, "stores_cpu_us", BATCH, ONE)),
    ]
    note = "One event per patient is kept before the answer: asserted. A quarter of the patients have a dossier."
    return Job("batch", "Permissions in a batch", "cpu_us", rounds, rows, [note])


def _batches(world: World, count: int) -> Sequence[bytes]:
    body = json.dumps({"bsns": [bsn(number) for number in range(MANY)]}).encode()
    chosen = [world.dice.choice(world.companies) for _ in range(count)]
    headers = [{"Content-Type": "application/json", **bearing(company.bearer)} for company in chosen]
    return [request("POST", "/dossier/permissions", body, headers=given) for given in headers]
