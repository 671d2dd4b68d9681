"""A digest key can be retired; and whether a pseudoniem has a row of a version is found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("digest_keys", sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_pseudoniemen_pseudoniem", "pseudoniemen", ["pseudoniem", "key_version"], unique=False)
