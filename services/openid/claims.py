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
    return Vouched(bsn, _name(claims.get(settings.name_claim or "")))


def _name(told: object) -> str:
    """Return a name that can be shown; it decides nothing, so one that is odd is just not shown."""
    fits = isinstance(told, str) and len(told) <= MOST_OF_A_NAME and told.isprintable()
    return told.strip() if fits and isinstance(told, str) else ""
