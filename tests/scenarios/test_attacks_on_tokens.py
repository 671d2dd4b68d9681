"""What an attacker can do to a token, case by case; each case is a good token with one thing wrong.

Until a company's key has verified the signature, all causes look the same; after it the company is told which claim.
The names in front (SIG, ALG, HDR, …) are those of `docs/attacks.md`.
"""

import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from joserfc.jwk import OctKey, RSAKey

from keys import base64url
from tests.support.ehr import PROFESSIONAL, Ehr, flip, jws
from tests.support.forge import forged_padding, power, pss
from tests.support.state import changed, state_of
from tests.support.wire import problem, same_but_for_the_request
from tests.support.world import PAGE, Company, World

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
    """Company A with its keys, and what an attacker may have got hold of."""

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
        """Return a token that A's key signed, with these very octets as its header."""
        octets = text if isinstance(text, bytes) else text.replace("KID", self.a.ehr.kid or "").encode()
        return jws(octets, self.claims(), "RS256", self.a.ehr.key)

    def with_signature(self, signature: bytes, **header: Any) -> str:
        """Return a token with these octets as its signature."""
        return f"{self.header(**header).rpartition('.')[0]}.{base64url.encode(signature)}"

    def by_secret(self, secret: bytes, alg: str = "HS256") -> str:
        """Return a token with a MAC in place of a signature."""
        return jws(self.a.ehr.header(alg=alg), self.claims(), alg, OctKey.import_key(secret or b"\0"))

    def public_jwk(self) -> dict[str, Any]:
        return self.a.ehr.public_jwk()


@pytest.fixture(scope="module")
async def bench(world: World) -> AsyncIterator[Bench]:
    a, b = await world.company(), await world.company("Apotheek De Brug", alg="ES256")
    more = [Ehr("RS256"), Ehr("RS256"), Ehr("PS256"), Ehr("ES256"), Ehr("EdDSA")]
    second, retired, pss_key, elliptic, edwards = more
    for ehr in (retired, second, pss_key, elliptic, edwards):
        answer = await world.client.post("/company/keys", json={"jwk": ehr.public_jwk()}, headers=a.bearer)
        assert answer.status_code == 201, answer.text
        if ehr is retired:
            await world.client.delete(f"/company/keys/{ehr.kid}", headers=a.bearer)
    yield Bench(world, a, second, retired, pss_key, elliptic, edwards, b)


Forge = Callable[[Bench], str]


def segments(token: str, *, payload: str | None = None, signature: str | None = None) -> str:
    first, second, third = token.split(".")
    return ".".join((first, payload or second, signature or third))


def other_payload(bench: Bench) -> str:
    claims = bench.claims()
    altered = base64url.encode(json.dumps({**claims, "sub": "somebody else"}).encode())
    return segments(bench.a.ehr.sign(claims), payload=altered)


def other_kid(bench: Bench) -> str:
    _, payload, signature = bench.good().split(".")
    header = base64url.encode(json.dumps(bench.a.ehr.header(kid=bench.second.kid)).encode())
    return f"{header}.{payload}.{signature}"


def unused_bits(bench: Bench) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = bench.good()
    return token[:-1] + alphabet[alphabet.index(token[-1]) + 1]


def in_the_other_alphabet(bench: Bench) -> str:
    while True:
        token = bench.good()
        if re.search("[-_]", token.rpartition(".")[2]):
            return token.replace("-", "+").replace("_", "/")


def flattened(bench: Bench, *, general: bool = False, empty: bool = False) -> str:
    protected, payload, signature = bench.good().split(".")
    one = {"protected": protected, "signature": signature}
    if general:
        return json.dumps({"payload": payload, "signatures": [] if empty else [one]})
    return json.dumps({"payload": payload, **one})


