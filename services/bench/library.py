"""The verifier alone, with one company and its key in memory."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from keys import policy
from keys.partners import PartnerKey, kept_form
from keys.ring import KeyRing, Purpose
from keys.schedule import Rotation
from schemas.base import Rules
from schemas.identifiers import CompanyId
from services.bench.vendor import Vendor
from sso.verifier.trust import Signer, Trust
from sso.verifier.verify import TokenVerifier

ISSUER: Final = "https://sso.example"
_ROTATION: Final = Rotation(signs=timedelta(days=90), announced=timedelta(hours=1), kept=timedelta(hours=1))


@dataclass(frozen=True, slots=True)
class _OneCompany:
    """All that trust asks about: a company that is active, and its key."""

    company: Signer
    key: PartnerKey

    async def signer(self, company_id: CompanyId) -> Signer | None:
        return self.company if company_id == self.company.company_id else None

    async def current(self, company_id: CompanyId) -> Sequence[PartnerKey]:
        return [self.key] if company_id == self.key.company_id else []

    async def find(self, kid: str) -> PartnerKey | None:
        return self.key if kid == self.key.kid else None

    async def wanted(self, company_id: CompanyId) -> None:
        raise LookupError(f"the key of {company_id} is known")


def verifier_of(vendor: Vendor, now: datetime) -> tuple[TokenVerifier, str]:
    """Return a verifier that knows one company, with the key of this EHR, and the company's id."""
    company_id = CompanyId(uuid.uuid4())
    key = policy.from_jwk(vendor.public_jwk())
    kept = PartnerKey(key.kid, company_id, key.kty, key.alg, kept_form(key), None, now)
    known = _OneCompany(Signer(company_id, "Huisartsenpraktijk De Linde"), kept)
    trust = Trust(known, known, KeyRing(Purpose.SSO, _ROTATION), known)
    return TokenVerifier(trust, (ISSUER, f"{ISSUER}/sso/launch"), Rules()), str(company_id)


async def verify_all(verifier: TokenVerifier, company_id: str, tokens: Sequence[str], now: datetime) -> None:
    """Verify these tokens; none of it waits for anything. Raises TokenRejected."""
    for token in tokens:
        verifier.verified(await verifier.signed(token, company_id, now), now)
