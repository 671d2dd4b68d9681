"""What a refused bearer token leaves: one answer outside, and in the audit its true cause, and whose it was."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest

from common.errors import NotAuthenticated, PermissionDenied, ServiceError, TokenReplayed
from schemas.callers import CompanyCaller, LaunchCaller
from schemas.identifiers import LaunchId, Pseudoniem
from schemas.profiles import COMPANY, INTERNAL, LAUNCH, PATIENT
from schemas.scopes import Scope
from sso.verifier.access import AccessTokens
from sso.verifier.replay import replayed
from tests.support.ehr import jws
from tests.support.memory import MemoryLaunches
from tests.unit.test_access_tokens import FOREIGN_KEY, KEY, Office

LAUNCH_ID = LaunchId(UUID("11111111-2222-4333-8444-555555555555"))
PATIENT_OF_LAUNCH = Pseudoniem(UUID("22222222-2222-4333-8444-555555555555"))
ANOTHER_SUB = "33333333-2222-4333-8444-555555555555"

GOOD_HEADER = {"alg": "ES256", "typ": "at+jwt", "kid": KEY.thumbprint()}

Asked = Callable[["Desk", str], Awaitable[object]]


class Desk(Office):
    """An office that knows one launch with a patient."""

    def __init__(self) -> None:
        super().__init__()
        self.access = AccessTokens(self.access.own, self.companies, MemoryLaunches({LAUNCH_ID: PATIENT_OF_LAUNCH}))

    def launch_token(self, **changes: Any) -> str:
        return self.signed(role="Professional", sub=ANOTHER_SUB, launchId=str(LAUNCH_ID), scope=None, **changes)

    def internal_token(self, **changes: Any) -> str:
        return self.signed(role="Internal", sub="dossier", client_id="dossier", scope=None, **changes)

    def patient_token(self) -> str:
        return self.signed(role="Patient", sub=ANOTHER_SUB, client_id="website", scope=None)


async def company(desk: Desk, token: str) -> object:
    return await desk.access.company(token, Scope.DOSSIER_READ)


async def either(desk: Desk, token: str) -> object:
    return await desk.access.company_or_launch(token, Scope.DOSSIER_READ)


async def service(desk: Desk, token: str) -> object:
    return await desk.access.own.internal(token)


async def test_each_caller_is_told_apart_by_the_role_that_we_signed() -> None:
    desk = Desk()
    caller = await company(desk, desk.signed())
    assert caller == CompanyCaller(desk.company, int(desk.clock().timestamp()))
    assert await either(desk, desk.signed()) == caller
    assert await either(desk, desk.launch_token()) == LaunchCaller(desk.company, LAUNCH_ID, PATIENT_OF_LAUNCH)
    assert await service(desk, desk.internal_token()) == "dossier"
    assert desk.audit.events == []


async def test_a_launch_without_a_patient_has_none_for_its_caller() -> None:
    desk = Desk()
    other = LaunchId(uuid4())
    caller = await either(desk, desk.signed(role="Professional", launchId=str(other), scope=None))
    assert caller == LaunchCaller(desk.company, other, None)


@dataclass(frozen=True)
class Refusal:
    """A call with a token, and the event that it leaves; `of` is whose the token is."""

    asked: Asked
    token: Callable[[Desk], str]
    role: str
    cause: str
    of: str = "company"


def gone(desk: Desk, token: str) -> str:
    del desk.companies.signers[desk.company]
    return token


REFUSED: dict[str, Refusal] = {
    "a launch's token for a company's call": Refusal(company, Desk.launch_token, LAUNCH.name, "wrong_role", "launch"),
    "a service's token for a company's call": Refusal(company, Desk.internal_token, INTERNAL.name, "wrong_role", ""),
    "a patient's token for a company's call": Refusal(company, Desk.patient_token, PATIENT.name, "wrong_role", ""),
    "a service's token for a launch's call": Refusal(either, Desk.internal_token, INTERNAL.name, "wrong_role", ""),
    "a patient's token for a launch's call": Refusal(either, Desk.patient_token, PATIENT.name, "wrong_role", ""),
    "a company's token for a service's call": Refusal(service, Desk.signed, COMPANY.name, "wrong_role"),
    "a launch's token for a service's call": Refusal(service, Desk.launch_token, LAUNCH.name, "wrong_role", "launch"),
    "a scope that it lacks": Refusal(company, lambda desk: desk.signed(scope="x"), COMPANY.name, "scope_missing"),
    "a scope between other blanks": Refusal(
        company, lambda desk: desk.signed(scope="x\tdossier:read"), COMPANY.name, "scope_missing"
    ),
    "a scope it lacks, either": Refusal(either, lambda desk: desk.signed(scope="x"), COMPANY.name, "scope_missing"),
    "a company that is out": Refusal(
        company, lambda desk: gone(desk, desk.signed()), COMPANY.name, "company_not_active"
    ),
    "a launch of a company that is out": Refusal(
        either, lambda desk: gone(desk, desk.launch_token()), LAUNCH.name, "company_not_active", "launch"
    ),
    "another company in client_id": Refusal(
        company, lambda desk: desk.signed(client_id=ANOTHER_SUB, aud="x"), COMPANY.name, "claim_rejected", "company"
    ),
    "no JSON under our signature": Refusal(
        company, lambda _: jws(GOOD_HEADER, b"{", "ES256", KEY), "other", "claim_rejected", ""
    ),
    "a role that is no text": Refusal(
        company, lambda desk: desk.signed(role=["HealthcareCompany"]), "other", "claim_rejected"
    ),
    "a role that there is not": Refusal(
        company, lambda desk: desk.signed(role="x"), "other", "claim_rejected", "company"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
async def test_a_refused_bearer_token_is_one_event_with_whose_it_was_and_its_cause(case: str) -> None:
    desk, refusal = Desk(), REFUSED[case]
    with pytest.raises((NotAuthenticated, PermissionDenied)) as caught:
        await refusal.asked(desk, refusal.token(desk))

    assert [event.type.name for event in desk.audit.events] == ["bearer.refused"]
    kept = dict(desk.audit.events[0].fields)
    expected: dict[str, object] = {"role": refusal.role, "cause": refusal.cause}
    if refusal.of:
        expected["company_id"] = str(desk.company)
    if refusal.of == "launch":
        expected["launch_id"] = str(LAUNCH_ID)
    assert {name: str(value) for name, value in kept.items()} == expected
    assert caught.value.audited


DETAILS: list[tuple[Asked, Callable[[Desk], str], str, str]] = [
    (company, Desk.launch_token, "This call is for a healthcare company's own token.", ""),
    (either, Desk.internal_token, "This call is for the token of a healthcare company or of a launch.", ""),
    (service, Desk.signed, "This call is for our own services.", ""),
    (company, lambda desk: desk.signed(scope="x"), "The access token lacks the scope dossier:read.", ""),
    (
        company,
        lambda desk: gone(desk, desk.signed()),
        "The access token is not valid.",
        "company not active",
    ),
    (company, lambda desk: desk.signed(FOREIGN_KEY), "The access token is not valid.", "no_fitting_key"),
    (
        company,
        lambda desk: desk.signed(FOREIGN_KEY, header={"kid": KEY.thumbprint()}),
        "The access token is not valid.",
        "bad_signature",
    ),
    (
        company,
        lambda desk: desk.signed(aud="x"),
        "The access token is not valid.",
        "The claim aud does not keep the rule audience.",
    ),
    (
        company,
        lambda desk: desk.signed(role="x"),
        "The access token is not valid.",
        "The claim role does not keep the rule choice.",
    ),
    (
        company,
        lambda desk: desk.signed(exp=1),
        "The access token is not valid.",
        "The token's exp has passed: ask for a new one.",
    ),
]


@pytest.mark.parametrize(("asked", "token", "detail", "private"), DETAILS)
async def test_what_is_said_outside_and_what_the_log_knows(
    asked: Asked, token: Callable[[Desk], str], detail: str, private: str
) -> None:
    desk = Desk()
    with pytest.raises(ServiceError) as caught:
        await asked(desk, token(desk))
    assert (caught.value.detail, caught.value.private or "") == (detail, private)


def test_a_replay_is_refused_with_the_cure() -> None:
    refusal = replayed()
    assert isinstance(refusal, TokenReplayed)
    assert refusal.detail == "This token has been used before: sign a new one, with a new jti, for each launch."
