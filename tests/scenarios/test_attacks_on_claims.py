"""What a company can get wrong in a token that it signed itself: it is told which claim, and which rule.

Each case is a good token with one claim changed. The names in front are those of `docs/attacks.md`.
"""

import json
import uuid
from typing import Any

import pytest

from tests.support.bench import Bench
from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL
from tests.support.state import changed, state_of
from tests.support.wire import problem
from tests.support.world import PAGE

NULL = object()
"""The JSON null, where None leaves a claim out."""

Change = dict[str, Any]

REJECTED: dict[str, tuple[Change, str, str]] = {
    "CLM-001 no sub": ({"sub": None}, "sub", "missing"),
    "CLM-001 no jti": ({"jti": None}, "jti", "missing"),
    "CLM-001 no iat": ({"iat": None}, "iat", "missing"),
    "CLM-002 sub null": ({"sub": NULL}, "sub", "type"),
    "CLM-002 jti null": ({"jti": NULL}, "jti", "type"),
    "CLM-002 iat null": ({"iat": NULL}, "iat", "type"),
    "CLM-002 exp null": ({"exp": NULL}, "exp", "null"),
    "CLM-002 nbf null": ({"nbf": NULL}, "nbf", "null"),
    "CLM-002 iss null": ({"iss": NULL}, "iss", "null"),
    "CLM-002 aud null": ({"aud": NULL}, "aud", "null"),
    "CLM-002 profInfo null": ({"profInfo": NULL}, "profInfo", "null"),
    "CLM-002 patientInfo null": ({"patientInfo": NULL}, "patientInfo", "null"),
    "CLM-002 treatmentRelationshipId null": ({"treatmentRelationshipId": NULL}, "treatmentRelationshipId", "null"),
    "CLM-003 sub empty": ({"sub": ""}, "sub", "blank"),
    "CLM-003 sub blank": ({"sub": " \t"}, "sub", "blank"),
    "CLM-003 sub invisible": ({"sub": "\u00a0\u200b"}, "sub", "blank"),
    "CLM-003 jti empty": ({"jti": ""}, "jti", "format"),
    "CLM-003 jti blank": ({"jti": " "}, "jti", "format"),
    "CLM-004 sub a number": ({"sub": 1}, "sub", "type"),
    "CLM-004 sub true": ({"sub": True}, "sub", "type"),
    "CLM-004 sub a list": ({"sub": ["profID1241"]}, "sub", "type"),
    "CLM-004 sub an object": ({"sub": {"a": 1}}, "sub", "type"),
    "CLM-004 jti a number": ({"jti": 1}, "jti", "type"),
    "CLM-004 jti a list": ({"jti": ["x"]}, "jti", "type"),
    "CLM-004 profInfo a string": ({"profInfo": "John"}, "profInfo", "type"),
    "CLM-004 patientInfo a list": ({"patientInfo": []}, "patientInfo", "type"),
    "CLM-005 sub of 256 characters": ({"sub": "x" * 256}, "sub", "too_long"),
    "CLM-005 jti of 257 characters": ({"jti": "x" * 257}, "jti", "format"),
    "CLM-005 a relationship of 256 characters": (
        {"treatmentRelationshipId": "1" * 256},
        "treatmentRelationshipId",
        "too_long",
    ),
    "CLM-005 a name of 256 characters": ({"profInfo": {"firstname": "x" * 256}}, "profInfo.firstname", "too_long"),
    "CLM-006 NUL in sub": ({"sub": "a\0b"}, "sub", "characters"),
    "CLM-006 NUL in a name": ({"patientInfo": {"lastname": "a\0b"}}, "patientInfo.lastname", "characters"),
    "CLM-009 half a surrogate pair in jti": ({"jti": "\ud800"}, "jti", "format"),
    "CLM-009 half a surrogate pair in sub": ({"sub": "a\udfff"}, "sub", "characters"),
    "CLM-010 jti in another script": ({"jti": "\uff11\uff12"}, "jti", "format"),
    "CLM-010 jti with an accent": ({"jti": "caf\u00e9"}, "jti", "format"),
    "CLM-010 jti with a line feed": ({"jti": "abc\n"}, "jti", "format"),
    "CLM-017 a blank relationship": ({"treatmentRelationshipId": ""}, "treatmentRelationshipId", "blank"),
    "CLM-017 a relationship as a number": ({"treatmentRelationshipId": 1532}, "treatmentRelationshipId", "type"),
    "CLM-022 BSN with letters": ({"patientInfo": {"bsn": "12345678X"}}, "patientInfo.bsn", "bsn"),
    "CLM-022 BSN zero": ({"patientInfo": {"bsn": "000000000"}}, "patientInfo.bsn", "bsn"),
    "CLM-022 BSN of seven digits": ({"patientInfo": {"bsn": "1234567"}}, "patientInfo.bsn", "bsn"),
    "CLM-022 BSN of ten digits": ({"patientInfo": {"bsn": "1234567890"}}, "patientInfo.bsn", "bsn"),
    "CLM-022 BSN in another script": ({"patientInfo": {"bsn": "\uff11" * 9}}, "patientInfo.bsn", "bsn"),
    "CLM-022 BSN with a line feed": ({"patientInfo": {"bsn": "123456782\n"}}, "patientInfo.bsn", "bsn"),
    "CLM-022 BSN empty": ({"patientInfo": {"bsn": ""}}, "patientInfo.bsn", "bsn"),
    "CLM-022 BSN a number": ({"patientInfo": {"bsn": 123456782}}, "patientInfo.bsn", "type"),
    "CLM-022 BSN null": ({"patientInfo": {"bsn": None}}, "patientInfo.bsn", "null"),
    "CLM-023 AGB code of seven digits": ({"profInfo": {"agb": "0100000"}}, "profInfo.agb", "agb"),
    "CLM-023 AGB code empty": ({"profInfo": {"agb": ""}}, "profInfo.agb", "agb"),
    "CLM-023 e-mail without a host": ({"profInfo": {"email": "john@"}}, "profInfo.email", "email"),
    "CLM-023 e-mail empty": ({"profInfo": {"email": ""}}, "profInfo.email", "email"),
    "CLM-023 e-mail with a header behind": ({"profInfo": {"email": "a@b.nl\r\nBcc:"}}, "profInfo.email", "email"),
    "CLM-023 e-mail of the patient null": ({"patientInfo": {"email": None}}, "patientInfo.email", "null"),
    "TYP-006 a client assertion": ({"sub": "THE COMPANY", "iss": "THE COMPANY"}, "sub", "client_assertion"),
    "TYP-011 another audience": ({"aud": "https://other.example"}, "aud", "audience"),
    "TYP-011 the audience in capitals": ({"aud": "HTTP://127.0.0.1:8080"}, "aud", "audience"),
    "TYP-011 the audience with a slash": ({"aud": "http://127.0.0.1:8080/"}, "aud", "audience"),
    "TYP-011 the token endpoint": ({"aud": "http://127.0.0.1:8080/auth/token"}, "aud", "audience"),
    "TYP-011 two audiences": ({"aud": ["http://127.0.0.1:8080", "https://other.example"]}, "aud", "type"),
    "TYP-011 no audience in a list": ({"aud": []}, "aud", "type"),
    "TYP-011 an empty audience": ({"aud": ""}, "aud", "audience"),
    "TYP-013 another signer": ({"iss": "00000000-0000-0000-0000-000000000000"}, "iss", "signer"),
    "TYP-014 iss a list": ({"iss": ["THE COMPANY"]}, "iss", "type"),
    "TIM-002 iat 31 s ahead": ({"iat": "+31"}, "iat", "future"),
    "TIM-006 iat in milliseconds": ({"iat": "ms"}, "iat", "future"),
    "TIM-007 iat of 400 digits": ({"iat": 10**400}, "iat", "future"),
    "TIM-007 iat text": ({"iat": "1700000000"}, "iat", "type"),
    "TIM-007 iat true": ({"iat": True}, "iat", "type"),
    "TIM-009 nbf 31 s ahead": ({"nbf": "+31"}, "nbf", "not_yet_valid"),
    "TIM-009 exp text": ({"exp": "never"}, "exp", "type"),
}  # fmt: skip

