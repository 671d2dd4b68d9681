"""May this company share? Decided from what is given, looking nothing up. Who may see a dossier, says `access`."""

from datetime import datetime

from common.audit.dossier_events import PERMISSION_GRANTED, PERMISSION_WITHHELD
from common.audit.events import Event
from dossier.model import Choice, Dossier
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


def permission_event(
    at: datetime, company_id: CompanyId, pseudoniem: Pseudoniem | None, dossier: Dossier | None
) -> Event:
    """Return the event of the answer that `gave_permission` is."""
    whose = {"company_id": company_id, "pseudoniem": pseudoniem, "dossier_id": dossier.dossier_id if dossier else None}
    if gave_permission(dossier):
        return PERMISSION_GRANTED(at, **whose)
    return PERMISSION_WITHHELD(at, **whose, because=permission_of(dossier).value if dossier else "no_dossier")
