"""A token of ours, read once: whoever sends it again in its quarter of an hour need not be told anew what it says.

Remembered is the signature, which cannot become another one, and what stands under it. Whether the key still counts,
the token's time, and what its company has revoked are looked at each time.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Final
from uuid import UUID

from common.audit.kinds import OTHER
from common.errors import ClaimRejected
from keys.partners import VerificationKey
from schemas.base import Rules
from schemas.claims import AccessClaims
from schemas.profiles import ACCESS, COMPANY, AccessProfile
from sso.verifier.token import RawToken
from sso.verifier.verify import read_claims

_REMEMBERED: Final = 2048
"""Tokens of one process, each of at most a few kilobytes."""


@dataclass(frozen=True)
class OurToken:
    """A token whose signature has verified with this key of ours."""

    raw: RawToken
    key: VerificationKey

    @cached_property
    def profile(self) -> AccessProfile[AccessClaims]:
        """What kind of token it is. Raises ClaimRejected."""
        role = self.raw.claim("role")  # our own signature stands under it
        if role not in ACCESS:
            raise ClaimRejected("role", "choice")
        return ACCESS[role]

    @cached_property
    def claims(self) -> AccessClaims:
        """What it says. Raises ClaimRejected."""
        return read_claims(self.raw, self.profile, Rules())

    @cached_property
    def whose(self) -> Mapping[str, UUID | str | None]:
        """Whose it is, for the audit: what we signed, still good or not."""
        profile = ACCESS.get(self.raw.claim("role"))
        return {
            "company_id": _uuid(self.raw.claim("sub" if profile is COMPANY else "client_id")),
            "launch_id": _uuid(self.raw.claim("launchId")),
            "role": profile.name if profile else OTHER,
        }


class Remembered:
    """The last tokens that verified, by their digest: nothing here is looked up by the token itself."""

    def __init__(self) -> None:
        self._tokens: dict[bytes, OurToken] = {}

    def find(self, compact: str) -> OurToken | None:
        """Return the token if it has verified before."""
        return self._tokens.get(_digest(compact))

    def keep(self, compact: str, token: OurToken) -> None:
        """Remember a token that has verified, in place of the one that was kept first if there are too many."""
        if len(self._tokens) >= _REMEMBERED:
            del self._tokens[next(iter(self._tokens))]
        self._tokens[_digest(compact)] = token


def _digest(compact: str) -> bytes:
    return sha256(compact.encode("utf-8", "surrogatepass")).digest()


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
