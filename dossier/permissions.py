"""May this company share, and who may see a dossier? Decided from what is given, looking nothing up."""

from dossier.model import Choice, Dossier
from schemas.bodies import Permission
from schemas.callers import CompanyCaller, LaunchCaller


def permission_of(dossier: Dossier) -> Permission:
    """Return the permission that the patient's latest choice gives; pending until the first."""
    if dossier.consent is None:
        return Permission.PENDING
    return Permission.APPROVED if dossier.consent.choice is Choice.APPROVED else Permission.DECLINED


def gave_permission(dossier: Dossier | None) -> bool:
    """Return whether the patient approved. No dossier, no choice yet or a refusal: all of them are no."""
    return dossier is not None and permission_of(dossier) is Permission.APPROVED


def may_see(caller: CompanyCaller | LaunchCaller, dossier: Dossier) -> bool:
    """Return whether this caller may see the dossier: a company its own, a launch that of its own patient."""
    if dossier.company_id != caller.company_id:
        return False
    return isinstance(caller, CompanyCaller) or dossier.pseudoniem == caller.pseudoniem
