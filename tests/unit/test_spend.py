"""The name under which a spend is remembered: one per profile, company and jti, and never one for two."""

from datetime import timedelta
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import TokenReplayed
from schemas.claims import ProfessionalClaims
from schemas.identifiers import CompanyId
from schemas.profiles import PROFESSIONAL
from sso.verifier.replay import Spender, jti_digest, spend_key
from sso.verifier.trust import Signer
from sso.verifier.verify import VerifiedToken
from tests.support.clock import SetClock
from tests.support.memory import MemoryReplayGuard

A = CompanyId(UUID("3fa85f64-5717-4562-b3fc-2c963f66afa6"))
B = CompanyId(UUID("3fa85f64-5717-4562-b3fc-2c963f66afa7"))
PARTS = st.tuples(st.text(max_size=8), st.sampled_from([A, B]), st.text(max_size=8))
JTI = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=256)


def verified(jti: str, company_id: CompanyId = A, sub: str = "profID1241") -> VerifiedToken[ProfessionalClaims]:
    claims = ProfessionalClaims.model_validate({"sub": sub, "jti": jti, "iat": 0})
    return VerifiedToken(Signer(company_id, "De Linde"), "kid", claims)


@given(PARTS, PARTS)
def test_two_spends_share_a_key_only_if_they_are_the_same(
    one: tuple[str, CompanyId, str], other: tuple[str, CompanyId, str]
) -> None:
    assert (spend_key(*one) == spend_key(*other)) == (one == other)


@given(JTI)
def test_no_part_of_a_spend_can_be_moved_into_another_part(jti: str) -> None:
    assert spend_key("p", A, f"{B}{jti}") != spend_key(f"p{A}", B, jti)
    assert spend_key("p", A, f'", "{B}", "{jti}') != spend_key(f'p", "{A}', B, jti)


def test_the_jti_counts_byte_for_byte() -> None:
    keys = {spend_key("professional", A, jti) for jti in ("abc", "Abc", "ABC", "abc.", "a%62c", "abc=")}
    assert len(keys) == 6


@given(JTI)
def test_the_key_shows_nothing_and_has_one_length(jti: str) -> None:
    key = spend_key("professional", A, jti)
    assert len(key) == 64
    assert set(key) <= set("0123456789abcdef")


async def test_the_second_spend_of_a_token_is_a_replay() -> None:
    spender = Spender(MemoryReplayGuard(SetClock()))
    spent = await spender.spend(verified("x"))
    assert spent.jti_digest == sha256(b"x").digest()
    with pytest.raises(TokenReplayed):
        await spender.spend(verified("x"))


async def test_whether_a_token_is_spent_can_be_asked_without_spending_it() -> None:
    spender = Spender(MemoryReplayGuard(SetClock()))
    for _ in range(2):
        await spender.require_unspent(verified("x"))
    await spender.spend(verified("x"))
    with pytest.raises(TokenReplayed):
        await spender.require_unspent(verified("x"))
    await spender.require_unspent(verified("x", B))


async def test_what_is_spent_is_remembered_under_its_kind_its_signer_and_its_jti_and_given_on() -> None:
    asked: list[str] = []

    class Listening(MemoryReplayGuard):
        async def spend(self, spend_key: str, window: timedelta) -> bool:
            asked.append(spend_key)
            return await super().spend(spend_key, window)

    token = verified("x")
    assert (await Spender(Listening(SetClock())).spend(token)).verified is token
    assert asked == [spend_key("professional", A, "x")]


@pytest.mark.parametrize("jti", ["\u00e9", "\ud800", "\udfff x"])
def test_whatever_text_a_jti_is_it_has_a_digest(jti: str) -> None:
    assert jti_digest(jti) == sha256(jti.encode("utf-8", "surrogatepass")).digest()


async def test_what_else_a_token_says_does_not_make_its_jti_another() -> None:
    spender = Spender(MemoryReplayGuard(SetClock()))
    await spender.spend(verified("x", sub="a"))
    with pytest.raises(TokenReplayed):
        await spender.spend(verified("x", sub="b"))


async def test_the_same_jti_from_two_companies_is_two_tokens() -> None:
    spender = Spender(MemoryReplayGuard(SetClock()))
    first, second = await spender.spend(verified("x", A)), await spender.spend(verified("x", B))
    assert first.jti_digest == second.jti_digest


async def test_a_replayed_token_is_refused_while_the_first_is_still_accepted() -> None:
    """A token of the future edge is presented at once, and again in the last second that a slow clock accepts it."""
    clock = SetClock()
    spender = Spender(MemoryReplayGuard(clock))
    await spender.spend(verified("x"))
    clock.forward(seconds=(PROFESSIONAL.max_age + PROFESSIONAL.leeway).total_seconds() + 119)
    with pytest.raises(TokenReplayed):
        await spender.spend(verified("x"))
