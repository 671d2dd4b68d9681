"""What an authentic token must say, and when: each row changes one valid token (attacks CLM-…, TIM-…)."""

from typing import Any

import pytest

from common.errors import ClaimRejected, TokenExpired, TokenRejected
from schemas.profiles import PROFESSIONAL
from tests.support.desk import ISSUER, LAUNCH_URL, NOW, Desk

CLAIMS: list[tuple[str, dict[str, Any], str, str]] = [
    ("no sub", {"sub": None}, "sub", "missing"),
    ("no jti", {"jti": None}, "jti", "missing"),
    ("no iat", {"iat": None}, "iat", "missing"),
    ("a blank sub", {"sub": " "}, "sub", "blank"),
    ("a long sub", {"sub": "x" * 256}, "sub", "too_long"),
    ("sub as an array", {"sub": ["x"]}, "sub", "type"),
    ("the company itself as sub", {"sub": "the company"}, "sub", "client_assertion"),
    ("a jti with white space", {"jti": "a b"}, "jti", "format"),
    ("a jti of 257 characters", {"jti": "x" * 257}, "jti", "format"),
    ("another audience", {"aud": "https://other.example"}, "aud", "audience"),
    ("the token endpoint as audience", {"aud": f"{ISSUER}/auth/token"}, "aud", "audience"),
    ("our URL with a slash", {"aud": f"{ISSUER}/"}, "aud", "audience"),
    ("us and another as audience", {"aud": [ISSUER, "https://other.example"]}, "aud", "type"),
    ("an iat of tomorrow", {"iat": int(NOW.timestamp()) + 86_400}, "iat", "future"),
    ("an iat in milliseconds", {"iat": int(NOW.timestamp()) * 1000}, "iat", "future"),
    ("an iat of 4,000 digits", {"iat": 10**4_000}, "iat", "future"),
    ("an nbf of tomorrow", {"nbf": NOW.timestamp() + 86_400}, "nbf", "not_yet_valid"),
    ("a BSN that fails the 11-test", {"patientInfo": {"bsn": "123456780"}}, "patientInfo.bsn", "bsn"),
    ("an empty BSN", {"patientInfo": {"bsn": ""}}, "patientInfo.bsn", "bsn"),
    ("an empty AGB code", {"profInfo": {"agb": ""}}, "profInfo.agb", "agb"),
    ("an e-mail address that is none", {"profInfo": {"email": "x"}}, "profInfo.email", "email"),
]


@pytest.mark.parametrize(("changes", "claim", "rule"), [row[1:] for row in CLAIMS], ids=[row[0] for row in CLAIMS])
async def test_once_the_signature_has_verified_the_claim_and_the_rule_are_named(
    changes: dict[str, Any], claim: str, rule: str
) -> None:
    desk = Desk()
    if changes == {"sub": "the company"}:
        changes = {"sub": str(desk.company)}
    error = await desk.refusal(desk.token(**changes))
    assert isinstance(error, ClaimRejected)
    assert error.members() == {"claim": claim, "rule": rule}


ACCEPTED: list[dict[str, Any]] = [
    {"aud": ISSUER},
    {"aud": LAUNCH_URL},
    {"aud": [ISSUER]},
    {"iss": None},
    {"unknown": {"nested": [None]}},
    {"iat": NOW.timestamp() - 0.5},
    {"sub": "123456782"},
    {"profInfo": {"firstname": "", "lastname": " ", "title": None}},
    {"patientInfo": {"bsn": "123456782"}},
]


@pytest.mark.parametrize("changes", ACCEPTED, ids=str)
async def test_what_is_optional_or_unknown_is_no_reason_to_refuse(changes: dict[str, Any]) -> None:
    desk = Desk()
    assert await desk.check(desk.token(**changes)) == desk.company


@pytest.mark.parametrize("typ", [None, "JWT", "jwt", "application/JWT", "sso+jwt", "application/SSO+JWT"])
async def test_the_types_of_a_professional_token_are_accepted(typ: str | None) -> None:
    desk = Desk()
    assert await desk.check(desk.ehr.sign(desk.claims(), typ=typ)) == desk.company


TIMES: list[tuple[dict[str, float], type[TokenRejected] | None]] = [
    ({"iat": 0}, None),
    ({"iat": -300}, None),
    ({"iat": -300.5}, TokenExpired),
    ({"iat": -301}, TokenExpired),
    ({"iat": 30}, None),
    ({"iat": 30.5}, ClaimRejected),
    ({"iat": 31}, ClaimRejected),
    ({"iat": 0, "nbf": 30}, None),
    ({"iat": 0, "nbf": 31}, ClaimRejected),
    ({"iat": 0, "exp": -29}, None),
    ({"iat": 0, "exp": -30}, TokenExpired),
    ({"iat": 0, "exp": 1e9}, None),
    ({"iat": -300, "exp": 1e9}, None),
    ({"iat": -301, "exp": 1e9}, TokenExpired),
]


@pytest.mark.parametrize(("offsets", "expected"), TIMES, ids=str)
async def test_time_is_kept_to_the_second(offsets: dict[str, float], expected: type[TokenRejected] | None) -> None:
    desk = Desk()
    token = desk.token(**{claim: NOW.timestamp() + offset for claim, offset in offsets.items()})
    if expected is None:
        assert await desk.check(token) == desk.company
    else:
        assert type(await desk.refusal(token)) is expected


@pytest.mark.parametrize("iat", [0, -1, -(10**4_000), 1e-300])
async def test_a_time_long_past_is_too_old_however_it_is_written(iat: float) -> None:
    desk = Desk()
    assert isinstance(await desk.refusal(desk.token(iat=iat)), TokenExpired)


def test_a_spent_token_is_remembered_for_longer_than_any_clock_accepts_it() -> None:
    slack = PROFESSIONAL.spend_window - PROFESSIONAL.max_age - PROFESSIONAL.leeway
    assert slack.total_seconds() == 120
