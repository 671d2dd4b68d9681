"""The audit: events, and counted refusals."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "dossier_audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("outcome", sa.String(length=3), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("pseudoniem", sa.Uuid(), nullable=True),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_audit")),
    )
    op.create_index(op.f("ix_dossier_audit_company_id_at"), "dossier_audit", ["company_id", "at"], unique=False)
    op.create_index(op.f("ix_dossier_audit_pseudoniem_at"), "dossier_audit", ["pseudoniem", "at"], unique=False)
    op.create_table(
        "dossier_refusals",
        sa.Column("minute", sa.DateTime(timezone=True), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("minute", "address", "cause", name=op.f("pk_dossier_refusals")),
    )