EXPIRED: dict[str, Change] = {
    "TIM-003 301 s old": {"iat": "-301"},
    "TIM-003 300.5 s old": {"iat": "-300.5"},
    "TIM-007 iat 0": {"iat": 0},
    "TIM-007 iat negative": {"iat": -1},
    "TIM-007 iat of minus 400 digits": {"iat": -(10**400)},
    "TIM-008 iat next to nothing": {"iat": 1e-300},
    "TIM-009 exp 30 s ago": {"exp": "-30"},
    "TIM-009 exp 0": {"exp": 0},
}

ACCEPTED: dict[str, Change] = {
    "TIM-002 300 s old": {"iat": "-300"},
    "TIM-002 30 s ahead": {"iat": "+30"},
    "TIM-008 half a second old": {"iat": "-0.5"},
    "TIM-009 exp 29 s ago": {"exp": "-29"},
    "TIM-009 nbf 30 s ahead": {"nbf": "+30"},
    "CLM-005 sub of 255 characters": {"sub": "x" * 255},
    "CLM-007 jti of one character": {"jti": "~"},
    "CLM-016 claims that mean nothing": {"__proto__": 1, "__class__": "x", "options": {}, "role": "Internal"},
    "CLM-020 a sub that looks like a BSN": {"sub": "123456782"},
    "CLM-021 empty names count as absent": {"profInfo": {"firstname": "", "lastname": " "}},
    "CLM-022 BSN of eight digits": {"patientInfo": {"bsn": "12345672"}},
    "TYP-011 the issuer": {"aud": "http://127.0.0.1:8080"},
    "TYP-011 the launch address": {"aud": "http://127.0.0.1:8080/sso/launch"},
    "TYP-011 a list of one": {"aud": ["http://127.0.0.1:8080"]},
    "TYP-013 iss is the signer": {"iss": "THE COMPANY"},
}  # fmt: skip


