"""The times of our own signing keys."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("signing_keys") as table:
        for name in ("published_from", "signs_from", "withdrawn_at"):
            table.add_column(sa.Column(name, _TIME, nullable=True))
    op.execute("UPDATE signing_keys SET published_from = created_at, signs_from = created_at")
    with op.batch_alter_table("signing_keys") as table:
        table.alter_column("published_from", existing_type=_TIME, nullable=False)
        table.alter_column("signs_from", existing_type=_TIME, nullable=False)
        table.drop_column("created_at")
