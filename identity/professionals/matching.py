"""Which account a professional comes in on: decided from what is known, looking nothing up (contract, section 3)."""

from dataclasses import dataclass

from schemas.base import folded
from schemas.claims import ProfInfo
from schemas.facts import Admission
from schemas.identifiers import AccountId


@dataclass(frozen=True, slots=True)
class Candidates:
    """The accounts that a professional may be, each found in one way.

    `linked`: to this company and `sub`. `by_agb`: has this AGB code, whichever company made it. `by_name`: linked to
    this company, with this e-mail address and both names.
    """

    linked: AccountId | None = None
    by_agb: AccountId | None = None
    by_name: AccountId | None = None


def decide(candidates: Candidates, info: ProfInfo, new_account: AccountId) -> Admission:
    """Return the account to come in on, the surest first; `new_account` is the id of one to be made."""
    if candidates.linked is not None:
        return Admission(candidates.linked, "linked")
    matched = candidates.by_agb or (candidates.by_name if complete(info) else None)
    if matched is not None:
        return Admission(matched, "matched")
    if complete(info):
        return Admission(new_account, "created")
    return Admission(None, "registration_required")


def complete(info: ProfInfo) -> bool:
    """Return whether the three fields that make an account are filled in (seed `sso-token.txt`)."""
    return bool(info.firstname and info.lastname and info.email)


def compared(info: ProfInfo) -> tuple[str, str, str]:
    """Return e-mail address and names as they are compared."""
    return folded(info.email or ""), folded(info.firstname or ""), folded(info.lastname or "")
