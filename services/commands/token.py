"""`sso token`: look at a launch token where it is, without the service."""

import json
import re
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import typer

from common import strict_json
from common.clock import wall_clock
from common.errors import SettingsError, TokenRejected
from common.http.body import MAX_BYTES
from keys import base64url, policy
from schemas.profiles import PROFESSIONAL
from schemas.steps import Taken
from sso.verifier.masking import masked, times
from sso.verifier.offline import ONLINE, inspected
from sso.verifier.token import RawToken, take_apart

STDIN: Final = Path("-")
_THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}")

Source = Annotated[
    Path,
    typer.Argument(
        metavar="[FILE]",
        help="File with the token; - is standard input. Never the token itself: arguments are in the process list.",
    ),
]
Key = Annotated[Path | None, typer.Option(help="File with the public key, PEM or JWK, to check the signature with.")]
At = Annotated[str | None, typer.Option(metavar="TIME", help="RFC 3339 time to check freshness at; else the clock's.")]
Show = Annotated[bool, typer.Option("--show", help="Show header and claims as they are, personal data too.")]

app = typer.Typer(help="Look at launch tokens.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `inspect` a command of its own."""


@app.command()
def inspect(source: Source = STDIN, key: Key = None, at: At = None, show: Show = False) -> None:  # noqa: FBT002 - a flag of the command, given by name
    """Show what a launch token says, and the steps of a launch that can be taken without the service.

    Ends with 1 if one of them fails. What the service alone can tell, POST /sso/diagnose does.

    It alone knows under which kid and algorithm a key is registered or published: --key goes by those of the token.

    A BSN has to pass the 11-test here, as in production; the demo takes others too.
    """
    now = _moment(at) if at is not None else wall_clock()
    compact, public = _read(source).strip(), _public_key(key) if key is not None else None
    for line in _shown(compact, now, as_it_is=show):
        typer.echo(line)
    steps = inspected(compact, public, now)
    for one in steps:
        typer.echo(_line(one))
    typer.echo(f"Only the service knows: {', '.join(ONLINE)}. Ask it with POST /sso/diagnose.")
    if not steps[-1].ok:
        raise typer.Exit(1)


def _shown(compact: str, now: datetime, *, as_it_is: bool) -> Iterator[str]:
    """Yield what the token says, as far as it can be read."""
    try:
        raw = take_apart(compact)
    except TokenRejected:
        return
    if as_it_is:
        yield f"header: {_text(base64url.decode(compact.partition('.')[0]))}"
        yield f"claims: {_text(raw.payload)}"
    else:
        yield from _masked_header(raw)
        yield from masked(raw.payload)
    yield from times(raw.payload, now)


def _masked_header(raw: RawToken) -> Iterator[str]:
    """Yield what a header has, where it is a word of the profile or a thumbprint; else only that it is there."""
    yield f"alg: {raw.alg if raw.alg in PROFESSIONAL.algorithms else 'another'}"
    if raw.typ is not None:
        yield f"typ: {raw.typ if raw.typ in PROFESSIONAL.typ else 'another'}"
    if raw.kid is not None:
        yield f"kid: {raw.kid if _THUMBPRINT.fullmatch(raw.kid) else f'{len(raw.kid)} characters, no thumbprint'}"


def _text(octets: bytes) -> str:
    """Return a JSON object in ASCII, so that nothing in it steers a terminal."""
    try:
        return json.dumps(strict_json.parse_object(octets))
    except strict_json.NotJson:
        return "no JSON object"


def _line(one: Taken) -> str:
    return f"{'ok  ' if one.ok else 'FAIL'} {one.step.value}{f': {one.detail}' if one.detail else ''}"


def _read(source: Path) -> str:
    """Return the token's text. Raises SettingsError, which does not repeat what may be a token."""
    try:
        octets = sys.stdin.buffer.read(MAX_BYTES) if source == STDIN else source.read_bytes()[:MAX_BYTES]
    except (OSError, ValueError):
        raise SettingsError(
            "There is no such file, or it cannot be read. Give the name of a file, or the token on standard input: "
            "never the token as an argument, where others read it in the process list."
        ) from None
    return octets.decode("utf-8", "replace")


def _public_key(file: Path) -> policy.PublicKey:
    """Return the key in a file. Raises SettingsError or KeyRejected."""
    try:
        octets = file.read_bytes()
    except OSError as error:
        raise SettingsError(f"{file} cannot be read: {error.strerror}.") from None
    try:
        return policy.from_jwk(strict_json.parse_object(octets))
    except strict_json.NotJson:
        return policy.from_pem(octets.decode("utf-8", "replace"))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise SettingsError("TIME is a moment with its zone, like 2026-03-04T05:06:07Z.")
    return moment
