"""Server-side sessions: two limits to the second, a token that only the browser has, and forms that prove it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.sessions import Limits, csrf_token, is_csrf_token, new_token, token_digest
from identity.patients.sessions import LIMITS as PATIENT
from sso.launch.session import LIMITS as LAUNCH

OPENED = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("limits", "idle", "total"),
    [(LAUNCH, timedelta(minutes=30), timedelta(hours=8)), (PATIENT, timedelta(minutes=15), timedelta(hours=2))],
    ids=["launch", "patient"],
)
def test_a_session_ends_to_the_second(limits: Limits, idle: timedelta, total: timedelta) -> None:
    assert limits == Limits(idle, total)
    assert limits.alive(OPENED, OPENED, OPENED)
    assert limits.alive(OPENED, OPENED, OPENED + idle - SECOND)
    assert not limits.alive(OPENED, OPENED, OPENED + idle)
    assert limits.alive(OPENED, OPENED + total - 2 * SECOND, OPENED + total - SECOND)
    assert not limits.alive(OPENED, OPENED + total - SECOND, OPENED + total)


@given(st.timedeltas(min_value=timedelta(0)), st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=9999)))
def test_being_busy_prolongs_no_session_past_its_total(seen: timedelta, now: timedelta) -> None:
    try:
        alive = LAUNCH.alive(OPENED, OPENED + seen, OPENED + now)
    except OverflowError:  # a day after the year 9999
        return
    assert not alive or now < LAUNCH.total


def test_tokens_are_long_and_differ() -> None:
    tokens = {new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert min(map(len, tokens)) >= 43


@given(st.text(), st.text())
def test_only_the_same_token_has_the_same_digest(one: str, other: str) -> None:
    assert len(token_digest(one)) == 32
    assert (token_digest(one) == token_digest(other)) == (one == other)


def test_what_is_kept_of_a_token_is_not_what_a_form_shows() -> None:
    token = new_token()
    assert token_digest(token).hex() != csrf_token(token)
    assert token not in csrf_token(token)


@given(st.text(), st.text())
def test_a_form_is_proved_by_the_token_of_its_own_session_and_nothing_else(token: str, given_text: str) -> None:
    assert is_csrf_token(token, csrf_token(token))
    assert is_csrf_token(token, given_text) == (given_text == csrf_token(token))
    assert not is_csrf_token(token, csrf_token(token + "x"))


@pytest.mark.parametrize("forged", ["", " ", "é", "\ud800", "\x00", "0" * 64])
def test_a_forged_proof_is_no_error_and_no_proof(forged: str) -> None:
    assert not is_csrf_token("token", forged)
    assert not is_csrf_token("token", csrf_token("token").upper())
    assert not is_csrf_token("token", csrf_token("token") + forged) or forged == ""