SIGNATURE: dict[str, Forge] = {
    "SIG-003 one bit of the payload is flipped": lambda bench: flip(bench.good(), 1),
    "SIG-003 another sub under the same signature": other_payload,
    "SIG-003 one bit of the signature is flipped": lambda bench: flip(bench.good(), 2),
    "SIG-004 one bit of the header is flipped": lambda bench: flip(bench.good(), 0),
    "SIG-004 another kid of the same company": other_kid,
    "SIG-006 no signature and no dot": lambda bench: bench.good().rpartition(".")[0],
    "SIG-006 no signature": lambda bench: bench.good().rpartition(".")[0] + ".",
    "SIG-009 the signature 0": lambda bench: bench.with_signature(bytes(256)),
    "SIG-009 the signature 1": lambda bench: bench.with_signature((1).to_bytes(256)),
    "SIG-009 the signature n - 1": lambda bench: bench.with_signature(power(bench.a.ehr.key, -1)),
    "SIG-009 a signature that is too short": lambda bench: bench.with_signature(b"\x01"),
    "SIG-009 a signature that is too long": lambda bench: bench.with_signature(b"\x00" * 257),
    "SIG-012 signed with the second key under the first kid": lambda bench: bench.second.sign(
        bench.claims(), kid=bench.a.ehr.kid
    ),
    "SIG-012 signed with a revoked key": lambda bench: bench.retired.sign(bench.claims()),
    "SIG-012 signed with a revoked key under a current kid": lambda bench: bench.retired.sign(
        bench.claims(), kid=bench.a.ehr.kid
    ),
    "SIG-012 signed by a stranger under our kid": lambda bench: Ehr().sign(bench.claims(), kid=bench.a.ehr.kid),
    "SIG-012 signed by a stranger": lambda bench: Ehr("ES256").sign(bench.claims()),
    "SIG-013 padding with garbage after the digest": lambda bench: forged_padding(bench.header(), "garbage", bench.a.ehr),
    "SIG-013 padding that is too short": lambda bench: forged_padding(bench.header(), "short", bench.a.ehr),
    "SIG-013 padding of block type 2": lambda bench: forged_padding(bench.header(), "type 2", bench.a.ehr),
    "SIG-013 a digest without its algorithm": lambda bench: forged_padding(bench.header(), "bare", bench.a.ehr),
    "SIG-013 a digest of another algorithm": lambda bench: forged_padding(bench.header(), "sha1", bench.a.ehr),
    "SIG-015 a PSS signature under RS256": lambda bench: pss(bench.header(), bench.a.ehr),
    "SIG-017 other unused bits in the last character": unused_bits,
    "SIG-018 the other base64 alphabet": in_the_other_alphabet,
    "SIG-018 padding characters": lambda bench: bench.good() + "==",
    "SIG-020 white space in front": lambda bench: " " + bench.good(),
    "SIG-020 a line feed behind": lambda bench: bench.good() + "\n",
    "SIG-020 a tab inside": lambda bench: bench.good().replace(".", ".\t", 1),
    "SIG-020 folded lines": lambda bench: "\r\n ".join(bench.good().partition(".")),
    "SIG-021 the flattened JSON form": flattened,
    "SIG-021 the general JSON form": lambda bench: flattened(bench, general=True),
    "SIG-022 the general JSON form without signatures": lambda bench: flattened(bench, general=True, empty=True),
    "SIG-023 a detached payload": lambda bench: re.sub(r"\..*\.", "..", bench.good()),
    "SIG-024 nothing": lambda _: "",
    "SIG-024 dots": lambda _: "." * 8000,
    "SIG-024 a fourth segment": lambda bench: bench.good() + ".e30",
    "SIG-024 letters of all scripts": lambda bench: bench.good() + "é漢\U0001f600",
    "SIG-024 too large": lambda bench: bench.a.ehr.sign(bench.claims(padding="x" * 8192)),
    "SIG-025 an ES256 signature of zeros": lambda bench: segments(
        bench.elliptic.sign(bench.claims()), signature=base64url.encode(bytes(64))
    ),
    "SIG-025 an ES256 signature in half": lambda bench: segments(
        bench.elliptic.sign(bench.claims()), signature=base64url.encode(bytes(32))
    ),
    "SIG-025 an EdDSA signature of zeros": lambda bench: segments(
        bench.edwards.sign(bench.claims()), signature=base64url.encode(bytes(64))
    ),
}

