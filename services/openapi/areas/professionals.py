"""A company's professionals, and its treatment relationships."""

from typing import Annotated, Final

from pydantic import Field

from common import errors
from common.http.page import MAX_PAGE, PAGE
from identity.professionals.routes import SCOPE
from schemas.bodies import ProfessionalAnswer, ProfessionalPage, RelationshipAnswer
from schemas.scopes import Scope
from services.openapi import examples
from services.openapi.operation import Caller, Operation, Parameter, Reply
from services.openapi.shapes import RelationshipList

_SUB: Final = "profID1241"
_PROFESSIONAL: Final = ProfessionalAnswer(sub=_SUB, account_id=examples.ACCOUNT, linked_at=examples.MOMENT)
_RELATIONSHIP: Final = RelationshipAnswer(id="1532", pseudoniem=examples.PSEUDONIEM, created_at=examples.MOMENT)
_ID: Final = Parameter("id", "path", str, "The company's own id, percent-encoded (a slash is %2F)", "1532")
_PAGE: Final = (
    Parameter("limit", "query", Annotated[int, Field(ge=1, le=MAX_PAGE)], f"How many at most ({PAGE})", PAGE),
    Parameter("cursor", "query", str, "Where the page before ended", "cHJvZklEMTI0MQ"),
)

OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/company/professionals",
        summary="List the company's professionals, in the order of `sub`",
        caller=Caller.COMPANY,
        scope=SCOPE,
        parameters=_PAGE,
        replies=[
            Reply(
                200,
                "A page; nextCursor is null on the last",
                ProfessionalPage(items=[_PROFESSIONAL], next_cursor=None),
            )
        ],
    ),
    Operation(
        method="DELETE",
        path="/company/professionals/{sub}",
        summary="Undo the link of a professional to a wrong account, for ever; what its launches opened ends",
        caller=Caller.COMPANY,
        scope=SCOPE,
        parameters=[Parameter("sub", "path", str, "The company's own name, percent-encoded (a slash is %2F)", _SUB)],
        replies=[Reply(204, "Undone; the next launch of this `sub` finds or makes another account")],
        errors=[errors.NotFound],
    ),
    Operation(
        method="GET",
        path="/api/v1/treatment_relationships",
        summary="List the company's treatment relationships, in the order of their ids",
        caller=Caller.COMPANY,
        wire="fields",
        scope=Scope.DOSSIER_READ,
        parameters=_PAGE,
        replies=[Reply(200, "A page", RelationshipList([_RELATIONSHIP]), headers=["Link"])],
    ),
    Operation(
        method="GET",
        path="/api/v1/treatment_relationships/{id}",
        summary="Show a treatment relationship",
        caller=Caller.COMPANY,
        wire="fields",
        scope=Scope.DOSSIER_READ,
        parameters=[_ID],
        replies=[Reply(200, "The treatment relationship", _RELATIONSHIP)],
        errors=[errors.NotFound],
    ),
    Operation(
        method="DELETE",
        path="/api/v1/treatment_relationships/{id}",
        summary="End a treatment relationship, and what its launches opened",
        caller=Caller.COMPANY,
        wire="fields",
        scope=Scope.DOSSIER_WRITE,
        parameters=[_ID],
        replies=[Reply(204, "Ended; with a BSN a launch may make a new one of the same id")],
        errors=[errors.NotFound],
    ),
)
