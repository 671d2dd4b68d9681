"""The base of every schema, and the one place where a pydantic error becomes ours."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, PydanticCustomError

from common.errors import Fault, InvalidInput

MAX_TEXT = 255
"""Characters in a text of which nothing else is said."""

MAX_MEMBERS = 100
"""Members of an object; one with more has unknown ones for sure, and is not looked at one by one."""

_PLAIN_NAME = re.compile(r"(?!(?:\w*\d){6})[A-Za-z_]\w{0,63}", re.ASCII)

_RULES = {
    "extra_forbidden": "unknown_member",
    "missing": "missing",
    "string_too_long": "too_long",
    "too_long": "too_long",
    "string_too_short": "too_short",
    "too_short": "too_short",
    "literal_error": "choice",
    "greater_than_equal": "range",
    "less_than_equal": "range",
    "string_pattern_mismatch": "format",
    "string_unicode": "characters",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What differs between compositions in reading input.

    The demo alone skips the BSN's 11-test, and fetches companies' keys by http and from loopback.
    """

    eleven_test: bool = True
    public_key_sets: bool = True


class Schema(BaseModel):
    """Strict, frozen, camelCase outside; says nothing of its input when it refuses."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        alias_generator=to_camel,
        serialize_by_alias=True,
        validate_by_name=False,
        validate_by_alias=True,
    )

    @classmethod
    def parse(cls, members: Mapping[str, Any], rules: Rules) -> Self:
        """Return the instance that `members` (JSON names) describe. Raises InvalidInput with every fault."""
        if len(members) > MAX_MEMBERS and cls.model_config["extra"] == "forbid":
            raise InvalidInput("The request has far too many members.", [Fault("", "unknown_member")])
        try:
            return cls.model_validate(members, context=rules)
        except ValidationError as error:
            found = tuple(_faults(error))
        raise InvalidInput("The request breaks a rule; `errors` says where and which.", found)

    def wire(self) -> dict[str, Any]:
        """Return the members as JSON values, under their JSON names."""
        return self.model_dump(mode="json")


class Answer(Schema):
    """A body of ours; made by the names that the code uses, shown by those of the wire."""

    model_config = ConfigDict(validate_by_name=True)


def _faults(error: ValidationError) -> Iterator[Fault]:
    """Yield each fault of `error`: pointer (RFC 6901) and rule; never a value, nor a name that hides one."""
    seen = set[Fault]()
    for detail in error.errors(include_url=False, include_context=False, include_input=False):
        fault = Fault(_pointer(detail["loc"]), _rule(detail))
        if fault not in seen:
            seen.add(fault)
            yield fault


def _rule(detail: ErrorDetails) -> str:
    """Return our word for the rule that pydantic found broken; our own validators name theirs themselves."""
    kind = detail["type"]
    if kind in _RULES:
        return _RULES[kind]
    return "type" if kind.endswith("_type") else kind


def _pointer(location: Iterable[int | str]) -> str:
    parts = [str(part) for part in location]
    plain = [part for part in parts if part.isdecimal() and len(part) < len("1000000")]
    if any(part not in plain and not _PLAIN_NAME.fullmatch(part) for part in parts):
        return ""  # a member's name can be a BSN too: then the pointer is to the whole document
    return "".join(f"/{part}" for part in parts)


def broken(rule: str) -> PydanticCustomError:
    """Return the error a validator of ours raises: a rule's name, no input."""
    return PydanticCustomError(rule, "breaks the rule {rule}", {"rule": rule})


def _storable(text: str) -> str:
    if "\x00" in text or (not text.isprintable() and any(unicodedata.category(c) == "Cs" for c in text)):
        raise broken("characters")
    return text


def is_blank(text: str) -> bool:
    """Return whether nothing of a text can be seen: white space, control and format characters are nothing."""
    if text[:1].isalnum():
        return False  # as nearly every text begins
    return all(c.isspace() or unicodedata.category(c) in {"Cc", "Cf"} for c in text)


def folded(text: str) -> str:
    """Return a text as texts are compared: without case, and with one spelling for each character (Unicode 3.13)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()


def _not_blank(text: str) -> str:
    if is_blank(text):
        raise broken("blank")
    return text


Text = Annotated[str, StringConstraints(max_length=MAX_TEXT), AfterValidator(_storable)]
"""Any text that every store can hold: no NUL (PostgreSQL), no half of a surrogate pair (UTF-8)."""

FilledText = Annotated[Text, AfterValidator(_not_blank)]
"""A text with at least one character that can be seen."""


def _not_null(value: object) -> object:
    if value is None:
        raise broken("null")
    return value


_T = TypeVar("_T")
Omittable = Annotated[_T | None, BeforeValidator(_not_null)]
"""A member that may be left out. Given as `null` it is refused: absent and null are not the same."""


Shown = Annotated[_T | None, Field(exclude_if=lambda value: value is None)]
"""A member of an answer that is left out where there is nothing to say."""