def token_with(bench: Bench, change: Change) -> str:
    """Return a token with these claims changed; "+30" is 30 s from now."""
    now = bench.world.clock().timestamp()

    def value(claim: str, given: Any) -> Any:
        if given is NULL:
            return None
        if given == "ms":
            return int(now * 1000)
        if claim in {"iat", "nbf", "exp"} and isinstance(given, str) and given[0] in "+-":
            return now + float(given)
        return json.loads(json.dumps(given).replace("THE COMPANY", bench.a.company_id))

    claims = bench.claims()
    for claim, given in change.items():
        if given is None:
            del claims[claim]
        else:
            claims[claim] = value(claim, given)
    return bench.a.ehr.sign(claims)


@pytest.mark.parametrize("case", REJECTED)
async def test_a_claim_against_a_rule_is_named_with_the_rule(bench: Bench, case: str) -> None:
    change, claim, rule = REJECTED[case]
    answer = await bench.a.launch(token_with(bench, change), clientId=bench.a.company_id)
    members = problem(answer, 401, "claim_rejected")
    assert (members["claim"], members["rule"]) == (claim, rule)


@pytest.mark.parametrize("case", EXPIRED)
async def test_a_token_past_its_time_is_expired(bench: Bench, case: str) -> None:
    problem(await bench.a.launch(token_with(bench, EXPIRED[case])), 401, "token_expired")


