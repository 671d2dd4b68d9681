"""Attacks on the BSN by who has what we give away, or a copy of the database: nothing there says whose it is."""

import base64
import hashlib
import hmac
import json
import re
import uuid
from typing import Any

import httpx2

from tests.scenarios.test_nothing_leaks import forms_of
from tests.support.bench import Bench
from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL
from tests.support.state import state_of
from tests.support.wire import session_of
from tests.support.world import World

GUESSES = [b"", b"\0", b"0" * 32, bytes(32), b"secret", b"pepper", b"bsn", b"BSN", b"password", b"sso", b"pseudoniem"]
"""Keys that anyone tries."""


def given_away(answers: list[httpx2.Response]) -> dict[str, bytes]:
    """Return all that answers say, and what is inside each token and cookie of theirs."""
    found: dict[str, bytes] = {}
    for number, answer in enumerate(answers):
        text = json.dumps(list(answer.headers.items())) + answer.text
        found[f"answer {number}"] = text.encode()
        for part in (part for part in re.findall(r"[A-Za-z0-9_-]{16,}", text) if len(part) % 4 != 1):
            found[f"answer {number}, {part[:20]}"] = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    return found


async def test_no_token_cookie_or_address_that_we_give_says_the_bsn(bench: Bench) -> None:
    world, bsn = bench.world, fresh_bsn()
    claims = {"patientInfo": {"bsn": bsn}, "profInfo": PROFESSIONAL}
    browser = await bench.a.launch_in_browser(bench.good(**claims))
    cookie = session_of(browser)
    answers = [
        await bench.a.create_dossier(bsn),
        await bench.a.fetch_token(),
        await bench.a.launch(bench.good(**claims)),
        browser,
        await world.client.get("/sso/session", headers=cookie),
        await world.client.get(browser.headers["location"], headers=cookie),
    ]
    found = given_away(answers)
    assert sum(b'"role"' in octets for octets in found.values()) >= 3  # tokens were taken apart
    for form, octets in forms_of(bsn).items():
        assert not [place for place, said in found.items() if octets.lower() in said.lower()], form


def guessed(bsn: str) -> dict[bytes, str]:
    """Return what could stand for a BSN if no secret were in it: digests, MACs and UUIDs, as octets."""
    found: dict[bytes, str] = {}
    for text in (bsn, bsn.lstrip("0"), f"bsn:{bsn}", f"urn:nl:bsn:{bsn}"):
        octets = text.encode()
        for name in ("md5", "sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "blake2b", "blake2s"):
            found[hashlib.new(name, octets, usedforsecurity=False).digest()] = f"{name} of {text}"
            for key in GUESSES:
                found[hmac.digest(key, octets, name)] = f"HMAC-{name} of {text} under {key!r}"
                found[hashlib.new(name, key + octets, usedforsecurity=False).digest()] = f"{name} of {key!r} and {text}"
        for space in (
            uuid.NAMESPACE_DNS,
            uuid.NAMESPACE_URL,
            uuid.NAMESPACE_OID,
            uuid.NAMESPACE_X500,
            uuid.UUID(int=0),
        ):
            found[uuid.uuid5(space, text).bytes] = f"UUIDv5 of {text}"
            found[uuid.uuid3(space, text).bytes] = f"UUIDv3 of {text}"
        found[uuid.UUID(int=int(bsn)).bytes] = "the BSN as a UUID"
    return found


async def kept(world: World) -> list[bytes]:
    """Return each value of each row as octets, as they are and as what they write in hex or as a UUID."""
    values: list[bytes] = []
    for rows in (await state_of(world)).values():
        for value in (value for row in rows for value in (row if isinstance(row, tuple) else (row,))):
            values += _octets(value)
    return values


def _octets(value: Any) -> list[bytes]:
    if isinstance(value, uuid.UUID):
        return [value.bytes]
    if isinstance(value, bytes | memoryview):
        return [bytes(value)]
    text = str(value)
    hexadecimal = text.replace("-", "")
    return [text.encode(), *([bytes.fromhex(hexadecimal)] if re.fullmatch("([0-9a-f]{2}){16,64}", hexadecimal) else [])]


async def test_a_database_without_the_digest_key_does_not_say_whose_bsn_it_knows(bench: Bench) -> None:
    bsn = fresh_bsn()
    pseudoniem = (await bench.a.create_dossier(bsn)).json()["pseudoniem"]
    await bench.a.launch(bench.good(patientInfo={"bsn": bsn}, profInfo=PROFESSIONAL))
    candidates = guessed(bsn)
    values = await kept(bench.world)

    shortened = {guess[:length] for guess in candidates for length in (16, 20, 32, len(guess)) if len(guess) >= length}
    assert len(values) > 100
    assert not [value for value in values if value in shortened or value[:16] in shortened]
    assert uuid.UUID(pseudoniem).bytes not in shortened
    assert any(len(value) == 32 for value in values)  # there are digests to guess at
