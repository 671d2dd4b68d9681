"""The steps of the verification up to the signature: whose a token is, and what it says, unread."""

import json
from dataclasses import dataclass, field
from typing import Any

from keys import policy
from keys.partners import PartnerKey
from schemas.identifiers import CompanyId
from schemas.profiles import PROFESSIONAL
from sso.verifier.token import take_apart
from sso.verifier.trust import Trust
from sso.verifier.verify import authenticate, require_profile
from tests.support.desk import NOW, OWN_RING
from tests.support.memory import REGISTERED, MemoryCompanies, MemoryKeySets, MemoryPartnerKeys


@dataclass
class SignatureCheck:
    """A company with one key, registered through the key policy; its tokens call it `kid`, or by no name."""

    jwk: dict[str, Any]
    kid: str = ""
    _companies: MemoryCompanies = field(default_factory=MemoryCompanies)
    _keys: MemoryPartnerKeys = field(default_factory=MemoryPartnerKeys)
    _company: CompanyId = field(init=False)

    def __post_init__(self) -> None:
        public = policy.from_jwk(self.jwk)
        self.kid = self.kid or public.kid
        self._company = self._companies.add()
        text = json.dumps(dict(public.jwk))
        key = PartnerKey(self.kid, self._company, public.kty, public.alg, text, None, REGISTERED)
        self._keys.registered[self.kid] = key

    async def payload(self, token: str) -> bytes:
        """Return the octets that the company's key signed. Raises a TokenRejected like the whole pipeline."""
        raw = take_apart(token)
        require_profile(raw, PROFESSIONAL)
        trust = Trust(self._companies, self._keys, OWN_RING, MemoryKeySets())
        authenticate(raw, await trust.candidates(raw, str(self._company), NOW))
        return raw.payload
