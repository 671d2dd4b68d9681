"""The pseudoniem of a BSN: for our own services alone."""

from typing import Final

from common import errors
from schemas.bodies import OfPatient, PseudoniemAnswer
from schemas.identifiers import Bsn
from services.openapi import examples
from services.openapi.operation import Body, Caller, Operation, Parameter, Reply

_FOUND: Final = Reply(200, "The pseudoniem, always the same", PseudoniemAnswer(pseudoniem=examples.PSEUDONIEM))

OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/pseudoniem/{bsn}",
        summary="Get the pseudoniem of a BSN, made on first sight",
        caller=Caller.INTERNAL,
        parameters=[Parameter("bsn", "path", Bsn, "The patient's BSN", examples.BSN)],
        replies=[_FOUND],
        errors=[errors.InvalidInput],
    ),
    Operation(
        method="POST",
        path="/pseudoniem",
        summary="Get the pseudoniem of a BSN, without it in an address",
        caller=Caller.INTERNAL,
        bodies=[Body(OfPatient, {"bsn": examples.BSN})],
        replies=[_FOUND],
    ),
)
