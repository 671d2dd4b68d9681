"""What an attacker has to start from: a company with a key of each kind, good tokens, and the means to spoil them."""

import hmac
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any, TypeVar

from keys import base64url
from tests.support.ehr import Ehr, jws
from tests.support.state import changed, state_of
from tests.support.wire import problem, same_but_for_the_request
from tests.support.world import PAGE, Company, World

T = TypeVar("T")

REJECTED = {
    "type": "/errors/token_rejected",
    "title": "The token was not accepted",
    "status": 401,
    "detail": "The token was not accepted.",
    "code": "token_rejected",
}
"""What every token answers whose signature nobody has verified."""


@dataclass(frozen=True)
class Bench:
    """Company A with its keys, one of them revoked, and another company."""

    world: World
    a: Company
    second: Ehr
    retired: Ehr
    pss: Ehr
    elliptic: Ehr
    edwards: Ehr
    b: Company

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return the claims of a good token."""
        return self.world.claims(self.a, **changes)

    def good(self, **claims: Any) -> str:
        """Return a good token."""
        return self.a.ehr.sign(self.claims(**claims))

    def header(self, **changes: Any) -> str:
        """Return a token that A's key signed, with another header."""
        return self.a.ehr.sign(self.claims(), **changes)

    def header_text(self, text: str | bytes) -> str:
        """Return a token that A's key signed, with these very octets as its header; KID stands for A's."""
        octets = text if isinstance(text, bytes) else text.replace("KID", self.a.ehr.kid or "").encode()
        return jws(octets, self.claims(), "RS256", self.a.ehr.key)

    def alg(self, alg: str) -> str:
        """Return a token that A's key signed with RS256 and that names another algorithm."""
        return self.header(alg=alg)

    def kid(self, kid: str) -> str:
        """Return a token that A's key signed, under another name."""
        return self.header(kid=kid)

    def typ(self, typ: str | None) -> str:
        """Return a token that A's key signed, of another type."""
        return self.header(typ=typ)

    def with_signature(self, signature: bytes) -> str:
        """Return a token with these octets as its signature."""
        return f"{self.good().rpartition('.')[0]}.{base64url.encode(signature)}"

    def by_secret(self, secret: bytes, alg: str = "HS256", **header: Any) -> str:
        """Return a token with a MAC (HMAC-SHA256) in place of a signature."""
        parts = (self.a.ehr.header(alg=alg, **header), self.claims())
        signing_input = ".".join(base64url.encode(json.dumps(part).encode()) for part in parts)
        return f"{signing_input}.{base64url.encode(hmac.digest(secret, signing_input.encode(), sha256))}"

    def public_jwk(self) -> dict[str, Any]:
        """Return A's public key."""
        return self.a.ehr.public_jwk()


Forge = Callable[[Bench], str]


def each(name: str, values: Iterable[T], forge: Callable[[Bench, T], str]) -> dict[str, Forge]:
    """Return a case for each of `values`."""
    return {f"{name} {value!r}": partial(_with, forge, value) for value in values}


def _with(forge: Callable[[Bench, T], str], value: T, bench: Bench) -> str:
    return forge(bench, value)


async def set_up_bench(world: World) -> Bench:
    """Register the companies and their keys."""
    a, b = await world.company(), await world.company("Apotheek De Brug", alg="ES256")
    retired, second, pss, elliptic, edwards = map(Ehr, ("RS256", "RS256", "PS256", "ES256", "EdDSA"))
    for ehr in (retired, second, pss, elliptic, edwards):
        answer = await world.client.post("/company/keys", json={"jwk": ehr.public_jwk()}, headers=a.bearer)
        assert answer.status_code == 201, answer.text
        if ehr is retired:
            revoked = await world.client.delete(f"/company/keys/{ehr.kid}", headers=a.bearer)
            assert revoked.status_code == 204
    return Bench(world, a, second, retired, pss, elliptic, edwards, b)


async def refused_like_all_others(bench: Bench, token: str) -> None:
    """Check that a launch with this token tells nothing of the cause, nor of the token."""
    answer = await bench.a.launch(token)
    assert same_but_for_the_request(problem(answer, 401, "token_rejected")) == REJECTED
    assert answer.headers["www-authenticate"] == 'Bearer realm="sso", error="invalid_token"'
    assert not any(len(part) > 8 and part in answer.text for part in re.split("[.]", token))


async def no_trace_of(bench: Bench, attacks: dict[str, Forge]) -> None:
    """Check that none of the attacks changes anything that is kept, or opens a session, from a browser either."""
    before = await state_of(bench.world)
    for attack, forge in attacks.items():
        form = {"token": forge(bench), "clientId": bench.a.company_id}
        answer = await bench.world.client.post("/sso/launch", data=form, headers=PAGE)
        assert answer.status_code == 401, attack
        assert "set-cookie" not in answer.headers
    assert not await changed(bench.world, before)
