"""A verifier of professional tokens with two companies, and tokens that are good but for one thing."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey

from common.errors import AuthenticTokenRejected, ServiceError, TokenRejected
from keys.ring import Purpose
from schemas.base import Rules
from schemas.identifiers import CompanyId
from sso.verifier.trust import Trust
from sso.verifier.verify import TokenVerifier
from tests.support.ehr import Ehr, jws, make_key
from tests.support.memory import MemoryCompanies, MemoryKeySets, MemoryPartnerKeys, partner_key
from tests.support.own_keys import ring_of

NOW: Final = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
ISSUER: Final = "https://sso.example"
LAUNCH_URL: Final = f"{ISSUER}/sso/launch"
KEYS: Final[dict[str, RSAKey | ECKey | OKPKey]] = {kind: make_key(kind) for kind in ("RSA", "ES256", "ES384", "EdDSA")}
OWN_RING: Final = ring_of(Purpose.SSO, RSAKey.generate_key(2048))
OTHER_RSA_KEY: Final = make_key("RS256")


def ehr(alg: str = "RS256") -> Ehr:
    """Return an EHR; all with one kind of key share it, because making one takes long."""
    return Ehr(alg, KEYS.get(alg, KEYS["RSA"]))


@dataclass
class Desk:
    """A verifier with two companies; the first has registered the key of `ehr`."""

    ehr: Ehr = field(default_factory=ehr)
    companies: MemoryCompanies = field(default_factory=MemoryCompanies)
    keys: MemoryPartnerKeys = field(default_factory=MemoryPartnerKeys)
    sets: MemoryKeySets = field(default_factory=MemoryKeySets)
    company: CompanyId = field(init=False)
    other: CompanyId = field(init=False)

    def __post_init__(self) -> None:
        self.company, self.other = self.companies.add(), self.companies.add(name="Ziekenhuis Oost")
        self.register(self.ehr, self.company)

    def register(self, ehr: Ehr, company_id: CompanyId) -> None:
        key = partner_key(ehr, company_id)
        self.keys.registered[key.kid] = key

    def claims(self, **changes: Any) -> dict[str, Any]:
        return self.ehr.claims(NOW, **({"iss": str(self.company)} | changes))

    def token(self, **changes: Any) -> str:
        """Return a good token with other claims."""
        return self.ehr.sign(self.claims(**changes))

    def signed(self, header: dict[str, Any], key: Any, alg: str | None = None) -> str:
        """Return a token with good claims under any header, key and algorithm."""
        return jws(self.ehr.header(**header), self.claims(), alg or self.ehr.alg, key)

    async def check(self, token: str, client_id: str | None = None) -> CompanyId:
        """Return who signed."""
        verifier = TokenVerifier(Trust(self.companies, self.keys, OWN_RING, self.sets), (ISSUER, LAUNCH_URL), Rules())
        return verifier.verified(await verifier.signed(token, client_id, NOW), NOW).signer.company_id

    async def refusal(self, token: str, client_id: str | None = None) -> TokenRejected:
        with pytest.raises(TokenRejected) as caught:
            await self.check(token, client_id)
        return caught.value


def one_and_the_same(error: ServiceError) -> bool:
    """Return whether a refusal is the one that says nothing of its cause."""
    shown = (error.code, error.detail, error.members())
    return not isinstance(error, AuthenticTokenRejected) and shown == (
        "token_rejected",
        "The token was not accepted.",
        {},
    )
