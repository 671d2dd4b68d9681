"""May this company share? Decided from the patient's latest choice, and from nothing else."""

from dossier.model import Choice, Dossier
from schemas.bodies import Permission


def permission_of(dossier: Dossier) -> Permission:
    """Return the permission that the patient's latest choice gives; pending until the first."""
    if dossier.consent is None:
        return Permission.PENDING
    return Permission.APPROVED if dossier.consent.choice is Choice.APPROVED else Permission.DECLINED


def gave_permission(dossier: Dossier | None) -> bool:
    """Return whether the patient approved. No dossier, no choice yet or a refusal: all of them are no."""
    return dossier is not None and permission_of(dossier) is Permission.APPROVED
