"""From our types to JSON Schema: what pydantic cannot see in a validator is said here, type by type."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from schemas.base import FilledText, Omittable
from schemas.groups import Birthdate, Gender
from schemas.identifiers import AgbCode, Bsn, Email, Jti

Shapes = Mapping[tuple[Any, JsonSchemaMode], dict[str, Any]]
"""The schema of each type, by type and direction."""

_BY_HAND: Final[list[tuple[Any, JsonSchemaValue]]] = [
    (
        Bsn,
        {
            "type": "string",
            "pattern": "^[0-9]{8,9}$",
            "description": "Eight or nine digits that pass the 11-test; never zero.",
        },
    ),
    (AgbCode, {"type": "string", "pattern": "^[0-9]{8}$", "description": "Never zero."}),
    (Email, {"type": "string", "format": "idn-email", "maxLength": 255}),
    (Birthdate, {"type": "string", "format": "date"}),
    (Gender, {"type": "string", "enum": ["M", "F"]}),
    (Jti, {"type": "string", "pattern": "^[!-~]{1,256}$"}),
    (FilledText, {"type": "string", "minLength": 1, "maxLength": 255, "description": "Not blank."}),
]
_KNOWN: Final = [(TypeAdapter(known).core_schema, shape) for known, shape in _BY_HAND]
_NOT_NULL: Final = TypeAdapter[Any](Omittable[int]).core_schema["function"]
_NULL: Final = {"type": "null"}


def shapes_of(types: Iterable[tuple[Any, JsonSchemaMode]]) -> tuple[Shapes, dict[str, Any]]:
    """Return the schema of each type, to accept it or to show it, and the models that they refer to."""
    shapes, referred = TypeAdapter.json_schemas(
        [(given, mode, TypeAdapter(given)) for given, mode in types],
        ref_template="#/components/schemas/{model}",
        schema_generator=_Generator,
    )
    return shapes, referred.get("$defs", {})


class _Generator(GenerateJsonSchema):
    def generate_inner(self, schema: CoreSchema) -> JsonSchemaValue:
        for known, shape in _KNOWN:
            if schema == known:
                return dict(shape)
        return super().generate_inner(schema)

    def chain_schema(self, schema: core_schema.ChainSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["steps"][0])  # what `Matching` adds is in the descriptions by hand

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> JsonSchemaValue:
        shape = super().function_before_schema(schema)
        if schema["function"] != _NOT_NULL:
            return shape
        others = [option for option in shape["anyOf"] if option != _NULL]
        return others[0] if len(others) == 1 else {"anyOf": others}

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        shape = super().default_schema(schema)
        if shape.get("default", "") in (None, "", []):
            shape.pop("default", None)  # it only says that the member may be left out
        return shape

    def field_is_required(self, field: Any, total: bool) -> bool:  # noqa: ANN401, FBT001 - as inherited
        if self.mode == "serialization":  # what we answer is always there, but for what is left out on purpose
            return field.get("serialization_exclude_if") is None
        return super().field_is_required(field, total)

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002 - as inherited
        return False
