"""Two workers and one, with database, Redis and the load on the same two processors."""

from functools import partial

from benchmarks.harness.figures import ratio
from benchmarks.harness.results import Job, Row
from benchmarks.harness.rounds import interleave
from benchmarks.harness.serving import Asked
from benchmarks.jobs import Options
from benchmarks.stage import Stage

ONE, TWO = "one worker", "two workers"


def run(options: Options, stage: Stage) -> Job:
    """Measure."""
    world = stage.world
    two = world.another(2).start()
    try:
        asked = partial(Asked, make=world.launches, stores=world.stores, seconds=options.seconds)
        asked = partial(asked, in_flight=options.in_flight, expected=(200, 303))
        variants = {ONE: asked(world.port, world.pid), TWO: asked(two.port, two.pid)}
        rounds = interleave(variants, options.rounds)
    finally:
        two.close()
    rows = [Row("two workers / one, launches per second", ratio(rounds, "per_second", TWO, ONE), at_least=1.25)]
    note = "Launches. PostgreSQL, Redis and who asks share the two processors with the workers."
    return Job("workers", "Two workers", "per_second", rounds, rows, [note])
