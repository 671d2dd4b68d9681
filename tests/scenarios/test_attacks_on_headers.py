"""What an attacker can write into a header; the signature is good, and the header says something that we refuse.

Until a company's key has verified the signature, all causes look the same. The names in front are those of
`docs/attacks.md`.
"""

import json

import pytest

from tests.support.bench import Bench, Forge, each, no_trace_of, refused_like_all_others
from tests.support.ehr import Ehr, jws
from tests.support.rsa_keys import new_rsa_key
from tests.support.wire import problem

ATTACKER = new_rsa_key()
_JWK = ATTACKER.as_dict(private=False)

HEADER: dict[str, Forge] = {
    "HDR-001 its own key along": lambda bench: jws(bench.a.ehr.header(jwk=_JWK), bench.claims(), "RS256", ATTACKER),
    "HDR-001 its own key along, and our signature": lambda bench: bench.header(jwk=_JWK),
    "HDR-002 a symmetric key along": lambda bench: bench.by_secret(b"\0\0\0", jwk={"kty": "oct", "k": "AAAA"}),
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
    **each(
        "HDR-011 crit",
        ("null", "1", '"alg"', "[]", "[[]]", "[{}]", "[null]", "{}"),
        lambda bench, text: bench.header_text(f'{{"alg":"RS256","kid":"KID","crit":{text}}}'),
    ),
    **each(
        "HDR-015",
        ("utf-16-le", "utf-16", "utf-32", "utf-8-sig"),
        lambda bench, encoding: bench.header_text(json.dumps(bench.a.ehr.header()).encode(encoding)),
    ),
    "HDR-015 no UTF-8": lambda bench: bench.header_text(b'{"alg":"RS256","x":"\xff"}'),
    "HDR-015 no object": lambda bench: bench.header_text('["RS256"]'),
    "HDR-015 deep brackets": lambda bench: bench.header_text("[" * 700),
    "HDR-015 NaN": lambda bench: bench.header_text('{"alg":"RS256","kid":"KID","x":NaN}'),
    **each(
        "HDR-016",
        ("jwk", "jku", "x5u", "x5c", "b64", "zip", "enc", "epk"),
        lambda bench, name: bench.header_text(f'{{"alg":"RS256","kid":"KID","{name}":null}}'),
    ),
    "HDR-016 a refused parameter, spelled with an escape": lambda bench: bench.header_text(
        '{"alg":"RS256","kid":"KID","\\u006aku":"http://127.0.0.1:9/"}'
    ),
    "HDR-015 something behind the object": lambda bench: bench.header_text('{"alg":"RS256","kid":"KID"}{"alg":"none"}'),
    "HDR-015 a comment": lambda bench: bench.header_text('{"alg":"RS256","kid":"KID"/* none */}'),
    "HDR-015 a comma too many": lambda bench: bench.header_text('{"alg":"RS256","kid":"KID",}'),
    "HDR-017 no kid, and nobody says who signed": lambda bench: bench.header(kid=None),
    **each(
        "HDR-020 kid",
        ("1", "null", '["KID"]', "{}", "true"),
        lambda bench, text: bench.header_text(f'{{"alg":"RS256","kid":{text}}}'),
    ),
    **each(
        "HDR-021 kid",
        ("../../../../dev/null", "/etc/passwd", "' OR 1=1--", "$(id)", "*", "%", "{{7*7}}", "a\r\nb", "", "A" * 43),
        Bench.kid,
    ),
    "HDR-020 kid twice": lambda bench: bench.header_text('{"alg":"RS256","kid":"KID","kid":"KID"}'),
    "HDR-021 kid with %00 behind": lambda bench: bench.header(kid=f"{bench.a.ehr.kid}%00"),
    "HDR-021 kid in the other case": lambda bench: bench.header(kid=(bench.a.ehr.kid or "").swapcase()),
    "HDR-021 kid with NUL behind": lambda bench: bench.header(kid=f"{bench.a.ehr.kid}\0"),
    "HDR-022 a header over 1 KiB": lambda bench: bench.header(x="x" * 800),
    "HDR-023 kid with half a surrogate pair": lambda bench: bench.header_text('{"alg":"RS256","kid":"\\ud800"}'),
    "HDR-024 the kid of another company, by our key": lambda bench: bench.header(kid=bench.b.ehr.kid),
}

KIND: dict[str, Forge] = {
    "TYP-006 a client assertion, by typ": lambda bench: bench.header(typ="client-authentication+jwt"),
    **each(
        "TYP-009",
        (
            "at+jwt",
            "dpop+jwt",
            "secevent+jwt",
            "entity-statement+jwt",
            "JOSE",
            "",
            "jwt ",
            "application/application/jwt",
            "\uff2a\uff37\uff34",
        ),
        Bench.typ,
    ),
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
}

REFUSED = HEADER | KIND


@pytest.mark.parametrize("attack", REFUSED)
async def test_a_header_against_the_policy_is_refused_like_a_forgery(bench: Bench, attack: str) -> None:
    await refused_like_all_others(bench, REFUSED[attack](bench))


async def test_no_refused_header_leaves_a_trace(bench: Bench) -> None:
    despite_client_id = {"HDR-017", "TYP-013", "CLM-011", "CLM-014"}  # with clientId these get further, or in
    await no_trace_of(bench, {name: forge for name, forge in REFUSED.items() if name[:7] not in despite_client_id})


@pytest.mark.parametrize("beside", ["B", "00000000-0000-0000-0000-000000000000", "' OR 1=1--", "\ud800", "a\0", ""])
async def test_client_id_decides_whose_keys_count(bench: Bench, beside: str) -> None:
    body = json.dumps({"token": bench.good(), "clientId": bench.b.company_id if beside == "B" else beside})
    headers = {"Content-Type": "application/json"}
    problem(await bench.world.client.post("/sso/launch", content=body, headers=headers), 401, "token_rejected")


ACCEPTED: dict[str, Forge] = {
    "HDR-006 a thumbprint that means nothing": lambda bench: bench.header(**{"x5t#S256": "x", "x5t": 1}),
    "HDR-016 unknown header parameters": lambda bench: bench.header(foo=1, cty="x", apu="x", p2c=10**9),
    "HDR-017 no kid, but iss": lambda bench: bench.a.ehr.sign(bench.claims(iss=bench.a.company_id), kid=None),
    "HDR-017 no kid, by the second key": lambda bench: bench.second.sign(
        bench.claims(iss=bench.a.company_id), kid=None
    ),
    "HDR-016 refused names in other places and another case": lambda bench: bench.header(
        JWK={}, Crit=["x"], x={"jku": "http://127.0.0.1:9/", "alg": "none", "crit": ["x"]}
    ),
    "HDR-022 a header just below 1 KiB": lambda bench: bench.header(x="x" * 640),
    **each("TYP-008", (None, "JWT", "jwt", "sso+jwt", "SSO+JWT", "application/sso+jwt", "APPLICATION/JWT"), Bench.typ),
}


@pytest.mark.parametrize("case", ACCEPTED)
async def test_what_a_header_may_say_besides_is_without_effect(bench: Bench, case: str) -> None:
    token = ACCEPTED[case](bench)
    answer = await bench.a.launch(token)
    assert answer.status_code == 200, answer.text
    assert answer.json()["company"]["companyId"] == bench.a.company_id
    problem(await bench.a.launch(token), 401, "token_replayed")
