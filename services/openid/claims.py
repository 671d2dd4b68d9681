"""What an ID token that has verified has to say besides, and what is taken from it: a BSN, and perhaps a name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from common.audit.refusals import because
from common.errors import SignInFailed
from common.settings import OidcSettings
from schemas.base import Rules
from schemas.identifiers import Bsn

Claims = Mapping[str, Any]

MOST_OF_A_NAME: Final = 255

LEEWAY: Final = 60
"""Seconds that the provider's clock may be wrong."""


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom the provider vouches for. `name` is what the page greets with; empty where none is told."""

    bsn: Bsn
    name: str


def failed(cause: str, private: str = "") -> SignInFailed:
    """Return the refusal of a sign-in that was under way; `cause` is for the audit, one of `CAUSES`."""
    error = SignInFailed("Your identity provider has not told us who you are.", private=private or cause)
    return because(error, cause)


def require_assurance(claims: Claims, settings: OidcSettings) -> None:
    """Raise SignInFailed unless the patient signed in as surely as asked (OpenID Connect Core 2, `acr`)."""
    accepted = settings.acr_values.split()
    if accepted and claims.get("acr") not in accepted:
        error = SignInFailed("You signed in with less certainty than this service asks for. Choose a stronger way.")
        error.private = "another acr than asked for"
        raise because(error, "assurance_too_low")


def require_fresh(claims: Claims, began: int) -> None:
    """Raise SignInFailed if the provider says that the patient signed in before asked to (`auth_time`).

    `began` is in seconds since 1970. A provider that passes over `prompt=login` would let the next person at a shared
    computer in as the one before.
    """
    told = claims.get("auth_time")
    if isinstance(told, int | float) and told < began - LEEWAY:
        error = SignInFailed("Your identity provider still had somebody signed in. Sign out there, and sign in again.")
        error.private = "auth_time is before the sign-in began"
        raise because(error, "id_token_rejected")


def require_same_subject(claims: Claims, told: Claims) -> None:
    """Raise SignInFailed if the userinfo is about another (OpenID Connect Core 5.3.2)."""
    if told.get("sub") != claims["sub"]:
        raise failed("id_token_rejected", "the userinfo is of another sub")


def vouched(claims: Claims, settings: OidcSettings, rules: Rules) -> Vouched:
    """Return whom claims are about. Raises SignInFailed, which does not repeat what is no BSN."""
    told = claims.get(settings.bsn_claim)
    try:
        bsn = Bsn(told, rules) if isinstance(told, str) else None
    except ValueError:
        bsn = None
    if bsn is None:
        raise failed("no_bsn", "the claim with the BSN is missing" if told is None else "the claim holds no BSN")
    return Vouched(bsn, _name(claims.get(settings.name_claim or ""), bsn))


def _name(told: object, bsn: Bsn) -> str:
    """Return a name that can be shown; it decides nothing, so one that is odd, or has the BSN in it, is not shown."""
    if not isinstance(told, str) or len(told) > MOST_OF_A_NAME or not told.isprintable():
        return ""
    return "" if bsn.reveal().removeprefix("0") in told else told.strip()
