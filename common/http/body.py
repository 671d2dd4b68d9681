"""Reading request bodies: bounded in bytes and time, one media type each, every parameter once."""

import asyncio
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request

from common import strict_json
from common.errors import (
    BodyTooLarge,
    BodyTooSlow,
    DuplicateParameter,
    Fault,
    InvalidInput,
    MalformedBody,
    UnsupportedMediaType,
)

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"
MAX_BYTES: Final = 64 * 1024
MAX_FIELDS: Final = 100
DEADLINE: Final = 10.0
"""Seconds in which a body has to arrive whole."""


async def json_object(request: Request) -> dict[str, Any]:
    """Return the members of a JSON body.

    Raises UnsupportedMediaType, BodyTooLarge, BodyTooSlow, MalformedBody, DuplicateParameter, and InvalidInput
    for JSON that is not an object.
    """
    media_type(request, JSON)
    try:
        members = strict_json.parse(await raw(request))
    except strict_json.DuplicateMember:
        raise DuplicateParameter("A member of the JSON body is given twice.") from None
    except strict_json.NotJson:
        raise MalformedBody("The body is not JSON in UTF-8.") from None
    if not isinstance(members, dict):
        raise InvalidInput("The body is a JSON object.", [Fault("", "type")])
    return members


async def form(request: Request) -> dict[str, str]:
    """Return the fields of an urlencoded body. Raises as `json_object` does."""
    media_type(request, FORM)
    return fields(await raw(request))


def fields(encoded: bytes) -> dict[str, str]:
    """Return the fields of an urlencoded text. Raises MalformedBody or DuplicateParameter."""
    try:
        pairs = parse_qsl(encoded.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:
        raise MalformedBody(f"The body is not a form in UTF-8 of at most {MAX_FIELDS} fields.") from None
    found = dict(pairs)
    if len(found) != len(pairs):
        raise DuplicateParameter("A field of the form is given twice.")
    return found


def media_type(request: Request, *accepted: str) -> str:
    """Return which of the `accepted` media types the body has. Raises UnsupportedMediaType, also for a charset."""
    values = request.headers.getlist("content-type")
    essence, *parameters = (part.strip().lower() for part in (values[0] if len(values) == 1 else "").split(";"))
    utf8 = all(parameter.replace('"', "") in {"charset=utf-8", "charset=utf8", ""} for parameter in parameters)
    if essence not in accepted or not utf8:
        raise UnsupportedMediaType(f"Send the body as {' or '.join(accepted)}, in UTF-8.")
    return essence


async def raw(request: Request) -> bytes:
    """Return the body. Raises BodyTooLarge (MAX_BYTES), BodyTooSlow (DEADLINE), or MalformedBody."""
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal():  # most servers refuse it before it comes here
        raise MalformedBody("The Content-Length is no number.")
    received = bytearray()
    try:
        if len(announced) > len(str(MAX_BYTES)) or int(announced) > MAX_BYTES:
            raise BodyTooLarge(f"A body has at most {MAX_BYTES} bytes.")
        async with asyncio.timeout(DEADLINE):
            async for chunk in request.stream():
                received += chunk
                if len(received) > MAX_BYTES:
                    raise BodyTooLarge(f"A body has at most {MAX_BYTES} bytes.")
    except TimeoutError:
        raise BodyTooSlow(f"The body did not arrive within {DEADLINE:.0f} seconds.") from None
    except ClientDisconnect:
        raise MalformedBody("The connection ended before the body did.") from None
    return bytes(received)
