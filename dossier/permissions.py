"""May this company share, and does a choice change that? Decided from what is given, looking nothing up.

Who may see a dossier, says `access`.
"""

from datetime import datetime

from common.audit.dossier_events import PERMISSION_GRANTED, PERMISSION_WITHHELD
from common.audit.events import Event
from dossier.model import Choice, ChoiceOutcome, Consent, Dossier, Seen
from schemas.bodies import Permission
from schemas.identifiers import CompanyId, Pseudoniem


def permission_of(dossier: Dossier) -> Permission:
    """Return the permission that the patient's latest choice gives; pending until the first."""
    if dossier.consent is None:
        return Permission.PENDING
    return Permission.APPROVED if dossier.consent.choice is Choice.APPROVED else Permission.DECLINED


def gave_permission(dossier: Dossier | None) -> bool:
    """Return whether the patient approved. No dossier, no choice yet or a refusal: all of them are no."""
    return dossier is not None and permission_of(dossier) is Permission.APPROVED


def outcome_of(choice: Choice, latest: Consent | None, seen: Seen | None) -> ChoiceOutcome:
    """Return what comes of a choice where this consent is the latest (ADR 0033).

    What is chosen already stays as it is, however often it is sent. Another choice is kept if it was made on what is
    there, or by somebody who does not say on what.
    """
    if latest is not None and latest.choice is choice:
        return ChoiceOutcome.REPEATED
    if seen is not None and seen.latest != (latest.number if latest else 0):
        return ChoiceOutcome.OVERTAKEN
    return ChoiceOutcome.KEPT


def permission_event(
    at: datetime, company_id: CompanyId, pseudoniem: Pseudoniem | None, dossier: Dossier | None
) -> Event:
    """Return the event of the answer that `gave_permission` is."""
    whose = {"company_id": company_id, "pseudoniem": pseudoniem, "dossier_id": dossier.dossier_id if dossier else None}
    if gave_permission(dossier):
        return PERMISSION_GRANTED(at, **whose)
    return PERMISSION_WITHHELD(at, **whose, because=permission_of(dossier).value if dossier else "no_dossier")
