"""Which account a professional comes in on: decided from what is known, looking nothing up (contract, section 3)."""

from collections.abc import Sequence, Set
from dataclasses import dataclass

from schemas.base import folded
from schemas.claims import ProfInfo
from schemas.facts import Admission
from schemas.identifiers import AccountId


@dataclass(frozen=True, slots=True)
class Named:
    """An account that was found by e-mail address and both names, and the AGB code that it has."""

    account_id: AccountId
    agb: str | None = None


@dataclass(frozen=True, slots=True)
class Candidates:
    """The accounts that a professional may be, each found in one way.

    `by_agb`: has this AGB code, whichever company made it. `by_name`: linked to this company, with this e-mail address
    and both names; the one that was linked first comes first. `refused`: those that the company has said are not this
    `sub` (ADR 0025).
    """

    by_agb: AccountId | None = None
    by_name: Sequence[Named] = ()
    refused: Set[AccountId] = frozenset()


def decide(candidates: Candidates, info: ProfInfo, new_account: AccountId) -> Admission:
    """Return the account that an unlinked professional comes in on, the surest first.

    `new_account` is the id of one to be made.
    """
    matched = _by_agb(candidates) or (_by_name(candidates, info) if complete(info) else None)
    if matched is not None:
        return Admission(matched, "matched")
    if complete(info):
        return Admission(new_account, "created")
    return Admission(None, "registration_required")


def _by_agb(candidates: Candidates) -> AccountId | None:
    return candidates.by_agb if candidates.by_agb not in candidates.refused else None


def _by_name(candidates: Candidates, info: ProfInfo) -> AccountId | None:
    """Return the first of this name who can be meant: whoever has another AGB code is another professional."""
    meant = (one.account_id for one in candidates.by_name if info.agb is None or one.agb in {None, info.agb})
    return next((account_id for account_id in meant if account_id not in candidates.refused), None)


def complete(info: ProfInfo) -> bool:
    """Return whether the three fields that make an account are filled in (seed `sso-token.txt`)."""
    return bool(info.firstname and info.lastname and info.email)


def compared(info: ProfInfo) -> tuple[str, str, str]:
    """Return e-mail address and names as they are compared: without case, and with their diacritics."""
    return folded(info.email or ""), folded(info.firstname or ""), folded(info.lastname or "")
