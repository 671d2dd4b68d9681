"""Who may have signed: from what stands beside and in a token to the keys that can prove it.

The signer is whoever owns the key that verified. What a token says of itself only narrows the choice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final, Protocol
from uuid import UUID

from common.errors import UnknownKey, UntrustedIssuer
from keys.partners import PartnerKey, VerificationKey
from keys.ring import KeyRing
from schemas.identifiers import CompanyId
from sso.verifier.flaws import Flaw
from sso.verifier.token import RawToken

_UUID_LENGTH: Final = 36
"""Characters: what is longer or shorter is nobody's id, and not kept in mind."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A company that may launch."""

    company_id: CompanyId
    company_name: str
    client_id: str = field(init=False, compare=False)
    """The company's id as tokens say it."""

    def __post_init__(self) -> None:
        """Write the id down once: each step of a verification compares with it."""
        object.__setattr__(self, "client_id", str(self.company_id))


class Companies(Protocol):
    async def signer(self, company_id: CompanyId) -> Signer | None:
        """Return the company if it exists and is active."""
        ...


class VerificationKeys(Protocol):
    async def current(self, company_id: CompanyId) -> Sequence[PartnerKey]:
        """Return the company's keys that count, uploaded and published."""
        ...

    async def find(self, kid: str) -> PartnerKey | None:
        """Return the uploaded key of this name if it is current, whoever's it is."""
        ...


class PublishedKeySets(Protocol):
    async def wanted(self, company_id: CompanyId) -> None:
        """Take note that a token names a key which the company may have published since; waits for no fetch."""
        ...


class TrustedKey(Protocol):
    """A key that may verify a token."""

    @property
    def kid(self) -> str:
        """Return its RFC 7638 thumbprint."""
        ...

    def verification_key(self) -> VerificationKey:
        """Return it as the library wants it."""
        ...


@dataclass(frozen=True, slots=True)
class OwnKey:
    """Our SSO key, with which we sign a company's tokens for it."""

    kid: str
    key: VerificationKey

    def verification_key(self) -> VerificationKey:
        return self.key


@dataclass(frozen=True, slots=True)
class Candidates:
    """A company, and the keys that fit the token: at least one."""

    signer: Signer
    keys: Sequence[TrustedKey]


@dataclass(frozen=True, slots=True)
class Trust:
    """Finds the signer by `clientId`, else `iss`, else `kid` (contract, section 2, "Signer").

    Under our own SSO key the signer is the company that we wrote into `iss`: that we wrote one, the signature proves.
    Whom a caller names beside such a token is not even looked up, so nobody learns who is there.
    """

    companies: Companies
    keys: VerificationKeys
    own: KeyRing
    sets: PublishedKeySets

    async def candidates(self, token: RawToken, client_id: str | None, now: datetime) -> Candidates:
        """Return whose signature this may be. Raises UntrustedIssuer, UnknownKey or MalformedToken."""
        own = self.own.find(token.kid, now)
        if own is not None and token.alg == self.own.alg:
            return Candidates(await self._signer(token.unverified_iss()), [OwnKey(str(token.kid), own)])
        claimed = client_id if client_id is not None else token.unverified_iss()
        if claimed is None:
            return await self._by_kid(token)
        return await self.of_company(token, claimed)

    async def of_company(self, token: RawToken, claimed: str) -> Candidates:
        """Return the keys of its own with which this company may have signed. Raises UntrustedIssuer or UnknownKey."""
        signer = await self._signer(claimed)
        keys = await self.keys.current(signer.company_id)
        if token.kid is not None and not any(key.answers_to(token.kid) for key in keys):
            await self.sets.wanted(signer.company_id)
        return Candidates(signer, fitting(keys, token))

    async def _by_kid(self, token: RawToken) -> Candidates:
        key = await self.keys.find(token.kid) if token.kid is not None else None
        if key is None:
            raise UnknownKey(Flaw.NO_SIGNER_NAMED)
        return Candidates(await self._signer(str(key.company_id)), fitting([key], token))

    async def _signer(self, claimed: str | None) -> Signer:
        company_id = _company_id(claimed) if claimed is not None and len(claimed) == _UUID_LENGTH else None
        if company_id is None:
            raise UntrustedIssuer(Flaw.NOT_A_COMPANY_ID)
        signer = await self.companies.signer(company_id)
        if signer is None or signer.client_id != claimed:
            raise UntrustedIssuer(Flaw.NO_SUCH_COMPANY)
        return signer


@lru_cache(maxsize=4096)
def _company_id(text: str) -> CompanyId | None:
    try:
        return CompanyId(UUID(text))
    except ValueError:
        return None


def fitting(keys: Sequence[PartnerKey], token: RawToken) -> Sequence[PartnerKey]:
    """Return those of the keys that can have signed the token, by algorithm and kid. Raises UnknownKey."""
    alg = "EdDSA" if token.alg == "Ed25519" else token.alg  # RFC 9864 gave the algorithm its second name
    found = [key for key in keys if key.alg == alg and key.answers_to(token.kid)]
    if not found:
        raise UnknownKey(Flaw.NO_FITTING_KEY)
    return found
