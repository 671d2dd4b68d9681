"""Introspection (RFC 7662): a company asks whether a token of its own would be accepted."""

from functools import partial
from typing import Final

from benchmarks.harness import node
from benchmarks.harness.figures import ratio
from benchmarks.harness.results import Job, Row
from benchmarks.harness.rounds import interleave
from benchmarks.harness.serving import Asked
from benchmarks.jobs import Options
from benchmarks.provider import NAME, ours, theirs
from benchmarks.stage import Stage

TOKENS: Final = 200
OURS, THEIRS = "ours, JWT", f"{NAME}, opaque"
NOTE: Final = (
    f"{TOKENS} different tokens each. Ours verifies the signature and asks PostgreSQL whether the company is active "
    "and the token revoked; oidc-provider finds its opaque tokens in its own memory."
)


def run(options: Options, stage: Stage) -> Job:
    """Measure."""
    world = stage.world
    if not node.available():
        raise RuntimeError("Node.js 20 or its packages are not here: `make bench` installs the packages")
    with theirs(world, "urn:opaque") as peer:
        asked = partial(Asked, stores=world.stores, seconds=options.seconds, in_flight=options.in_flight)
        variants = {
            name: asked(server.port, server.pid, partial(server.introspections, tokens=server.tokens(TOKENS)))
            for name, server in ((OURS, ours(world)), (THEIRS, peer))
        }
        rounds = interleave(variants, options.rounds)
    rows = [
        Row(f"introspection / {NAME} (opaque), per second", ratio(rounds, "per_second", OURS, THEIRS), at_least=1.5),
        Row(f"{NAME}'s processor time / ours, introspection", ratio(rounds, "cpu_us", THEIRS, OURS)),
    ]
    job = Job("introspection", "Introspecting a token", "per_second", rounds, rows, [NOTE])
    job.versions = node.versions(NAME)
    return job
