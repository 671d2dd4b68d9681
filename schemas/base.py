"""The base of every schema, and the one place where a pydantic error becomes ours."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Self, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    StringConstraints,
    ValidationError,
)
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, PydanticCustomError, core_schema

from common.errors import Fault, InvalidInput

MAX_TEXT = 255
"""Characters in a text of which nothing else is said."""

MAX_MEMBERS = 100
"""Members of an object; one with more has unknown ones for sure, and is not looked at one by one."""

_PLAIN_NAME = re.compile(r"(?!(?:\w*\d){6})[A-Za-z_]\w{0,63}", re.ASCII)

_BREAKS: Final = "breaks a rule"

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
    return PydanticCustomError(rule, _BREAKS)


@dataclass(frozen=True, slots=True)
class Matching:
    """An annotation: the text matches a regular expression (of Rust, so without looking round), or breaks `rule`.

    Pydantic's core looks itself: a function of ours costs several times as much, and tokens are full of texts.
    """

    pattern: str
    rule: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:  # noqa: ANN401 - any type
        """Return what is looked at before, and then this."""
        matching = core_schema.str_schema(pattern=self.pattern)
        return core_schema.chain_schema(
            [handler(source), core_schema.custom_error_schema(matching, self.rule, custom_error_message=_BREAKS)]
        )


def is_blank(text: str) -> bool:
    """Return whether nothing of a text can be seen: white space, control and format characters are nothing."""
    return all(c.isspace() or unicodedata.category(c) in {"Cc", "Cf"} for c in text)


def folded(text: str) -> str:
    """Return a text as texts are compared: without case, and with one spelling for each character (Unicode 3.13)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).strip()


Text = Annotated[str, StringConstraints(max_length=MAX_TEXT), Matching(r"\A[^\x00]*\z", "characters")]
"""Any text that every store can hold: no NUL (PostgreSQL), no half of a surrogate pair (UTF-8)."""

FilledText = Annotated[Text, Matching(r"[^\s\p{Cc}\p{Cf}]", "blank")]
"""A text with at least one character that can be seen, as `is_blank` has it."""


def _not_null(value: object) -> object:
    if value is None:
        raise broken("null")
    return value


_T = TypeVar("_T")
Omittable = Annotated[_T | None, BeforeValidator(_not_null)]
"""A member that may be left out. Given as `null` it is refused: absent and null are not the same."""


Shown = Annotated[_T | None, Field(exclude_if=lambda value: value is None)]
"""A member of an answer that is left out where there is nothing to say."""
