"""For whoever runs the service."""

from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST

from services.openapi.operation import Caller, Operation, Reply
from services.openapi.shapes import Alive, Readiness

OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/healthz",
        summary="Ask whether the process answers",
        caller=Caller.ANYONE,
        replies=[Reply(200, "It does", Alive(status="ok"))],
    ),
    Operation(
        method="GET",
        path="/readyz",
        summary="Ask whether a launch will work",
        caller=Caller.ANYONE,
        replies=[
            Reply(200, "It will", Readiness(status="ready", failing=[])),
            Reply(
                503,
                "It will not: failing names what does not answer",
                Readiness(status="unavailable", failing=["redis"]),
                headers=["Retry-After"],
            ),
        ],
    ),
    Operation(
        method="GET",
        path="/metrics",
        summary="Show the figures for Prometheus",
        caller=Caller.ANYONE,
        replies=[Reply(200, "The figures", 'sso_requests_total{method="GET"} 1.0\n', media=CONTENT_TYPE_LATEST)],
    ),
)
