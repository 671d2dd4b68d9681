"""The token profiles: for each kind of token its `typ`, its algorithms, its claims and how long it counts.

A new kind of token is a claims class and a row here, not another verification function. How old a
professional's token may be is `PROFESSIONAL.max_age`, and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Generic, TypeVar

from schemas.base import Schema
from schemas.claims import (
    AccessClaims,
    AssertionClaims,
    CompanyClaims,
    InternalClaims,
    LaunchClaims,
    PatientClaims,
    ProfessionalClaims,
)

C = TypeVar("C", bound=Schema)
A = TypeVar("A", bound=AccessClaims)

MAX_TOKEN: Final = 8 * 1024
"""Octets of a token in compact form (contract, section 2)."""

CLOCK_ERROR: Final = timedelta(seconds=60)
"""How far the clock of one of our machines may be off before a spent token could be forgotten too early."""


@dataclass(frozen=True, slots=True)
class TokenProfile(Generic[C]):
    """`typ`: the accepted media types, lower case, without "application/"; None stands for absent."""

    name: str
    typ: frozenset[str | None]
    algorithms: frozenset[str]
    claims: type[C]
    leeway: timedelta


@dataclass(frozen=True, slots=True)
class SingleUseProfile(TokenProfile[C]):
    """A token that is accepted once: if now - max_age <= `iat` <= now + leeway."""

    max_age: timedelta

    @property
    def spend_window(self) -> timedelta:
        """How long a spent token must be remembered: as long as any clock of ours could accept it.

        It may be dated ahead by the leeway when it is seen first, and two clocks may differ by twice CLOCK_ERROR.
        """
        return self.max_age + self.leeway + 2 * CLOCK_ERROR


@dataclass(frozen=True, slots=True)
class EndingProfile(SingleUseProfile[C]):
    """A token that is accepted once, until its `exp` + leeway; `exp` is now + leeway + max_age at most."""

    @property
    def spend_window(self) -> timedelta:
        """See `SingleUseProfile`: with one more leeway, after the end."""
        return self.max_age + 2 * self.leeway + 2 * CLOCK_ERROR


@dataclass(frozen=True, slots=True)
class AccessProfile(TokenProfile[A]):
    """A token of our own, used often, until its `exp`."""

    role: str
    lifetime: timedelta


PROFESSIONAL: Final = SingleUseProfile(
    name="professional",
    typ=frozenset({None, "jwt", "sso+jwt"}),
    algorithms=frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA", "Ed25519"}),
    claims=ProfessionalClaims,
    leeway=timedelta(seconds=30),
    max_age=timedelta(seconds=300),
)


ASSERTION: Final = EndingProfile(
    name="client_assertion",
    typ=frozenset({None, "jwt", "client-authentication+jwt"}),
    algorithms=PROFESSIONAL.algorithms,
    claims=AssertionClaims,
    leeway=timedelta(seconds=30),
    max_age=timedelta(seconds=300),
)
"""How a company proves who it is with its own key (RFC 7523 2.2); it may last `max_age`, by its `exp`."""


ACCESS_LEEWAY: Final = timedelta(seconds=30)
"""How long after its `exp` an access token of ours is still accepted."""


def _access(name: str, claims: type[A]) -> AccessProfile[A]:
    """Return the profile of an access token: all have the same header, age and leeway, and a role of their own."""
    return AccessProfile(
        name=name,
        typ=frozenset({"at+jwt"}),
        algorithms=frozenset({"ES256"}),
        claims=claims,
        leeway=ACCESS_LEEWAY,
        role=claims.model_fields["role"].default,
        lifetime=timedelta(minutes=15),
    )


COMPANY: Final = _access("company", CompanyClaims)
INTERNAL: Final = _access("internal", InternalClaims)
LAUNCH: Final = _access("launch", LaunchClaims)
PATIENT: Final = _access("patient", PatientClaims)

ACCESS: Final[Mapping[str, AccessProfile[Any]]] = {
    profile.role: profile for profile in (COMPANY, INTERNAL, LAUNCH, PATIENT)
}
"""The kinds of bearer tokens by their `role`."""

LONGEST: Final = max(
    PROFESSIONAL.max_age + PROFESSIONAL.leeway, *(profile.lifetime + profile.leeway for profile in ACCESS.values())
)
"""How long after it was signed the longest of our tokens can be accepted."""
