"""The identifiers of the field, each a type of its own, so that one is never taken for another."""

import re
from collections.abc import Callable
from operator import mul
from typing import Annotated, Any, Final, NewType, final
from uuid import UUID

from pydantic import (
    AfterValidator,
    GetCoreSchemaHandler,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import core_schema

from common.errors import Fault, InvalidInput
from schemas.base import FilledText, Matching, Rules, broken

CompanyId = NewType("CompanyId", UUID)
AccountId = NewType("AccountId", UUID)
DossierId = NewType("DossierId", UUID)
GroupId = NewType("GroupId", UUID)
GroupDossierId = NewType("GroupDossierId", UUID)
LaunchId = NewType("LaunchId", UUID)
RelationshipId = NewType("RelationshipId", UUID)

Pseudoniem = NewType("Pseudoniem", UUID)
"""Who a patient is inside the service: random, one per BSN, never shown to a company."""

CompanyPseudoniem = NewType("CompanyPseudoniem", UUID)
"""The form of a pseudoniem that one company sees; see `schemas/pseudoniem.py`."""


_BSN: Final = re.compile("[0-9]{8,9}")
_WEIGHTS: Final = (9, 8, 7, 6, 5, 4, 3, 2, -1)


@final
class Bsn:
    """A citizen number: nine digits that have been checked. It has no `str` and no `repr` that shows them."""

    __slots__ = ("__digits",)

    def __init__(self, text: str, rules: Rules | None = None) -> None:
        """Take eight or nine ASCII digits. Raises ValueError, which does not repeat them, for all else."""
        if not _BSN.fullmatch(text):
            raise ValueError("a BSN is eight or nine digits")
        digits = text.zfill(9)
        if digits == "000000000":
            raise ValueError("a BSN is not zero")
        if (rules is None or rules.eleven_test) and not _passes_eleven_test(digits):
            raise ValueError("a BSN passes the 11-test")
        self.__digits: Final = digits

    def reveal(self) -> str:
        """Return the nine digits: for the keyed digest, and for a token that a company has us sign."""
        return self.__digits

    def __repr__(self) -> str:
        return "Bsn(*)"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Bsn) and other.reveal() == self.__digits

    def __hash__(self) -> int:
        return hash(self.__digits)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: type[Any], _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(_bsn_from_json)


def _passes_eleven_test(digits: str) -> bool:
    """Return whether the weighed sum of nine digits is a multiple of eleven (Logisch Ontwerp BSN, 11-proef)."""
    weighed: int = sum(map(mul, _WEIGHTS, map(int, digits)))
    return weighed % 11 == 0


def _bsn_from_json(value: object, info: ValidationInfo) -> Bsn:
    if not isinstance(value, str):
        raise broken("type")
    try:
        return Bsn(value, info.context if isinstance(info.context, Rules) else None)
    except ValueError:
        raise broken("bsn") from None


def bsn_from_path(text: str, rules: Rules) -> Bsn:
    """Return the BSN in a path. Raises InvalidInput."""
    try:
        return Bsn(text, rules)
    except ValueError:
        raise InvalidInput("The path has no valid BSN.", [Fault("bsn", "bsn")]) from None


def _matches(rule: str, pattern: str) -> Callable[[str], str]:
    compiled = re.compile(pattern)

    def check(text: str) -> str:
        if not compiled.fullmatch(text):
            raise broken(rule)
        return text

    return check


Jti = Annotated[str, Matching(r"\A[\x21-\x7e]{1,256}\z", "format")]
"""RFC 7519 4.1.7, narrowed to visible ASCII so that equal means equal byte for byte."""

AgbCode = Annotated[str, Matching(r"\A[0-9]{8}\z", "agb"), Matching("[1-9]", "agb")]
"""The number of a care professional in the Dutch AGB register: eight digits, and no check digit among them.

The first two are the kind of care (Vektis COD016). Kinds come and go, so any is taken; eight zeros, with which forms
are filled, are nobody's code, and would make one professional of all who have none.
"""

_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
Email = Annotated[
    str,
    StringConstraints(max_length=255),
    AfterValidator(_matches("email", rf"[\w.!#$%&'*+/=?^`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})*")),
]
"""The WHATWG definition (HTML, "valid e-mail address"), widened to letters of all scripts (RFC 6531)."""

Sub = FilledText
"""The company's own name for the professional (RFC 7519 4.1.2)."""

ExternalRelationshipId = FilledText
"""The company's own name for a treatment relationship: the claim `treatmentRelationshipId`."""

_NAME: Final = TypeAdapter[str](FilledText)


def name_or_none(text: str) -> str | None:
    """Return a company's own name for something, as it came in a path or a command; None if it cannot be one."""
    try:
        return _NAME.validate_python(text)
    except ValidationError:
        return None
