"""Indexes by which a patient's rows are found: at a launch by BSN, and when all that is kept on them is erased."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_HAS_PATIENT = sa.text("pseudoniem IS NOT NULL")


def upgrade() -> None:
    # Begins with the patient: so it serves the launch, which knows the company too, and the erasure, which does not.
    op.create_index(
        op.f("ix_treatment_relationships_pseudoniem_company_id"),
        "treatment_relationships",
        ["pseudoniem", "company_id"],
    )
    op.create_index(
        "ix_launches_patient",
        "launches",
        ["pseudoniem"],
        postgresql_where=_HAS_PATIENT,
        sqlite_where=_HAS_PATIENT,
    )
    op.create_index(op.f("ix_sessions_launch_id"), "sessions", ["launch_id"])
    op.create_index(op.f("ix_patient_sessions_pseudoniem"), "patient_sessions", ["pseudoniem"])
