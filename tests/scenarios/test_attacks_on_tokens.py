"""What an attacker can do to a signature or an algorithm; each case is a good token with one thing wrong.

Until a company's key has verified the signature, all causes look the same. The names in front are those of
`docs/attacks.md`.
"""

import json
import re

import pytest

from keys import base64url
from tests.support.bench import Bench, Forge, each, no_trace_of, refused_like_all_others
from tests.support.ehr import PROFESSIONAL, Ehr, flip, jws
from tests.support.forge import forged_padding, power, pss
from tests.support.wire import problem


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


def twin(token: str) -> str:
    """Return (r, n - s), which verifies where (r, s) does (FIPS 186-5 6.4.2)."""
    octets = base64url.decode(token.rpartition(".")[2])
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    return base64url.encode(octets[:32] + (order - int.from_bytes(octets[32:])).to_bytes(32))


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
    "SIG-013 padding with garbage after the digest": lambda bench: forged_padding(
        bench.header(), "garbage", bench.a.ehr
    ),
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
    "SIG-024 letters of all scripts": lambda bench: bench.good() + "\u00e9\u6f22\U0001f600",
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
    **each("ALG-002", ("None", "NONE", "nOnE", "none ", " none", "none\0"), Bench.alg),
    "ALG-003 none with a good signature": lambda bench: bench.header(alg="none"),
    "ALG-005 a MAC with the public key as it is": lambda bench: bench.by_secret(
        json.dumps(bench.public_jwk()).encode()
    ),
    "ALG-005 a MAC with the public key, compact": lambda bench: bench.by_secret(
        json.dumps(bench.public_jwk(), separators=(",", ":")).encode()
    ),
    "ALG-005 a MAC with the public key, sorted": lambda bench: bench.by_secret(
        json.dumps(bench.public_jwk(), sort_keys=True).encode()
    ),
    "ALG-005 a MAC with the public key in PEM": lambda bench: bench.by_secret(bench.a.ehr.key.as_pem(private=False)),
    **each("ALG-006 a MAC with", (b"", b"\0", b"null", b"None"), Bench.by_secret),
    "ALG-006 a MAC with the company's secret": lambda bench: bench.by_secret(bench.a.secret.encode()),
    "ALG-006 a MAC under RS256": lambda bench: bench.by_secret(b"null", "RS256"),
    "ALG-008 PS256 by a key that is registered for RS256": lambda bench: jws(
        bench.a.ehr.header(alg="PS256"), bench.claims(), "PS256", bench.a.ehr.key
    ),
    "ALG-008 RS512 by a key that is registered for RS256": lambda bench: jws(
        bench.a.ehr.header(alg="RS512"), bench.claims(), "RS512", bench.a.ehr.key
    ),
    **each("ALG-011", ("RS1", "RSA1_5", "RSA-OAEP", "dir", "A128KW", "ES256K", "ES512", "Ed448"), Bench.alg),
    **each("ALG-013", ("rs256", "RS256 ", "RS256\0", "RS\u200b256", "\uff32\uff33\uff12\uff15\uff16"), Bench.alg),
    "ALG-014 alg twice, none first": lambda bench: bench.header_text('{"alg":"none","alg":"RS256","kid":"KID"}'),
    "ALG-014 alg twice, none last": lambda bench: bench.header_text('{"alg":"RS256","alg":"none","kid":"KID"}'),
    "ALG-014 alg twice, once escaped": lambda bench: bench.header_text(
        '{"alg":"RS256","\\u0061lg":"RS256","kid":"KID"}'
    ),
    "ALG-015 RS256 by a key that is registered for PS256": lambda bench: jws(
        bench.pss.header(alg="RS256"), bench.claims(), "RS256", bench.pss.key
    ),
    "ALG-015 no alg": lambda bench: bench.header(alg=None),
    **each(
        "ALG-015 alg",
        ("null", "1", '["RS256"]', "{}", '""'),
        lambda bench, text: bench.header_text(f'{{"alg":{text},"kid":"KID"}}'),
    ),
}


FORGED = SIGNATURE | ALGORITHM


@pytest.mark.parametrize("attack", FORGED)
async def test_a_forged_token_is_refused_like_every_other_forged_token(bench: Bench, attack: str) -> None:
    await refused_like_all_others(bench, FORGED[attack](bench))


async def test_no_forged_token_leaves_a_trace(bench: Bench) -> None:
    await no_trace_of(bench, FORGED)


ACCEPTED: dict[str, Forge] = {
    "SIG-001 by the first key": lambda bench: bench.good(),
    "SIG-001 by the second key": lambda bench: bench.second.sign(bench.claims()),
    "SIG-001 by a PS256 key": lambda bench: bench.pss.sign(bench.claims()),
    "SIG-001 by an ES256 key": lambda bench: bench.elliptic.sign(bench.claims()),
    "SIG-001 by an Ed25519 key": lambda bench: bench.edwards.sign(bench.claims()),
    "SIG-001 by an Ed25519 key under its new name": lambda bench: bench.edwards.sign(bench.claims(), alg="Ed25519"),
    "SIG-013 with the right padding": lambda bench: forged_padding(bench.good(), "none", bench.a.ehr),
    "FUZ-006 in another style of JSON": lambda bench: jws(
        json.dumps(bench.a.ehr.header(), indent=1).encode(), bench.claims(), "RS256", bench.a.ehr.key
    ),
}


@pytest.mark.parametrize("case", ACCEPTED)
async def test_a_good_token_is_accepted_once(bench: Bench, case: str) -> None:
    token = ACCEPTED[case](bench)
    answer = await bench.a.launch(token)
    assert answer.status_code == 200, answer.text
    assert answer.json()["company"]["companyId"] == bench.a.company_id
    problem(await bench.a.launch(token), 401, "token_replayed")


@pytest.mark.parametrize("first", ["as it was signed", "its twin"])
async def test_the_second_signature_that_anyone_can_make_of_an_ecdsa_signature_is_the_same_token(
    bench: Bench, first: str
) -> None:
    token = bench.elliptic.sign(bench.claims())
    both = [token, segments(token, signature=twin(token))]
    assert both[0] != both[1]
    one, other = both if first == "as it was signed" else reversed(both)
    assert (await bench.a.launch(one)).status_code == 200
    for again in (other, one):
        problem(await bench.a.launch(again), 401, "token_replayed")


async def test_a_launch_token_and_a_company_token_are_no_professionals_tokens(bench: Bench) -> None:
    launched = await bench.a.launch(bench.good(profInfo=PROFESSIONAL))
    for token in (launched.json()["accessToken"], bench.a.token):
        await refused_like_all_others(bench, token)
        problem(await bench.a.launch(token, clientId=bench.a.company_id), 401, "token_rejected")


async def test_a_professionals_token_opens_nothing_as_a_bearer(bench: Bench) -> None:
    of_our_type = bench.elliptic.sign(bench.claims(role="HealthcareCompany"), typ="at+jwt")
    for token in (bench.good(), bench.header(typ="at+jwt"), of_our_type, bench.by_secret(b"", typ="at+jwt")):
        answer = await bench.world.client.get("/company/keys", headers={"Authorization": f"Bearer {token}"})
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]
        problem(answer, 401, "not_authenticated")
