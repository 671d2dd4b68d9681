"""`/metrics`: figures for Prometheus. Labels are route templates, methods and statuses, never what a caller sent."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.process_collector import ProcessCollector
from starlette.requests import Request
from starlette.responses import Response

from common.http.routing import Resource

_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """What one application counts. `registry` is what it shows: where it has workers, the sum over all of them."""

    registry: CollectorRegistry
    requests: Counter
    seconds: Histogram
    _of: dict[tuple[str, str, int], tuple[Counter, Histogram]] = field(default_factory=dict, init=False, repr=False)
    """Those of each method, route and status that there were: to find them by their labels costs more than to count."""

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request; satisfies `Observe` of the request context."""
        requests, took = self._of.get((method, route, status)) or self._labelled(method, route, status)
        requests.inc()
        took.observe(seconds)

    def _labelled(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        found = self.requests.labels(method, route, status), self.seconds.labels(route)
        self._of[method, route, status] = found
        return found

    def routes(self) -> list[Resource]:
        """Return `/metrics`."""
        return [Resource("/metrics", GET=self.show)]

    async def show(self, _request: Request) -> Response:
        """Show every figure in Prometheus' text form."""
        return Response(generate_latest(self.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})


def make_metrics(shared: Path | None) -> Metrics:
    """Return the metrics of a new application, all at zero, with those of the process beside them.

    Workers keep their figures in the folder `shared`, where the library was told to when the worker started; each of
    them shows the figures of all.
    """
    registry, own = CollectorRegistry(), CollectorRegistry()
    if shared is None:
        own = registry
        ProcessCollector(registry=registry)
    else:
        MultiProcessCollector(registry, path=str(shared))  # type: ignore[no-untyped-call]  # the library has no type here
    return Metrics(
        registry,
        Counter("sso_requests", "Requests answered.", ["method", "route", "status"], registry=own),
        Histogram("sso_request_seconds", "How long answering took.", ["route"], buckets=_BUCKETS, registry=own),
    )
