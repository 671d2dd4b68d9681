"""The same arithmetic where the rows are made: in SQL on PostgreSQL, by Python's own functions on SQLite.

They are made before a fill and gone after it. `require_same` holds the one against the other.
"""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import md5, sha256
from typing import Any, Final
from uuid import UUID

from benchmarks.growth.population import SHUFFLE, STRIDE, Population, bsn_of
from identity.pseudoniem.digest import DigestKey
from schemas.identifiers import Bsn

SCHEMA: Final = "made"
_BLOCK: Final = 64
"""Octets of a block of SHA-256, to which a key of HMAC is filled up (RFC 2104)."""


def uuid_of(kind: str, number: int) -> UUID:
    """Return the id of the `number`th of a kind: any 128 bits, as far as an index can see."""
    return UUID(md5(f"{kind}:{number}".encode(), usedforsecurity=False).hexdigest())


def octets_of(kind: str, number: int) -> bytes:
    """Return 32 octets in place of a digest."""
    return sha256(f"{kind}:{number}".encode()).digest()


def digest_of(key: DigestKey, patient: int) -> bytes:
    """Return the digest of a patient's BSN, as the service makes it."""
    return key.digest(Bsn(bsn_of(patient)))


def on_sqlite(connection: sqlite3.Connection, population: Population, key: DigestKey) -> None:
    """Make the functions known to one connection."""
    functions: list[tuple[str, int, Callable[..., Any]]] = [
        ("company_of", 1, population.company_of),
        ("patient_of", 1, population.patient_of),
        ("shuffled", 1, population.shuffled),
        ("uuid_of", 2, lambda kind, number: uuid_of(kind, number).hex),
        ("octets_of", 2, octets_of),
        ("filler", 3, lambda kind, number, halves: octets_of(kind, number)[:16] * halves),
        ("digest_of", 1, lambda patient: digest_of(key, patient)),
        ("time_of", 1, lambda seconds: datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")),
    ]
    for name, arguments, function in functions:
        connection.create_function(name, arguments, function, deterministic=True)


def on_postgresql(population: Population, key: DigestKey) -> str:
    """Return the script that makes them. Each is one expression, so that the planner puts it in place of its name."""
    n, steepness = population.dossiers, repr(population.steepness)
    zipf = f"floor(exp((i::float8 + 0.5) / {n} * {steepness}))::bigint"
    inner, outer = (bytes(octet ^ pad for octet in key.secret.ljust(_BLOCK, b"\0")).hex() for pad in (0x36, 0x5C))
    weighed = " + ".join(f"(1000000 + n) / {10 ** (weight - 3)} % 10 * {weight}" for weight in range(3, 10))
    eighth = f"(CASE WHEN ({weighed}) % 11 = 10 THEN 1 ELSE 0 END)"
    bsn = f"(1000000 + n)::text || {eighth}::text || (({weighed} + 2 * {eighth}) % 11)::text"
    hashed = f"sha256('\\x{inner}'::bytea || decode('bsn' || made.bsn_of(n), 'escape'))"
    functions = {
        "company_of(i bigint) RETURNS bigint": f"least({zipf}, {population.companies})",
        "patient_of(i bigint) RETURNS bigint": f"(made.company_of(i) * 7919 + i * {STRIDE}) % {population.patients}",
        "shuffled(i bigint) RETURNS bigint": f"i * {SHUFFLE} % {n}",
        "uuid_of(kind text, n bigint) RETURNS uuid": "md5(kind || ':' || n::text)::uuid",
        "octets_of(kind text, n bigint) RETURNS bytea": "sha256(decode(kind || ':' || n::text, 'escape'))",
        "filler(kind text, n bigint, halves int) RETURNS bytea": "decode(repeat(md5(kind || n::text), halves), 'hex')",
        "bsn_of(n bigint) RETURNS text": bsn,
        "digest_of(n bigint) RETURNS bytea": f"sha256('\\x{outer}'::bytea || {hashed})",
        "time_of(n float8) RETURNS timestamptz": "to_timestamp(n)",
    }
    made = (
        f"CREATE FUNCTION made.{head} LANGUAGE sql IMMUTABLE AS $$ SELECT {body} $$;"
        for head, body in functions.items()
    )
    return "\n".join([f"CREATE SCHEMA {SCHEMA};", *made])
