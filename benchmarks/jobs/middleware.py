"""What every request passes through: request id, host check, security headers, metrics, log line; and nothing of it."""

from contextlib import ExitStack
from functools import partial
from typing import Final

from benchmarks.harness.figures import ratio
from benchmarks.harness.load import request
from benchmarks.harness.peer import Peer
from benchmarks.harness.results import Job, Row
from benchmarks.harness.rounds import interleave
from benchmarks.harness.serving import Asked
from benchmarks.jobs import Options
from benchmarks.stage import Stage

STACK, NONE = "our whole stack", "none"
NOTE: Final = "An endpoint that answers a kilobyte of JSON, on the web server and with the settings of production."


def run(options: Options, _stage: Stage) -> Job:
    """Measure."""
    with ExitStack() as running:
        peers = {name: running.enter_context(Peer("stack", fields={"stack": name == STACK})) for name in (STACK, NONE)}
        asked = partial(Asked, stores=(), seconds=options.seconds, in_flight=options.in_flight)
        asked = partial(asked, make=lambda count: [request("GET", "/readyz")] * count)
        rounds = interleave({name: asked(peer.port, peer.pid) for name, peer in peers.items()}, options.rounds)
    rows = [Row("our whole middleware stack / none, CPU", ratio(rounds, "cpu_us", STACK, NONE), at_most=1.15)]
    return Job("middleware", "Middleware", "cpu_us", rounds, rows, [NOTE])
