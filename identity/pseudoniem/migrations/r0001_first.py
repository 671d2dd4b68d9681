"""Digest keys and pseudoniemen."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "digest_keys",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("check_value", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_digest_keys")),
    )
    op.create_table(
        "pseudoniemen",
        sa.Column("key_version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("pseudoniem", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("key_version", "digest", name=op.f("pk_pseudoniemen")),
    )
