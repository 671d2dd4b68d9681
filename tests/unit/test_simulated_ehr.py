"""The simulated EHR: a company like any other, whose tokens the verifier takes apart and verifies."""

import json
import stat
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from common.clock import Clock
from identity.companies.model import Company, CompanySecret, Status, first_secret
from identity.companies.service import Companies
from keys.partners import PartnerKey, PartnerKeys
from schemas.base import Rules
from schemas.identifiers import CompanyId
from schemas.profiles import PROFESSIONAL
from services.demo.draft import Draft
from services.demo.ehr import SimulatedEhr, open_ehr
from services.demo.signed_page import masked
from sso.issuer.clients import secret_digest
from sso.verifier.signature import verifies
from sso.verifier.token import take_apart
from sso.verifier.verify import read_claims, require_fresh, require_profile
from tests.support.memory import MemoryAudit

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
BSN = "426308505"


def clock() -> datetime:
    return NOW


@dataclass
class MemoryCompanies:
    kept: dict[CompanyId, Company] = field(default_factory=dict)
    secrets: dict[CompanyId, bytes] = field(default_factory=dict)

    async def add(self, company: Company, secret_digest: bytes) -> None:
        self.kept[company.company_id] = company
        self.secrets[company.company_id] = secret_digest

    async def find(self, company_id: CompanyId) -> Company | None:
        return self.kept.get(company_id)

    async def all(self) -> Sequence[Company]:
        return list(self.kept.values())

    async def set_status(self, company_id: CompanyId, status: Status, *, was: Status) -> bool:
        company = self.kept[company_id]
        if company.status is not was:
            return False
        self.kept[company_id] = replace(company, status=status)
        return True

    async def with_secrets(
        self, company_id: CompanyId, now: datetime
    ) -> tuple[Company, Sequence[CompanySecret]] | None:
        assert now == NOW
        company = self.kept.get(company_id)
        return (company, [first_secret(company, self.secrets[company_id])]) if company else None

    async def note_use(self, secret_id: UUID, now: datetime, unless_after: datetime) -> None:
        pass

    async def names(self, company_ids: Collection[CompanyId]) -> Mapping[CompanyId, str]:
        return {company_id: self.kept[company_id].name for company_id in company_ids}


@dataclass
class MemoryKeys:
    kept: dict[str, PartnerKey] = field(default_factory=dict)

    async def add(self, key: PartnerKey) -> tuple[PartnerKey, bool]:
        self.kept[key.kid] = key
        return key, True

    async def current(self, company_id: CompanyId) -> Sequence[PartnerKey]:
        return [key for key in self.kept.values() if key.company_id == company_id]

    async def find(self, kid: str) -> PartnerKey | None:
        return self.kept.get(kid)

    async def revoke(self, company_id: CompanyId, kid: str, now: datetime) -> bool:  # noqa: ARG002 - the protocol's
        return self.kept.pop(kid, None) is not None

    async def revoke_exposed(self, key: PartnerKey, now: datetime) -> bool:
        return await self.revoke(key.company_id, key.kid, now)


@dataclass
class World:
    """A service that knows companies and keys, and the EHR's file."""

    path: Path
    companies: MemoryCompanies = field(default_factory=MemoryCompanies)
    keys: MemoryKeys = field(default_factory=MemoryKeys)
    clock: Clock = clock
    policy: Status = Status.ACTIVE

    async def open(self) -> SimulatedEhr:
        companies = Companies(self.companies, MemoryAudit(), self.clock, self.policy)
        return await open_ehr(self.path, companies, PartnerKeys(self.keys, MemoryAudit(), self.clock, ()), self.clock)

    def file(self) -> dict[str, Any]:
        members: dict[str, Any] = json.loads(self.path.read_text())
        return members


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "ehr.json")


def kids(ehr: SimulatedEhr) -> tuple[str, str]:
    return ehr.rsa.kid, ehr.ec.kid


def full_claims(ehr: SimulatedEhr) -> dict[str, object]:
    return ehr.claims(
        sub="profID1241",
        prof_info={"firstname": "John", "lastname": "de Vries", "email": "john.devries@praktijk.nl", "agb": ""},
        patient_info={"bsn": BSN, "firstname": "Peter", "lastname": "de Mol", "email": ""},
        treatment_relationship_id="1532",
    )


async def test_its_company_is_active_where_others_wait_for_approval(world: World) -> None:
    world.policy = Status.PENDING
    ehr = await world.open()
    assert world.companies.kept[ehr.company_id].status is Status.ACTIVE


async def test_its_tokens_verify_with_the_registered_keys_and_keep_the_profile(world: World) -> None:
    ehr = await world.open()
    for key in (ehr.ec, ehr.rsa):
        raw = take_apart(Draft.of(key, full_claims(ehr)).signed())
        require_profile(raw, PROFESSIONAL)
        assert raw.kid == key.kid
        assert verifies(raw.signing_input, raw.signature, raw.alg, world.keys.kept[key.kid].verification_key())
    claims = read_claims(raw, PROFESSIONAL, Rules())
    require_fresh(claims, PROFESSIONAL, NOW)
    assert (claims.sub, claims.treatment_relationship_id) == ("profID1241", "1532")
    assert claims.bsn is not None
    assert claims.professional.email == "john.devries@praktijk.nl"


