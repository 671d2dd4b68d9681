"""May this company share, and who may see a dossier? Decided from what is given, looking nothing up."""

from datetime import datetime

from common.audit.catalogue import PERMISSION_GRANTED, PERMISSION_WITHHELD
from common.audit.events import Event
from dossier.model import Choice, Dossier
from schemas.bodies import Permission
from schemas.callers import CompanyCaller, LaunchCaller
from schemas.identifiers import CompanyId, Pseudoniem


def permission_of(dossier: Dossier) -> Permission:
    """Return the permission that the patient's latest choice gives; pending until the first."""
    if dossier.consent is None:
        return Permission.PENDING
    return Permission.APPROVED if dossier.consent.choice is Choice.APPROVED else Permission.DECLINED


def gave_permission(dossier: Dossier | None) -> bool:
    """Return whether the patient approved. No dossier, no choice yet or a refusal: all of them are no."""
    return dossier is not None and permission_of(dossier) is Permission.APPROVED


def permission_event(
    at: datetime, company_id: CompanyId, pseudoniem: Pseudoniem | None, dossier: Dossier | None
) -> Event:
    """Return the event of the answer that `gave_permission` is."""
    whose = {"company_id": company_id, "pseudoniem": pseudoniem, "dossier_id": dossier.dossier_id if dossier else None}
    if gave_permission(dossier):
        return PERMISSION_GRANTED(at, **whose)
    return PERMISSION_WITHHELD(at, **whose, because=permission_of(dossier).value if dossier else "no_dossier")


def reason_to_withhold(caller: CompanyCaller | LaunchCaller, dossier: Dossier | None) -> str | None:
    """Return why this caller may not see the dossier, None if it may: a company its own, a launch its own patient's.

    The words are causes of the audit; the caller is told the same for each of them.
    """
    if dossier is None:
        return "not_found"
    if dossier.company_id != caller.company_id:
        return "another_company"
    if isinstance(caller, LaunchCaller) and dossier.pseudoniem != caller.pseudoniem:
        return "another_patient"
    return None
