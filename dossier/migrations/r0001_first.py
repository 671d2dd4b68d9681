"""Dossiers and consents."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "dossiers",
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("pseudoniem", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("dossier_id", name=op.f("pk_dossiers")),
        sa.UniqueConstraint("company_id", "pseudoniem", name=op.f("uq_dossiers_company_id_pseudoniem")),
    )
    op.create_index(
        op.f("ix_dossiers_company_id_created_at_dossier_id"),
        "dossiers",
        ["company_id", "created_at", "dossier_id"],
        unique=False,
    )
    op.create_index(op.f("ix_dossiers_pseudoniem"), "dossiers", ["pseudoniem"], unique=False)
    op.create_table(
        "consents",
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("choice", sa.String(length=8), nullable=False),
        sa.Column("chosen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chosen_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dossier_id"], ["dossiers.dossier_id"], name=op.f("fk_consents_dossier_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("dossier_id", "number", name=op.f("pk_consents")),
    )
