"""What a patient had read when choosing, and in which language. Nobody knows it of what is there."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    with op.batch_alter_table("consents") as table:
        table.add_column(sa.Column("language", sa.String(length=35), nullable=True))
        table.add_column(sa.Column("shown", sa.Text(), nullable=True))
