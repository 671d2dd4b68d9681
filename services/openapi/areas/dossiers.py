"""A company's dossiers, and the permission that its patients gave."""

from typing import Annotated, Final

from pydantic import Field

from common import errors
from common.http.page import MAX_PAGE, PAGE
from schemas.bodies import (
    DossierAnswer,
    DossierPage,
    OfPatient,
    OfPatients,
    Permission,
    PermissionAnswer,
    PermissionAnswers,
)
from schemas.identifiers import Bsn
from schemas.scopes import Scope
from services.openapi import examples
from services.openapi.operation import Body, Caller, Operation, Parameter, Reply

_OF_PATIENT: Final = Body(OfPatient, {"bsn": examples.BSN})
_DOSSIER: Final = DossierAnswer(
    dossier_id=examples.DOSSIER,
    pseudoniem=examples.PSEUDONIEM,
    permission=Permission.PENDING,
    created_at=examples.MOMENT,
)
_APPROVED: Final = Reply(200, "The patient has approved", PermissionAnswer(gave_permission=True))

OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/dossier",
        summary="Make a dossier on a patient",
        caller=Caller.COMPANY,
        scope=Scope.DOSSIER_WRITE,
        bodies=[_OF_PATIENT],
        replies=[
            Reply(201, "Made", _DOSSIER, headers=["Location"]),
            Reply(200, "The company has it already", _DOSSIER, headers=["Location"]),
        ],
    ),
    Operation(
        method="GET",
        path="/dossier",
        summary="List the dossiers that the caller may see",
        caller=Caller.COMPANY_OR_LAUNCH,
        scope=Scope.DOSSIER_READ,
        parameters=[
            Parameter("limit", "query", Annotated[int, Field(ge=1, le=MAX_PAGE)], f"How many at most ({PAGE})", PAGE),
            Parameter("cursor", "query", str, "nextCursor of the page before", "AAZMg0b1r8ALmkweUvRKXo1Sag8fb3wi"),
        ],
        replies=[Reply(200, "A page; nextCursor is null on the last", DossierPage(items=[_DOSSIER], next_cursor=None))],
    ),
    Operation(
        method="GET",
        path="/dossier/{key}",
        summary="Show a dossier",
        caller=Caller.COMPANY_OR_LAUNCH,
        scope=Scope.DOSSIER_READ,
        parameters=[Parameter("key", "path", str, "The dossier's id", str(examples.DOSSIER))],
        replies=[Reply(200, "The dossier", _DOSSIER)],
        errors=[errors.NotFound],
    ),
    Operation(
        method="DELETE",
        path="/dossier/{key}",
        summary="Delete the dossier on a patient, and the consent with it",
        caller=Caller.COMPANY,
        scope=Scope.DOSSIER_WRITE,
        parameters=[Parameter("key", "path", Bsn, "The patient's BSN", examples.BSN)],
        replies=[Reply(204, "Deleted")],
        errors=[errors.InvalidInput, errors.NotFound],
    ),
    Operation(
        method="GET",
        path="/dossier/{bsn}/permission",
        summary="Ask whether a patient approved sharing",
        caller=Caller.COMPANY,
        scope=Scope.PERMISSION_READ,
        parameters=[Parameter("bsn", "path", Bsn, "The patient's BSN", examples.BSN)],
        replies=[_APPROVED],
        errors=[errors.InvalidInput, errors.ConsentMissing],
    ),
    Operation(
        method="POST",
        path="/dossier/permission",
        summary="Ask whether a patient approved sharing, without the BSN in an address",
        caller=Caller.COMPANY,
        scope=Scope.PERMISSION_READ,
        bodies=[_OF_PATIENT],
        replies=[_APPROVED],
        errors=[errors.ConsentMissing],
    ),
    Operation(
        method="POST",
        path="/dossier/permissions",
        summary="Ask of many patients at once; the answers come in the same order",
        caller=Caller.COMPANY,
        scope=Scope.PERMISSION_READ,
        bodies=[Body(OfPatients, {"bsns": [examples.BSN]})],
        replies=[Reply(200, "The answers", PermissionAnswers(results=[PermissionAnswer(gave_permission=False)]))],
    ),
)