ALGORITHM: dict[str, Forge] = {
    "ALG-001 none without a signature": lambda bench: bench.header(alg="none").rpartition(".")[0] + ".",
    "ALG-001 none with one character": lambda bench: bench.header(alg="none").rpartition(".")[0] + ".AA",
    **{f"ALG-002 {alg!r}": lambda bench, alg=alg: bench.header(alg=alg) for alg in ("None", "NONE", "nOnE", "none ", " none", "none\0")},
    "ALG-003 none with a good signature": lambda bench: bench.header(alg="none"),
    "ALG-005 a MAC with the public key as it is": lambda bench: bench.by_secret(json.dumps(bench.public_jwk()).encode()),
    "ALG-005 a MAC with the public key, compact": lambda bench: bench.by_secret(
        json.dumps(bench.public_jwk(), separators=(",", ":")).encode()
    ),
    "ALG-005 a MAC with the public key, sorted": lambda bench: bench.by_secret(
        json.dumps(bench.public_jwk(), sort_keys=True).encode()
    ),
    "ALG-005 a MAC with the public key in PEM": lambda bench: bench.by_secret(bench.a.ehr.key.as_pem(private=False)),
    **{f"ALG-006 a MAC with {secret!r}": lambda bench, secret=secret: bench.by_secret(secret) for secret in (b"\0", b"null", b"None")},
    "ALG-006 a MAC with the company's secret": lambda bench: bench.by_secret(bench.a.secret.encode()),
    "ALG-006 a MAC under RS256": lambda bench: bench.by_secret(b"null").replace(
        base64url.encode(json.dumps(bench.a.ehr.header(alg="HS256")).encode()),
        base64url.encode(json.dumps(bench.a.ehr.header()).encode()),
    ),
    "ALG-008 PS256 by a key that is registered for RS256": lambda bench: jws(
        bench.a.ehr.header(alg="PS256"), bench.claims(), "PS256", bench.a.ehr.key
    ),
    "ALG-008 RS512 by a key that is registered for RS256": lambda bench: jws(
        bench.a.ehr.header(alg="RS512"), bench.claims(), "RS512", bench.a.ehr.key
    ),
    "ALG-011 RS1": lambda bench: bench.header(alg="RS1"),
    **{f"ALG-011 {alg}": lambda bench, alg=alg: bench.header(alg=alg) for alg in ("RSA1_5", "RSA-OAEP", "dir", "A128KW", "ES256K", "ES512", "Ed448")},
    **{f"ALG-013 {alg!r}": lambda bench, alg=alg: bench.header(alg=alg) for alg in ("rs256", "RS256 ", "RS256\0", "RS\u200b256", "ＲＳ２５６")},
    "ALG-014 alg twice, none first": lambda bench: bench.header_text('{"alg":"none","alg":"RS256","kid":"KID"}'),
    "ALG-014 alg twice, none last": lambda bench: bench.header_text('{"alg":"RS256","alg":"none","kid":"KID"}'),
    "ALG-014 alg twice, once escaped": lambda bench: bench.header_text('{"alg":"RS256","\\u0061lg":"RS256","kid":"KID"}'),
    "ALG-015 RS256 by a key that is registered for PS256": lambda bench: jws(
        bench.pss.header(alg="RS256"), bench.claims(), "RS256", bench.pss.key
    ),
    "ALG-015 no alg": lambda bench: bench.header(alg=None),
    **{f"ALG-015 alg {text}": lambda bench, text=text: bench.header_text(f'{{"alg":{text},"kid":"KID"}}') for text in ("null", "1", '["RS256"]', "{}", '""')},
}  # fmt: skip

ATTACKER = RSAKey.generate_key(2048, private=True)
_JWK = ATTACKER.as_dict(private=False)

