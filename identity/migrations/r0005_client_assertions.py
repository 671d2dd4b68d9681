"""The client assertions that were used."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "client_assertions",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("jti_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_client_assertions_company_id")),
        sa.PrimaryKeyConstraint("company_id", "jti_digest", name=op.f("pk_client_assertions")),
    )
    op.create_index(op.f("ix_client_assertions_spent_at"), "client_assertions", ["spent_at"], unique=False)
