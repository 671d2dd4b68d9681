"""The client assertion of a service of ours: under the key that the settings have of it, for us, short, and once."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import ECKey

from common.errors import ClaimRejected, TokenExpired, TokenRejected, TokenReplayed, Unavailable
from keys.service_keys import ServiceKey
from schemas.profiles import ASSERTION
from sso.verifier.replay import ReplayGuard, spend_key
from sso.verifier.service_assertions import PATIENCE, ServiceAssertions, SignedByService
from tests.support.clock import SetClock
from tests.support.desk import ISSUER, KEYS, NOW
from tests.support.memory import MemoryReplayGuard
from tests.support.service_assertions import service_claims, signed

ENDPOINT = f"{ISSUER}/auth/token/internal"
ALGORITHMS = {"RS256": "RSA", "ES256": "ES256", "ES384": "ES384", "EdDSA": "EdDSA"}
OWN = {alg: ServiceKey(KEYS[kind].thumbprint(), alg, KEYS[kind]) for alg, kind in ALGORITHMS.items()}
AT = int(NOW.timestamp())


class Rows:
    """SpentServiceAssertions in memory."""

    def __init__(self) -> None:
        self.spent: set[bytes] = set()

    async def spend(self, digest: bytes, now: datetime) -> None:
        assert now == NOW
        if digest in self.spent:
            raise TokenReplayed("once")
        self.spent.add(digest)


class Silent:
    """A ReplayGuard whose Redis does not answer: at once, or for longer than anybody waits."""

    def __init__(self, *, hangs: bool) -> None:
        self.hangs = hangs

    async def spend(self, _spend_key: str, _window: timedelta) -> bool:
        if self.hangs:
            await asyncio.Event().wait()
        raise Unavailable("the replay store")

    async def is_spent(self, _spend_key: str) -> bool:
        raise Unavailable("the replay store")


def memory_guard() -> MemoryReplayGuard:
    clock = SetClock()
    clock.now = NOW
    return MemoryReplayGuard(clock)


def assertions(guard: ReplayGuard | None = None) -> ServiceAssertions:
    """Return the verifier for `dossier`, whose key is for ES256, and one service for each other algorithm."""
    keys = {"dossier": OWN["ES256"], "website": OWN["ES384"], "reports": OWN["RS256"], "letters": OWN["EdDSA"]}
    return ServiceAssertions(keys, (ISSUER, ENDPOINT), guard or memory_guard(), Rows())


def asserted(**changes: Any) -> str:
    return signed(OWN["ES256"], service_claims("dossier", ISSUER, NOW, **changes))


@pytest.mark.parametrize("aud", [ISSUER, ENDPOINT, [ENDPOINT]], ids=str)
@pytest.mark.parametrize(
    ("name", "alg"), [("dossier", "ES256"), ("website", "ES384"), ("reports", "RS256"), ("letters", "EdDSA")]
)
def test_a_service_is_known_by_its_key_under_both_of_our_names(aud: Any, name: str, alg: str) -> None:
    for kid in (OWN[alg].kid, None):
        assertion = signed(OWN[alg], service_claims(name, ISSUER, NOW, aud=aud, jti="one"), kid=kid)
        assert assertions().verified(assertion, name, NOW) == SignedByService(name, "one")
        assert assertions().verified(assertion, None, NOW).service == name


WRONG: dict[str, tuple[str, type[TokenRejected]]] = {
    "another service's key": (signed(OWN["ES384"], service_claims("dossier", ISSUER, NOW)), TokenRejected),
    "another key of the same kind": (
        signed(
            ServiceKey(OWN["ES256"].kid, "ES256", ECKey.generate_key("P-256")),
            service_claims("dossier", ISSUER, NOW),
        ),
        TokenRejected,
    ),
    "a service that is not registered": (asserted(iss="nobody", sub="nobody"), TokenRejected),
    "no iss": (asserted(iss=None), TokenRejected),
    "an empty iss": (asserted(iss="", sub=""), TokenRejected),
    "another kid": (signed(OWN["ES256"], service_claims("dossier", ISSUER, NOW), kid="x"), TokenRejected),
    "the typ of an access token": (
        signed(OWN["ES256"], service_claims("dossier", ISSUER, NOW), typ="at+jwt"),
        TokenRejected,
    ),
    "no token at all": ("a.b.c", TokenRejected),
    "another's sub": (asserted(sub="website"), ClaimRejected),
    "no sub": (asserted(sub=None), ClaimRejected),
    "no aud": (asserted(aud=None), ClaimRejected),
    "the companies' endpoint": (asserted(aud=f"{ISSUER}/auth/token"), ClaimRejected),
    "the address inside": (asserted(aud="http://identity:8080/auth/token/internal"), ClaimRejected),
    "us and another": (asserted(aud=[ISSUER, "https://other.example"]), ClaimRejected),
    "no jti": (asserted(jti=None), ClaimRejected),
    "no exp": (asserted(exp=None), ClaimRejected),
    "an hour": (asserted(exp=AT + 3600), ClaimRejected),
    "more than five minutes": (asserted(exp=AT + 301), ClaimRejected),
    "the past": (asserted(iat=AT - 90, exp=AT - 30), TokenExpired),
    "the future": (asserted(iat=AT + 31, exp=AT + 60), ClaimRejected),
    "not before later": (asserted(nbf=AT + 31), ClaimRejected),
}


@pytest.mark.parametrize("case", WRONG)
def test_an_assertion_that_differs_in_one_thing_is_refused(case: str) -> None:
    assertion, error = WRONG[case]
    with pytest.raises(error):
        assertions().verified(assertion, None, NOW)


def test_who_asks_beside_the_assertion_is_who_signed_it() -> None:
    with pytest.raises(ClaimRejected):
        assertions().verified(asserted(), "website", NOW)


@given(st.binary(min_size=1), st.integers(0, 2))
def test_no_other_octets_in_any_segment_are_taken(octets: bytes, place: int) -> None:
    segments = asserted(jti="one").split(".")
    segments[place] = octets.hex()
    with pytest.raises(TokenRejected):
        assertions().verified(".".join(segments), None, NOW)


async def test_an_assertion_is_spent_once_and_another_services_jti_is_another() -> None:
    desk = assertions()
    await desk.spend(SignedByService("dossier", "one"), NOW)
    with pytest.raises(TokenReplayed):
        await desk.spend(SignedByService("dossier", "one"), NOW)
    await desk.spend(SignedByService("website", "one"), NOW)
    await desk.spend(SignedByService("dossier", "two"), NOW)


def test_no_companys_assertion_has_the_name_of_a_services() -> None:
    assert spend_key("service_assertion", "dossier", "one") != spend_key(ASSERTION.name, "dossier", "one")


@pytest.mark.parametrize("hangs", [False, True])
async def test_where_redis_does_not_answer_the_row_alone_decides_and_nobody_waits_for_long(hangs: bool) -> None:  # noqa: FBT001
    desk = assertions(Silent(hangs=hangs))
    began = asyncio.get_running_loop().time()
    await desk.spend(SignedByService("dossier", "one"), NOW)
    with pytest.raises(TokenReplayed):
        await desk.spend(SignedByService("dossier", "one"), NOW)
    assert asyncio.get_running_loop().time() - began < 2 * PATIENCE + 1
