"""A client assertion (RFC 7523 3): a company speaks of itself, to us alone, for five minutes at most, and once."""

from datetime import datetime
from typing import Any

import pytest

from common.errors import AuthenticTokenRejected, ClaimRejected, TokenExpired, TokenRejected, TokenReplayed
from schemas.identifiers import CompanyId
from schemas.profiles import ASSERTION, CLOCK_ERROR
from sso.verifier.assertions import Assertions, SignedAssertion
from sso.verifier.flaws import Flaw
from sso.verifier.replay import jti_digest, spend_key
from sso.verifier.trust import Trust
from tests.support.clock import SetClock
from tests.support.desk import ISSUER, NOW, OTHER_RSA_KEY, OWN_RING, Desk, ehr
from tests.support.ehr import flip
from tests.support.memory import MemoryReplayGuard

TOKEN_URL = f"{ISSUER}/auth/token"
AT = int(NOW.timestamp())
NOBODY = "00000000-0000-4000-8000-000000000000"


class Kept:
    """SpentAssertions that takes note."""

    def __init__(self) -> None:
        self.spent: list[tuple[CompanyId, bytes, datetime]] = []

    async def spend(self, company_id: CompanyId, jti_digest: bytes, now: datetime) -> None:
        self.spent.append((company_id, jti_digest, now))


class Counter:
    """Where companies prove who they are; the first of a desk has a key."""

    def __init__(self) -> None:
        self.desk, self.kept, clock = Desk(), Kept(), SetClock()
        clock.now = NOW
        self.guard = MemoryReplayGuard(clock)
        trust = Trust(self.desk.companies, self.desk.keys, OWN_RING, self.desk.sets)
        self.assertions = Assertions(trust, (ISSUER, TOKEN_URL), self.guard, self.kept)
        self.company = str(self.desk.company)

    def claims(self, **changes: Any) -> dict[str, Any]:
        good = {"iss": self.company, "sub": self.company, "aud": ISSUER, "jti": "one", "iat": AT, "exp": AT + 60}
        return {name: value for name, value in (good | changes).items() if value is not None}

    async def proved(self, client_id: str | None = None, *, typ: str | None = "JWT", **changes: Any) -> SignedAssertion:
        signed = self.desk.ehr.sign(self.claims(**changes), typ=typ)
        return await self.assertions.verified(signed, client_id, NOW)

    async def refused(self, assertion: str, client_id: str | None = None) -> TokenRejected:
        with pytest.raises(TokenRejected) as caught:
            await self.assertions.verified(assertion, client_id, NOW)
        return caught.value


@pytest.fixture
def counter() -> Counter:
    return Counter()


@pytest.mark.parametrize("typ", ["JWT", "jwt", "application/jwt", "client-authentication+jwt", None])
@pytest.mark.parametrize("aud", [ISSUER, TOKEN_URL, [ISSUER], [TOKEN_URL]], ids=str)
async def test_a_good_assertion_says_whose_it_is(counter: Counter, typ: str | None, aud: object) -> None:
    for client_id in (None, counter.company):
        proved = await counter.proved(client_id, typ=typ, aud=aud)
        assert proved == SignedAssertion(counter.desk.company, "Huisartsenpraktijk De Linde", "one")


async def test_other_claims_are_without_effect(counter: Counter) -> None:
    besides: dict[str, Any] = {"scope": "keys:manage", "role": "Internal", "azp": NOBODY, "nonce": "", "x": [{}]}
    assert (await counter.proved(**besides)).company_id == counter.desk.company


RULES: dict[str, tuple[dict[str, Any], str, str]] = {
    "no sub": ({"sub": None}, "sub", "missing"),
    "somebody else as sub": ({"sub": "profID1241"}, "sub", "signer"),
    "no aud": ({"aud": None}, "aud", "missing"),
    "another aud": ({"aud": "https://evil.example"}, "aud", "audience"),
    "our aud and another": ({"aud": [ISSUER, "https://evil.example"]}, "aud", "type"),
    "both of our names": ({"aud": [ISSUER, TOKEN_URL]}, "aud", "type"),
    "the launch's aud": ({"aud": f"{ISSUER}/sso/launch"}, "aud", "audience"),
    "no jti": ({"jti": None}, "jti", "missing"),
    "an empty jti": ({"jti": ""}, "jti", "format"),
    "no exp": ({"exp": None}, "exp", "missing"),
    "an exp that is text": ({"exp": str(AT + 60)}, "exp", "type"),
    "longer than five minutes": ({"exp": AT + 301}, "exp", "too_long"),
    "far away, without iat": ({"iat": None, "exp": AT + 331}, "exp", "too_long"),
    "far away, from a clock that is ahead": ({"iat": AT + 30, "exp": AT + 331}, "exp", "too_long"),
    "long ago until soon": ({"iat": AT - 241, "exp": AT + 60}, "exp", "too_long"),
    "signed in the future": ({"iat": AT + 31, "exp": AT + 60}, "iat", "future"),
    "not yet good": ({"nbf": AT + 31}, "nbf", "not_yet_valid"),
}