@pytest.mark.parametrize("case", ACCEPTED)
async def test_what_keeps_to_the_rules_is_accepted(bench: Bench, case: str) -> None:
    answer = await bench.a.launch(token_with(bench, ACCEPTED[case]))
    assert answer.status_code == 200, answer.text
    assert not {"__proto__", "options", "value"} & set(answer.json())


UNREADABLE = {
    "CLM-011 jti twice": b'{"sub":"a","jti":"x","jti":"y","iat":NOW}',
    "CLM-011 sub twice": b'{"sub":"a","sub":"a","jti":"x","iat":NOW}',
    "CLM-011 a member of patientInfo twice": b'{"sub":"a","jti":"x","iat":NOW,"patientInfo":{"bsn":"1","bsn":"2"}}',
    "CLM-012 jti twice, once escaped": b'{"sub":"a","jti":"x","\\u006ati":"y","iat":NOW}',
    "CLM-013 a list": b'[{"sub":"a"}]',
    "CLM-013 a string": b'"sub"',
    "CLM-013 no JSON": b"sub=a",
    "CLM-014 UTF-16": '{"sub":"a"}'.encode("utf-16"),
    "CLM-014 UTF-32": '{"sub":"a"}'.encode("utf-32-le"),
    "CLM-014 a byte order mark": b'\xef\xbb\xbf{"sub":"a","jti":"x","iat":NOW}',
    "CLM-014 no UTF-8": b'{"sub":"\xff"}',
    "LIM-004 deep brackets": b'{"sub":' + b"[" * 4000,
    "LIM-008 5,000 digits": b'{"iat":' + b"9" * 5000 + b"}",
    "LIM-008 out of range": b'{"iat":1e999}',
    "LIM-008 NaN": b'{"iat":NaN}',
}


@pytest.mark.parametrize("case", UNREADABLE)
async def test_claims_that_two_readers_could_read_differently_are_refused(bench: Bench, case: str) -> None:
    now = str(int(bench.world.clock().timestamp())).encode()
    token = bench.a.ehr.sign(UNREADABLE[case].replace(b"NOW", now))

    told = problem(await bench.a.launch(token, clientId=bench.a.company_id), 401, "claim_rejected")

    assert (told["claim"], told["rule"]) == ("", "json")
    problem(await bench.a.launch(token), 401, "token_rejected")  # without clientId they would say who signed


async def test_no_refused_claim_leaves_a_trace_or_comes_back(bench: Bench) -> None:
    canary, marked = fresh_bsn(), str(uuid.uuid4())
    besides = {"patientInfo": {"bsn": canary, "firstname": marked}, "profInfo": PROFESSIONAL}
    before = await state_of(bench.world)
    for name, change in {**{name: case[0] for name, case in REJECTED.items()}, **EXPIRED}.items():
        form = {"token": token_with(bench, {**besides, **change}), "clientId": bench.a.company_id}
        for accept in (PAGE, {}):
            answer = await bench.world.client.post("/sso/launch", data=form, headers=accept)
            assert answer.status_code == 401, name
            assert canary not in answer.text
            assert marked not in answer.text
            assert "set-cookie" not in answer.headers
    assert not await changed(bench.world, before)


async def test_a_relationship_of_another_company_is_as_unknown_as_none(bench: Bench) -> None:
    theirs = {"treatmentRelationshipId": str(uuid.uuid4()), "patientInfo": {"bsn": fresh_bsn()}}
    assert (await bench.b.launch(bench.b.ehr.sign(bench.world.claims(bench.b, **theirs)))).status_code == 200

    answers = [
        await bench.a.launch(bench.good(treatmentRelationshipId=name))
        for name in (theirs["treatmentRelationshipId"], str(uuid.uuid4()))
    ]

    told = [problem(answer, 422, "treatment_relationship_unknown") for answer in answers]
    assert [{**members, "requestId": ""} for members in told] == [{**told[0], "requestId": ""}] * 2
