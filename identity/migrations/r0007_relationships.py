"""Which relationship a launch is in, and which links a company has refused."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("launches", sa.Column("relationship_id", sa.Uuid(), nullable=True))
    op.execute(
        "UPDATE launches SET relationship_id = (SELECT treatment_relationships.relationship_id"
        " FROM treatment_relationships WHERE treatment_relationships.company_id = launches.company_id"
        " AND treatment_relationships.external_id = launches.treatment_relationship_id)"
        " WHERE treatment_relationship_id IS NOT NULL"
    )
    op.create_table(
        "refused_links",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("sub", sa.String(length=255), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_refused_links_account_id")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_refused_links_company_id")),
        sa.PrimaryKeyConstraint("company_id", "sub", "account_id", name=op.f("pk_refused_links")),
    )
