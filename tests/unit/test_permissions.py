"""May this company share? Only an approval says yes."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from dossier.model import Choice, Consent, Dossier
from dossier.permissions import gave_permission, permission_of
from schemas.bodies import Permission
from schemas.identifiers import CompanyId, DossierId, Pseudoniem

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
PATIENT = Pseudoniem(uuid4())


def dossier(choice: Choice | None) -> Dossier:
    consent = Consent(choice, NOW, PATIENT) if choice else None
    return Dossier(DossierId(uuid4()), CompanyId(uuid4()), PATIENT, NOW, consent)


CASES = {
    "no choice yet": (None, Permission.PENDING, False),
    "approved": (Choice.APPROVED, Permission.APPROVED, True),
    "declined": (Choice.DECLINED, Permission.DECLINED, False),
}


@pytest.mark.parametrize(("choice", "permission", "gave"), CASES.values(), ids=CASES)
def test_the_latest_choice_decides(choice: Choice | None, permission: Permission, gave: bool) -> None:  # noqa: FBT001
    assert permission_of(dossier(choice)) is permission
    assert gave_permission(dossier(choice)) is gave


def test_without_a_dossier_nobody_gave_permission() -> None:
    assert gave_permission(None) is False


def test_every_choice_that_there_is_was_asked_about_here() -> None:
    assert {choice for choice, _, _ in CASES.values()} == {None, *Choice}
    assert {permission for _, permission, _ in CASES.values()} == {*Permission}
