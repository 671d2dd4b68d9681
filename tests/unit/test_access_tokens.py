"""Our own bearer tokens: what we issue we accept, until it expires, and nothing that merely looks like it."""

from datetime import timedelta
from typing import Any, Final

import pytest
from joserfc.jwk import ECKey

from common.errors import NotAuthenticated, PermissionDenied
from keys.ring import Purpose, RingKey
from keys.schedule import Planned
from schemas.identifiers import CompanyId
from schemas.profiles import COMPANY, LAUNCH
from schemas.scopes import Scope
from sso.issuer.issue import TokenIssuer
from sso.verifier.access import AccessTokens, OwnTokens
from tests.support.clock import SetClock
from tests.support.desk import ISSUER
from tests.support.ehr import Ehr, flip, jws
from tests.support.memory import REGISTERED, MemoryAudit, MemoryCompanies, MemoryLaunches
from tests.support.own_keys import ring_of

KEY: Final = ECKey.generate_key("P-256", private=True)
OLD_KEY: Final = ECKey.generate_key("P-256", private=True)
FOREIGN_KEY: Final = ECKey.generate_key("P-256", private=True)


class Office:
    """An issuer and a verifier on one ring, and a company that has a token."""

    def __init__(self) -> None:
        self.clock = SetClock()
        self.ring = ring_of(Purpose.ACCESS, KEY, OLD_KEY)
        self.companies, self.audit = MemoryCompanies(), MemoryAudit()
        self.company: CompanyId = self.companies.add()
        self.issuer = TokenIssuer(self.ring, ISSUER)
        self.access = AccessTokens(
            OwnTokens(self.ring, self.audit, ISSUER, self.clock), self.companies, MemoryLaunches()
        )

    def issue(self, *, scope: str = "dossier:read", until: timedelta | None = None) -> str:
        company = str(self.company)
        claims = {"sub": company, "client_id": company, "company_name": "De Linde", "scope": scope}
        end = None if until is None else self.clock() + until
        return self.issuer.issue(COMPANY, claims, self.clock(), until=end).token

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return the claims of a good token as they are on the wire."""
        now, company = int(self.clock().timestamp()), str(self.company)
        good = {
            "iss": ISSUER, "aud": ISSUER, "sub": company, "client_id": company, "companyName": "De Linde",
            "role": "HealthcareCompany", "scope": "dossier:read", "iat": now, "exp": now + 900, "jti": "x",
        }  # fmt: skip
        return {name: value for name, value in (good | changes).items() if value is not None}

    def signed(self, key: ECKey = KEY, header: dict[str, Any] | None = None, **claims: Any) -> str:
        good = {"alg": "ES256", "typ": "at+jwt", "kid": key.thumbprint()}
        return jws(good | (header or {}), self.claims(**claims), "ES256", key)

    async def accepted(self, token: str) -> bool:
        """Return whether a token is one of ours."""
        try:
            return (await self.access.company(token, Scope.DOSSIER_READ)).company_id == self.company
        except NotAuthenticated:
            return False


async def test_what_we_issue_we_accept() -> None:
    office = Office()
    assert await office.accepted(office.issue())
    assert await office.accepted(office.signed())
    assert await office.accepted(office.signed(OLD_KEY))


REFUSED: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://other.example"},
    "our URL with a slash": {"iss": f"{ISSUER}/"},
    "another audience": {"aud": "https://other.example"},
    "audiences in an array": {"aud": [ISSUER]},
    "an unknown role": {"role": "Administrator"},
    "no role": {"role": None},
    "no exp": {"exp": None},
    "exp as text": {"exp": "9999999999"},
    "exp as a boolean": {"exp": True},
    "no iat": {"iat": None},
    "no jti": {"jti": None},
    "no scope": {"scope": None},
    "no name": {"companyName": None},
    "a company that does not exist": {"sub": "11111111-2222-4333-8444-555555555555"},
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED)
async def test_a_token_with_our_signature_that_is_not_for_us_or_incomplete_is_refused(changes: dict[str, Any]) -> None:
    office = Office()
    assert not await office.accepted(office.signed(**changes))


HEADERS: dict[str, dict[str, Any]] = {
    "alg none": {"alg": "none"},
    "HS256": {"alg": "HS256"},
    "RS256": {"alg": "RS256"},
    "typ JWT": {"typ": "JWT"},
    "typ of an SSO token": {"typ": "sso+jwt"},
    "an unknown kid": {"kid": "x" * 43},
    "an empty kid": {"kid": ""},
    "the kid of our other key": {"kid": OLD_KEY.thumbprint()},
    "a critical extension": {"crit": ["x"], "x": 1},
    "a key in the header": {"jwk": KEY.as_dict(private=False)},
}


@pytest.mark.parametrize("header", HEADERS.values(), ids=HEADERS)
async def test_a_token_with_another_header_is_refused(header: dict[str, Any]) -> None:
    office = Office()
    assert not await office.accepted(office.signed(header=header))


async def test_the_type_is_understood_with_and_without_application() -> None:
    office = Office()
    assert await office.accepted(office.signed(header={"typ": "application/AT+JWT"}))


@pytest.mark.parametrize("segment", [0, 1, 2])
async def test_a_flipped_bit_is_seen(segment: int) -> None:
    office = Office()
    assert not await office.accepted(flip(office.issue(), segment))


async def test_a_key_of_another_environment_signs_nothing_here() -> None:
    office = Office()
    assert not await office.accepted(office.signed(FOREIGN_KEY))
    assert not await office.accepted(office.signed(FOREIGN_KEY, header={"kid": KEY.thumbprint()}))
    assert not await office.accepted(jws({"alg": "ES256", "typ": "at+jwt"}, office.claims(), "ES256", KEY))


async def test_a_token_ends_with_its_key_when_an_operator_takes_that_one_out() -> None:
    office = Office()
    token, old = office.issue(), office.signed(OLD_KEY)
    assert [await office.accepted(token), await office.accepted(old)] == [True, True]
    clocks_apart = office.clock() + timedelta(minutes=2)  # withdrawn by a clock that is ahead: at once all the same
    newer, older = Planned(2, REGISTERED, REGISTERED), Planned(1, REGISTERED, REGISTERED, clocks_apart)
    office.ring.replace([RingKey(KEY.thumbprint(), KEY, newer), RingKey(OLD_KEY.thumbprint(), OLD_KEY, older)])
    assert [await office.accepted(token), await office.accepted(old)] == [True, False]


async def test_every_refused_token_has_one_and_the_same_answer_and_a_cause_for_the_log() -> None:
    office = Office()
    spent = office.issue()
    office.clock.forward(days=1)
    for token in (spent, "x", office.signed(FOREIGN_KEY), office.signed(role="x"), office.signed(aud="x")):
        with pytest.raises(NotAuthenticated) as caught:
            await office.access.company(token, Scope.DOSSIER_READ)
        assert (caught.value.detail, caught.value.error) == ("The access token is not valid.", "invalid_token")
        assert caught.value.private


@pytest.mark.parametrize("text", ["", ".", "..", "x", "a.b.c", "\ud800", "A" * 9_000, "123456782"])
async def test_what_is_no_token_is_refused(text: str) -> None:
    assert not await Office().accepted(text)


async def test_a_partners_sso_token_is_no_bearer_token() -> None:
    office = Office()
    ehr = Ehr("ES256")
    assert not await office.accepted(ehr.sign(ehr.claims(office.clock(), iss=str(office.company))))
    assert not await office.accepted(jws(ehr.header(), office.claims(), "ES256", KEY))


@pytest.mark.parametrize(("second", "fine"), [(0, True), (899, True), (900, True), (929, True), (930, False)])
async def test_a_token_lasts_fifteen_minutes_and_the_leeway_to_the_second(second: int, fine: bool) -> None:  # noqa: FBT001
    office = Office()
    token = office.issue()
    office.clock.forward(seconds=second)
    assert await office.accepted(token) is fine


async def test_a_token_never_lasts_longer_than_what_it_belongs_to() -> None:
    office = Office()
    token = office.issue(until=timedelta(minutes=1))
    office.clock.forward(seconds=89)
    assert await office.accepted(token)
    office.clock.forward(seconds=1)
    assert not await office.accepted(token)


async def test_a_company_that_is_no_longer_active_is_not_let_in() -> None:
    office = Office()
    token = office.issue()
    del office.companies.signers[office.company]
    assert not await office.accepted(token)


async def test_a_scope_that_was_not_granted_is_403_and_named() -> None:
    office = Office()
    token = office.issue(scope="dossier:read keys:manage")
    await office.access.company(token, Scope.KEYS_MANAGE)
    with pytest.raises(PermissionDenied) as caught:
        await office.access.company(token, Scope.DOSSIER_WRITE)
    assert caught.value.scope == "dossier:write"


async def test_a_token_from_before_a_secret_was_revoked_manages_no_keys_and_does_all_else() -> None:
    office = Office()
    older = office.issue(scope="dossier:read keys:manage")
    office.companies.secret_revoked_at[office.company] = office.clock() + timedelta(seconds=0.9)
    with pytest.raises(NotAuthenticated, match="fetch a new one") as caught:
        await office.access.company(older, Scope.KEYS_MANAGE)
    assert (caught.value.error, caught.value.cause) == ("invalid_token", "secret_revoked")
    assert await office.accepted(older)
    assert await office.access.of_company(older, office.company, office.clock()) is not None
    with pytest.raises(PermissionDenied):  # what it never could is said as ever
        await office.access.company(office.issue(), Scope.KEYS_MANAGE)
    office.clock.forward(seconds=1)
    newer = office.issue(scope="keys:manage")
    assert (await office.access.company(newer, Scope.KEYS_MANAGE)).issued_at == office.clock().timestamp()


@pytest.mark.parametrize("scope", ["", "dossier:reader", "xdossier:read", "DOSSIER:READ", "dossier:read,keys:manage"])
async def test_a_scope_is_a_whole_word(scope: str) -> None:
    office = Office()
    with pytest.raises(PermissionDenied):
        await office.access.company(office.signed(scope=scope), Scope.DOSSIER_READ)


async def test_a_launch_token_is_good_and_of_the_wrong_kind() -> None:
    office = Office()
    ids = {"sub": "a", "client_id": str(office.company), "launch_id": "11111111-2222-4333-8444-555555555555"}
    token = office.issuer.issue(LAUNCH, ids, office.clock()).token
    with pytest.raises(PermissionDenied) as caught:
        await office.access.company(token, Scope.DOSSIER_READ)
    assert caught.value.scope == ""


def test_two_tokens_of_one_second_differ_in_their_jti() -> None:
    office = Office()
    assert office.issue() != office.issue()