HEADER: dict[str, Forge] = {
    "HDR-001 its own key along": lambda bench: jws(
        bench.a.ehr.header(jwk=_JWK), bench.claims(), "RS256", ATTACKER
    ),
    "HDR-001 its own key along, and our signature": lambda bench: bench.header(jwk=_JWK),
    "HDR-002 a symmetric key along": lambda bench: jws(
        bench.a.ehr.header(alg="HS256", jwk={"kty": "oct", "k": "AAAA"}), bench.claims(), "HS256", OctKey.import_key(b"\0\0\0")
    ),
    "HDR-003 a key set elsewhere": lambda bench: bench.header(jku="http://127.0.0.1:9/jwks.json"),
    "HDR-004 a certificate elsewhere": lambda bench: bench.header(x5u="http://127.0.0.1:9/c.pem"),
    "HDR-005 a certificate along": lambda bench: bench.header(x5c=["AAAA"]),
    "HDR-006 the thumbprint of another key": lambda bench: jws(
        {"alg": "RS256", "x5t#S256": bench.a.ehr.kid}, bench.claims(iss=bench.a.company_id), "RS256", ATTACKER
    ),
    "HDR-007 a critical extension": lambda bench: bench.header(crit=["x"], x=1),
    "HDR-008 b64": lambda bench: bench.header(b64=False, crit=["b64"]),
    "HDR-008 b64 without crit": lambda bench: bench.header(b64=True),
    "HDR-009 zip": lambda bench: bench.header(zip="DEF"),
    "HDR-009 enc": lambda bench: bench.header(enc="A128GCM"),
    "HDR-009 epk": lambda bench: bench.header(epk={}),
    "HDR-010 crit with a name of the standard": lambda bench: bench.header(crit=["alg"]),
    "HDR-010 crit with a name twice": lambda bench: bench.header(crit=["typ", "typ"]),
    **{f"HDR-011 crit {text}": lambda bench, text=text: bench.header_text(f'{{"alg":"RS256","kid":"KID","crit":{text}}}') for text in ("null", "1", '"alg"', "[]", "[[]]", "[{}]", "[null]", "{}")},
    **{f"HDR-015 {encoding}": lambda bench, encoding=encoding: bench.header_text(json.dumps(bench.a.ehr.header()).encode(encoding)) for encoding in ("utf-16-le", "utf-16", "utf-32", "utf-8-sig")},
    "HDR-015 no UTF-8": lambda bench: bench.header_text(b'{"alg":"RS256","x":"\xff"}'),
    "HDR-015 no object": lambda bench: bench.header_text('["RS256"]'),
    "HDR-015 deep brackets": lambda bench: bench.header_text("[" * 700),
    "HDR-015 NaN": lambda bench: bench.header_text('{"alg":"RS256","kid":"KID","x":NaN}'),
    "HDR-017 no kid, and nobody says who signed": lambda bench: bench.header(kid=None),
    **{f"HDR-020 kid {text}": lambda bench, text=text: bench.header_text(f'{{"alg":"RS256","kid":{text}}}') for text in ("1", "null", '["KID"]', "{}", "true")},
    **{f"HDR-021 kid {kid!r}": lambda bench, kid=kid: bench.header(kid=kid) for kid in ("../../../../dev/null", "/etc/passwd", "' OR 1=1--", "$(id)", "*", "%", "{{7*7}}", "a\r\nb", "", "A" * 43)},
    "HDR-021 kid with NUL behind": lambda bench: bench.header(kid=f"{bench.a.ehr.kid}\0"),
    "HDR-022 a header over 1 KiB": lambda bench: bench.header(x="x" * 800),
    "HDR-023 kid with half a surrogate pair": lambda bench: bench.header_text('{"alg":"RS256","kid":"\\ud800"}'),
    "HDR-024 the kid of another company, by our key": lambda bench: bench.header(kid=bench.b.ehr.kid),
}  # fmt: skip

KIND: dict[str, Forge] = {
    "TYP-001 a company's bearer token": lambda bench: bench.a.token,
    "TYP-006 a client assertion, by typ": lambda bench: bench.header(typ="client-authentication+jwt"),
    **{f"TYP-009 typ {typ!r}": lambda bench, typ=typ: bench.header(typ=typ) for typ in ("at+jwt", "dpop+jwt", "secevent+jwt", "entity-statement+jwt", "JOSE", "", "jwt ", "application/application/jwt", "ＪＷＴ")},
    "TYP-009 typ null": lambda bench: bench.header_text('{"alg":"RS256","kid":"KID","typ":null}'),
    "TYP-009 typ twice": lambda bench: bench.header_text('{"alg":"RS256","kid":"KID","typ":"JWT","typ":"JWT"}'),
    "TYP-013 iss names another company": lambda bench: bench.good(iss=bench.b.company_id),
    "TYP-013 iss names no company": lambda bench: bench.good(iss="https://ehr.example"),
    "TYP-013 iss names the company in capitals": lambda bench: bench.good(iss=bench.a.company_id.upper()),
    "TYP-013 iss is a list": lambda bench: bench.a.ehr.sign({**bench.claims(), "iss": [bench.a.company_id]}),
    "TYP-015 the five segments of a JWE": lambda bench: f"{bench.good()}.AA.AA",
    "TYP-017 the same company's key at another place": lambda bench: Ehr().sign(bench.claims(iss=bench.a.company_id)),
    "CLM-011 a claim twice, and nobody says who signed": lambda bench: bench.a.ehr.sign(b'{"sub":"a","sub":"b"}'),
    "CLM-014 UTF-16, and nobody says who signed": lambda bench: bench.a.ehr.sign(
        json.dumps(bench.claims()).encode("utf-16")
    ),
}  # fmt: skip

UNVERIFIED = SIGNATURE | ALGORITHM | HEADER | KIND


@pytest.mark.parametrize("attack", UNVERIFIED)
async def test_a_forged_token_is_refused_like_every_other_forged_token(bench: Bench, attack: str) -> None:
    answer = await bench.a.launch(UNVERIFIED[attack](bench))

    assert same_but_for_the_request(problem(answer, 401, "token_rejected")) == REJECTED
    assert answer.headers["www-authenticate"] == 'Bearer realm="sso", error="invalid_token"'


