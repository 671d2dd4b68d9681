"""Our own verifier with all that it looks up in memory: the library without the service."""

from typing import Final

from joserfc.jwk import RSAKey

from benchmarks.tokens import Vendor
from keys.ring import Purpose
from schemas.base import Rules
from sso.verifier.trust import Trust
from sso.verifier.verify import TokenVerifier
from tests.support.ehr import Ehr
from tests.support.memory import MemoryCompanies, MemoryKeySets, MemoryPartnerKeys, partner_key
from tests.support.own_keys import ring_of

ISSUER: Final = "https://sso.example"
AUDIENCES: Final = (ISSUER, f"{ISSUER}/sso/launch")


def our_verifier(vendor: Vendor) -> tuple[TokenVerifier, str]:
    """Return a verifier that knows one company, with the key of this EHR, and the company's id."""
    companies, keys = MemoryCompanies(), MemoryPartnerKeys()
    company_id = companies.add()
    key = partner_key(Ehr("RS256", vendor.public_key()), company_id)
    keys.registered[key.kid] = key
    own = ring_of(Purpose.SSO, RSAKey.generate_key(2048))
    return TokenVerifier(Trust(companies, keys, own, MemoryKeySets()), AUDIENCES, Rules()), str(company_id)
