"""A name, a label, an end and a last use for each secret of a company; those that are there have no end.

And the client assertions of our own services that were used.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_TIME = sa.DateTime(timezone=True)
_RANDOM = {"postgresql": "gen_random_uuid()", "sqlite": "(lower(hex(randomblob(16))))"}


def upgrade() -> None:
    # So are named those that are there, and those of companies that register while the version before this one runs.
    name = sa.text(_RANDOM[op.get_bind().dialect.name])
    with op.batch_alter_table("company_secrets") as table:
        table.add_column(sa.Column("secret_id", sa.Uuid(), nullable=False, server_default=name))
        table.add_column(sa.Column("label", sa.String(length=255), nullable=True))
        table.add_column(sa.Column("expires_at", _TIME, nullable=True))
        table.add_column(sa.Column("last_used_at", _TIME, nullable=True))
        table.create_unique_constraint(op.f("uq_company_secrets_secret_id"), ["secret_id"])
    op.create_table(
        "service_assertions",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("spent_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_service_assertions")),
    )
    op.create_index(op.f("ix_service_assertions_spent_at"), "service_assertions", ["spent_at"], unique=False)
