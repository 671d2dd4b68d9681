"""An access token by client credentials: with a secret, and with a client assertion whose replay Redis remembers."""

from functools import partial
from typing import Final

from benchmarks.harness import node
from benchmarks.harness.figures import ratio
from benchmarks.harness.results import Job, Row
from benchmarks.harness.rounds import interleave
from benchmarks.harness.serving import Asked, require_kept
from benchmarks.jobs import Options
from benchmarks.provider import NAME, ours, theirs
from benchmarks.stage import Stage

SECRET, KEY = "client secret", "private_key_jwt"
EVENTS: Final = "SELECT count(*) FROM identity_audit WHERE event = 'company_token.issued'"
NOTE: Final = (
    "JWT access tokens signed with ES256; assertions are signed with RS256, a new one for each request. Ours looks the "
    "client up in PostgreSQL, counts limits and keeps an event per token: asserted. oidc-provider has its clients in "
    "memory and keeps nothing but the replays, in Redis. One process each."
)


def run(options: Options, stage: Stage) -> Job:
    """Measure."""
    world = stage.world
    if not node.available():
        raise RuntimeError("Node.js 20 or its packages are not here: `make bench` installs the packages")
    with theirs(world, "urn:jwt") as peer:
        own, before = ours(world), world.count(world.database, EVENTS)
        asked = partial(Asked, stores=world.stores, seconds=options.seconds, in_flight=options.in_flight)
        variants = {
            f"{name}, {how}": asked(server.port, server.pid, make)
            for name, server in (("ours", own), (NAME, peer))
            for how, make in ((SECRET, server.by_secret), (KEY, server.by_key))
        }
        rounds = interleave(variants, options.rounds)
    answers = ((variants[f"ours, {how}"], 1) for how in (SECRET, KEY))
    require_kept(world.count(world.database, EVENTS) - before, *answers)
    rows = [
        Row(
            f"token, {how} / {NAME}, per second",
            ratio(rounds, "per_second", f"ours, {how}", f"{NAME}, {how}"),
            at_least=2.0,
        )
        for how in (SECRET, KEY)
    ]
    rows += [
        Row(f"{NAME}'s processor time / ours, {how}", ratio(rounds, "cpu_us", f"{NAME}, {how}", f"ours, {how}"))
        for how in (SECRET, KEY)
    ]
    return Job("token", "Issuing a token", "per_second", rounds, rows, [NOTE], node.versions(NAME, "ioredis"))
