"""Access tokens that a company revoked; and spends without a launch, of launch tokens that were revoked."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "revoked_tokens",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("jti_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_revoked_tokens_company_id")),
        sa.PrimaryKeyConstraint("company_id", "jti_digest", name=op.f("pk_revoked_tokens")),
    )
    op.create_index(op.f("ix_revoked_tokens_kept_until"), "revoked_tokens", ["kept_until"], unique=False)
    with op.batch_alter_table("spends") as spends:
        spends.alter_column("launch_id", existing_type=sa.Uuid(), nullable=True)
