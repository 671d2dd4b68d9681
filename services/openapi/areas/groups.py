"""Groups of dossiers: records of a company's own on persons."""

from typing import Annotated, Final

from pydantic import Field

from common import errors
from common.http.page import MAX_PAGE, PAGE
from schemas.groups import (
    HEADERS,
    GroupAnswer,
    GroupCreation,
    GroupDossierAnswer,
    GroupDossierCreation,
    GroupDossierRows,
)
from schemas.scopes import Scope
from services.openapi import examples
from services.openapi.operation import Body, Caller, Operation, Parameter, Reply
from services.openapi.shapes import GroupList

_GROUP: Final = GroupAnswer(id=examples.GROUP, name="Diabetes")
_ROWS: Final = GroupDossierRows(headers=list(HEADERS), rows=[[str(examples.GROUP_DOSSIER), 1980, "M", "john", "doe"]])
_CREATION: Final = {
    "dossier": {"external_identifier": "EPD-1532"},
    "person": {
        "firstname": "john",
        "lastname": "doe",
        "initials": "J.",
        "email": "john.doe@example.nl",
        "phone_home": "020-5550123",
        "phone_work": "020-5550124",
        "phone_cell": "06-55501234",
        "birthdate": "1980-02-23",
        "gender": "M",
        "country_of_birth": "NL",
        "street": "Kerkstraat 1",
        "city": "Amsterdam",
        "zipcode": "1017 GA",
        "country": "NL",
        "subject_code": "S-17",
        "bsn": examples.BSN,
    },
}
_GROUP_ID: Final = Parameter("dossier_group_id", "path", str, "The group's id", str(examples.GROUP))
_PAGED: Final = (
    Parameter("limit", "query", Annotated[int, Field(ge=1, le=MAX_PAGE)], f"How many at most ({PAGE})", PAGE),
    Parameter("cursor", "query", str, "Where the page before ended: it is in its Link", "AZy2h-qYdRCJmkweUvRKXg"),
)
_NAME: Final = Parameter(
    "name",
    "query",
    str,
    "Words that are all words of the first or last name, in any order, without case and diacritics; empty is absent",
    "john doe",
)
_IDENTIFIER: Final = Parameter(
    "external_identifier",
    "query",
    str,
    "The company's own name for the dossier, unique within the group; empty is absent",
    "EPD-1532",
)
_FOUND: Final = Reply(200, "A page, the oldest first", _ROWS, headers=["Link"])

OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/api/v1/dossier_groups",
        summary="Make a group",
        caller=Caller.COMPANY,
        scope=Scope.DOSSIER_WRITE,
        wire="fields",
        bodies=[Body(GroupCreation, {"name": "Diabetes"})],
        replies=[Reply(201, "Made", _GROUP)],
    ),
    Operation(
        method="GET",
        path="/api/v1/dossier_groups",
        summary="List the company's groups",
        caller=Caller.COMPANY_OR_LAUNCH,
        scope=Scope.DOSSIER_READ,
        wire="fields",
        parameters=_PAGED,
        replies=[Reply(200, "A page, the oldest first", GroupList([_GROUP]), headers=["Link"])],
    ),
    Operation(
        method="GET",
        path="/api/v1/dossiers",
        summary="List or search the dossiers of all groups that the caller may see",
        caller=Caller.COMPANY_OR_LAUNCH,
        scope=Scope.DOSSIER_READ,
        wire="fields",
        parameters=[_NAME, *_PAGED],
        replies=[_FOUND],
    ),
    Operation(
        method="POST",
        path="/api/v1/dossier_groups/{dossier_group_id}/dossiers",
        summary="Make a dossier on a person; with a BSN it is linked to that patient",
        caller=Caller.COMPANY,
        scope=Scope.DOSSIER_WRITE,
        wire="fields",
        parameters=[_GROUP_ID],
        bodies=[Body(GroupDossierCreation, _CREATION)],
        replies=[Reply(200, "Made", GroupDossierAnswer(id=examples.GROUP_DOSSIER))],
        errors=[errors.NotFound],
    ),
    Operation(
        method="GET",
        path="/api/v1/dossier_groups/{dossier_group_id}/dossiers",
        summary="List or search the dossiers of a group that the caller may see",
        caller=Caller.COMPANY_OR_LAUNCH,
        scope=Scope.DOSSIER_READ,
        wire="fields",
        parameters=[_GROUP_ID, _IDENTIFIER, _NAME, *_PAGED],
        replies=[_FOUND],
        errors=[errors.NotFound],
    ),
)