@pytest.mark.parametrize(("wrong", "claim", "rule"), RULES.values(), ids=RULES)
async def test_an_assertion_that_says_something_else_is_refused(
    counter: Counter, wrong: dict[str, Any], claim: str, rule: str
) -> None:
    with pytest.raises(ClaimRejected) as caught:
        await counter.proved(**wrong)
    assert (caught.value.claim, caught.value.rule) == (claim, rule)


@pytest.mark.parametrize(
    "times",
    [
        {"iat": AT, "exp": AT + 300},
        {"iat": AT - 300, "exp": AT - 29},
        {"iat": None, "exp": AT + 330},
        {"iat": AT + 30, "exp": AT + 330},
        {"nbf": AT + 30},
    ],
    ids=str,
)
async def test_five_minutes_and_half_a_minute_of_leeway_are_not_too_much(
    counter: Counter, times: dict[str, Any]
) -> None:
    assert (await counter.proved(**times)).jti == "one"


async def test_an_assertion_that_is_over_has_expired(counter: Counter) -> None:
    with pytest.raises(TokenExpired):
        await counter.proved(iat=AT - 90, exp=AT - 30)


async def test_whom_the_request_names_is_who_signed(counter: Counter) -> None:
    refusal = await counter.refused(counter.desk.ehr.sign(counter.claims()), str(counter.desk.other))
    assert isinstance(refusal, ClaimRejected)


async def test_what_no_company_signed_is_one_and_the_same(counter: Counter) -> None:
    own, key = counter.claims(), counter.desk.ehr
    forged = {
        "no iss": (key.sign(counter.claims(iss=None)), Flaw.NO_SIGNER_NAMED),
        "nobody": (key.sign(counter.claims(iss=NOBODY)), Flaw.NO_SUCH_COMPANY),
        "another company": (key.sign(counter.claims(iss=str(counter.desk.other))), Flaw.NO_FITTING_KEY),
        "another key": (ehr("ES256").sign(own), Flaw.NO_FITTING_KEY),
        "another typ": (key.sign(own, typ="sso+jwt"), Flaw.OTHER_TYP),
        "no algorithm": (key.sign(own, alg="none"), Flaw.OTHER_ALG),
        "a changed claim": (flip(key.sign(own), 1), None),
        "a changed signature": (flip(key.sign(own), 2), Flaw.BAD_SIGNATURE),
        "no token": ("x.y", Flaw.NOT_THREE_SEGMENTS),
    }
    for name, (assertion, flaw) in forged.items():
        refusal = await counter.refused(assertion)
        assert not isinstance(refusal, AuthenticTokenRejected), name
        assert flaw in (None, refusal.flaw), name


async def test_our_own_key_speaks_for_no_company(counter: Counter) -> None:
    """The SSO tokens that we sign for a company prove nothing here."""
    kid, key = OWN_RING.signing(NOW)
    counter.desk.ehr.key, counter.desk.ehr.kid = key, kid
    assert (await counter.refused(counter.desk.ehr.sign(counter.claims()))).flaw == Flaw.NO_FITTING_KEY
    assert OTHER_RSA_KEY is not key


async def test_an_assertion_is_used_up_in_both_stores_under_a_name_of_its_own(counter: Counter) -> None:
    company = counter.desk.company
    await counter.assertions.spend(company, "one", NOW)
    assert counter.kept.spent == [(company, jti_digest("one"), NOW)]
    assert await counter.guard.is_spent(spend_key("client_assertion", company, "one"))
    assert not await counter.guard.is_spent(spend_key("professional", company, "one"))

    with pytest.raises(TokenReplayed):
        await counter.assertions.spend(company, "one", NOW)
    assert len(counter.kept.spent) == 1
    await counter.assertions.spend(counter.desk.other, "one", NOW)
    await counter.assertions.spend(company, "two", NOW)


def test_an_assertion_is_remembered_for_longer_than_any_clock_accepts_it() -> None:
    latest = ASSERTION.max_age + 2 * ASSERTION.leeway  # after it was first seen: signed ahead, and past its end
    assert ASSERTION.spend_window >= latest + 2 * CLOCK_ERROR