async def test_no_forged_token_leaves_a_trace(bench: Bench) -> None:
    before = await state_of(bench.world)
    for attack, forge in UNVERIFIED.items():
        token = forge(bench)
        form = {"token": token, "clientId": bench.a.company_id}
        answer = await bench.world.client.post("/sso/launch", data=form, headers=PAGE)
        assert answer.status_code == 401, attack
        assert "set-cookie" not in answer.headers
    assert not await changed(bench.world, before)


@pytest.mark.parametrize(
    ("attack", "beside"),
    [
        ("by our key, for another company", "b"),
        ("by our key, for nobody", "00000000-0000-0000-0000-000000000000"),
        ("by our key, for no UUID", "' OR 1=1--"),
        ("by our key, for an empty name", ""),
    ],
)
async def test_client_id_decides_whose_keys_count(bench: Bench, attack: str, beside: str) -> None:
    client_id = bench.b.company_id if beside == "b" else beside
    answer = await bench.a.launch(bench.good(), clientId=client_id)
    assert same_but_for_the_request(problem(answer, 401, "token_rejected")) == REJECTED, attack


Accepted = Callable[[Bench], str]

ACCEPTED: dict[str, Accepted] = {
    "SIG-001 a good token": lambda bench: bench.good(),
    "SIG-001 by the second key": lambda bench: bench.second.sign(bench.claims()),
    "SIG-001 by a PS256 key": lambda bench: bench.pss.sign(bench.claims()),
    "SIG-001 by an ES256 key": lambda bench: bench.elliptic.sign(bench.claims()),
    "SIG-001 by an Ed25519 key": lambda bench: bench.edwards.sign(bench.claims()),
    "SIG-001 by an Ed25519 key under its new name": lambda bench: bench.edwards.sign(bench.claims(), alg="Ed25519"),
    "HDR-006 a thumbprint that means nothing": lambda bench: bench.header(**{"x5t#S256": "x", "x5t": 1}),
    "HDR-016 unknown header parameters": lambda bench: bench.header(foo=1, cty="x", apu="x", p2c=10**9),
    "HDR-017 no kid, but iss": lambda bench: bench.a.ehr.sign(bench.claims(iss=bench.a.company_id), kid=None),
    "HDR-017 no kid, by the second key": lambda bench: bench.second.sign(
        bench.claims(iss=bench.a.company_id), kid=None
    ),
    "HDR-022 a header just below 1 KiB": lambda bench: bench.header(x="x" * 640),
    "FUZ-006 another style of JSON": lambda bench: jws(
        json.dumps(bench.a.ehr.header(), indent=1).encode(), bench.claims(), "RS256", bench.a.ehr.key
    ),
    **{f"TYP-008 typ {typ!r}": lambda bench, typ=typ: bench.header(typ=typ) for typ in (None, "JWT", "jwt", "sso+jwt", "SSO+JWT", "application/sso+jwt", "APPLICATION/JWT")},
}  # fmt: skip


@pytest.mark.parametrize("case", ACCEPTED)
async def test_a_token_is_accepted_once_however_it_is_written(bench: Bench, case: str) -> None:
    token = ACCEPTED[case](bench)
    answer = await bench.a.launch(token)
    assert answer.status_code == 200, answer.text
    assert answer.json()["company"]["companyId"] == bench.a.company_id
    problem(await bench.a.launch(token), 401, "token_replayed")


async def test_a_professionals_token_opens_nothing_as_a_bearer(bench: Bench) -> None:
    for token in (bench.good(), bench.header(typ="at+jwt"), bench.elliptic.sign(bench.claims(), typ="at+jwt")):
        bearer = {"Authorization": f"Bearer {token}"}
        answer = await bench.world.client.get("/company/keys", headers=bearer)
        problem(answer, 401, "not_authenticated")


async def test_a_launch_token_is_no_professionals_token(bench: Bench) -> None:
    launched = await bench.a.launch(bench.good(profInfo=PROFESSIONAL))
    token = launched.json()["accessToken"]
    for client_id in ({}, {"clientId": bench.a.company_id}):
        problem(await bench.a.launch(token, **client_id), 401, "token_rejected")


async def test_a_refusal_says_nothing_of_the_token(bench: Bench) -> None:
    for forge in UNVERIFIED.values():
        token = forge(bench)
        answer: httpx2.Response = await bench.a.launch(token)
        assert not any(len(part) > 8 and part in answer.text for part in token.split("."))
