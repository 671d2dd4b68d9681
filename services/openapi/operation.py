"""What is said of one endpoint. The endpoint itself does not read it; tests hold the two together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal

from pydantic import BaseModel

from common.errors import ServiceError
from common.http.body import JSON
from common.http.routing import Wire
from schemas.scopes import Scope


class Caller(Enum):
    """Who may call: the security schemes of `document.py`, of which one is enough; an empty one is no header."""

    ANYONE = ()
    COMPANY = ("company",)
    COMPANY_OR_LAUNCH = ("company", "launch")
    INTERNAL = ("internal",)
    CLIENT = ("clientSecret", "")  # the secret can be in the body instead
    CLIENT_OR_COMPANY = ("clientSecret", "company", "")
    BROWSER = ("session",)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the path or the query; `type` is what pydantic knows how to check."""

    name: str
    where: Literal["path", "query"]
    type: Any
    meaning: str
    example: str | int


@dataclass(frozen=True, slots=True)
class Body:
    """A body that can be sent. `example` is valid."""

    model: type[BaseModel]
    example: Mapping[str, object]
    media: str = JSON


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is no error. The model is that of `example`; `headers` are those worth a word."""

    status: int
    meaning: str
    example: BaseModel | str | None = None
    media: str = JSON
    headers: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method of one path. `errors` are those that do not already follow from caller, body and parameters."""

    method: str
    path: str
    summary: str
    caller: Caller
    replies: Sequence[Reply]
    scope: Scope | None = None
    parameters: Sequence[Parameter] = ()
    bodies: Sequence[Body] = ()
    errors: Sequence[type[ServiceError]] = ()
    wire: Wire = "negotiated"