async def test_a_token_of_another_ehr_does_not_verify_with_its_key(world: World, tmp_path: Path) -> None:
    ehr, other = await world.open(), await World(tmp_path / "other.json").open()
    raw = take_apart(Draft.of(other.rsa, full_claims(other)).signed())
    assert not verifies(raw.signing_input, raw.signature, raw.alg, world.keys.kept[ehr.rsa.kid].verification_key())


async def test_what_is_empty_is_left_out_and_every_token_has_a_jti_of_its_own(world: World) -> None:
    ehr = await world.open()
    claims = full_claims(ehr)
    assert claims["patientInfo"] == {"bsn": BSN, "firstname": "Peter", "lastname": "de Mol"}
    assert "agb" not in json.dumps(claims)
    assert claims["jti"] != full_claims(ehr)["jti"]
    assert ehr.claims("x", {}, {}, "").keys() == {"jti", "iat", "sub"}


async def test_it_stays_the_same_company_with_the_same_key_over_restarts(world: World) -> None:
    first, second = await world.open(), await world.open()
    assert (first.company_id, kids(first)) == (second.company_id, kids(second))
    assert len(world.companies.kept) == 1


async def test_a_file_of_before_gets_the_second_key_and_keeps_the_first(world: World) -> None:
    first = await world.open()
    before = {name: value for name, value in world.file().items() if name != "ecJwk"}
    world.path.write_text(json.dumps(before))
    second = await world.open()
    assert (second.company_id, second.rsa.kid) == (first.company_id, first.rsa.kid)
    assert second.ec.kid != first.ec.kid
    assert kids(await world.open()) == kids(second)


async def test_its_file_is_for_its_owner_alone_and_holds_the_working_secret(world: World) -> None:
    ehr = await world.open()
    assert stat.S_IMODE(world.path.stat().st_mode) == 0o600
    assert world.file()["companyId"] == str(ehr.company_id)
    assert secret_digest(world.file()["companySecret"]) == world.companies.secrets[ehr.company_id]
    assert [path.name for path in world.path.parent.iterdir()] == ["ehr.json"]


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b"[]", b"{}", b'{"companyId": "1", "companySecret": "2", "jwk": {"kty": "RSA"}}']
)
async def test_a_damaged_file_is_replaced(world: World, content: bytes) -> None:
    world.path.write_bytes(content)
    ehr = await world.open()
    assert world.file()["companyId"] == str(ehr.company_id)


@pytest.mark.parametrize("member", ["jwk", "ecJwk"])
@pytest.mark.parametrize("jwk", [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}, {"kty": "EC"}, {"n": 1}, {}])
async def test_a_damaged_key_is_replaced(world: World, member: str, jwk: dict[str, object]) -> None:
    first = await world.open()
    world.path.write_text(json.dumps({**world.file(), member: jwk}))
    assert kids(await world.open()) != kids(first)


async def test_a_public_key_in_the_file_is_no_key_to_sign_with(world: World) -> None:
    first = await world.open()
    world.path.write_text(json.dumps({**world.file(), "jwk": first.rsa.public_jwk()}))
    assert kids(await world.open()) != kids(first)


async def test_a_key_that_is_revoked_or_a_company_that_is_unknown_is_replaced(world: World) -> None:
    first = await world.open()
    world.keys.kept.clear()
    second = await world.open()
    assert (second.company_id, kids(second)) != (first.company_id, kids(first))
    world.companies.kept.clear()
    third = await world.open()
    assert third.company_id != second.company_id


@pytest.mark.parametrize("which", [0, 1])
async def test_a_key_that_is_another_company_s_now_is_replaced(world: World, which: int) -> None:
    first = await world.open()
    kid = kids(first)[which]
    world.keys.kept[kid] = replace(world.keys.kept[kid], company_id=CompanyId(uuid4()))
    assert kids(await world.open()) != kids(first)


def test_the_bsn_is_shown_by_its_last_digits_alone() -> None:
    claims = {"sub": "x", "patientInfo": {"bsn": BSN, "firstname": "Peter"}}
    assert masked(claims) == {"sub": "x", "patientInfo": {"bsn": "*****8505", "firstname": "Peter"}}
    assert claims["patientInfo"] == {"bsn": BSN, "firstname": "Peter"}
    assert masked({"sub": "x"}) == {"sub": "x"}


def test_what_can_be_a_bsn_is_masked_wherever_it_stands() -> None:
    shown = masked(
        {"sub": "999990019", "jti": "j" * 9, "patientInfo": {"bsn": "12", "firstname": "426308505"}, "iat": 7}
    )
    assert shown == {
        "sub": "*****0019",
        "jti": "j" * 9,
        "patientInfo": {"bsn": "12", "firstname": "*****8505"},
        "iat": 7,
    }
