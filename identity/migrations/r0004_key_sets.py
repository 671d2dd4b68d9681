"""The URLs behind which companies publish keys, and those keys."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("company_keys", sa.Column("published_as", sa.String(length=255), nullable=True))
    op.create_table(
        "company_key_sets",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("uri", sa.String(length=2000), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failure", sa.String(length=16), nullable=True),
        sa.Column("skipped", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_company_key_sets_company_id")),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_company_key_sets")),
    )
    op.create_index(op.f("ix_company_key_sets_due_at"), "company_key_sets", ["due_at"], unique=False)
