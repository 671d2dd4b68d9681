"""When a company last revoked a secret. Nobody knows it of what is there; tokens from before end in 15 minutes."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    with op.batch_alter_table("companies") as table:
        table.add_column(sa.Column("secret_revoked_at", sa.DateTime(timezone=True), nullable=True))
