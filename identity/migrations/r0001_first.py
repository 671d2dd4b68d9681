"""Companies, keys, accounts, relationships, launches and patients."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("agb", sa.String(length=8), nullable=True),
        sa.Column("sealed_firstname", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_lastname", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_email", sa.LargeBinary(), nullable=False),
        sa.Column("name_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_accounts")),
    )
    has_agb = sa.text("agb IS NOT NULL")
    op.create_index("uq_accounts_agb", "accounts", ["agb"], unique=True, postgresql_where=has_agb, sqlite_where=has_agb)
    op.create_index(op.f("ix_accounts_name_digest"), "accounts", ["name_digest"], unique=False)
    op.create_table(
        "companies",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_companies")),
    )
    op.create_table(
        "patient_sessions",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("pseudoniem", sa.Uuid(), nullable=False),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_patient_sessions")),
    )
    op.create_index(op.f("ix_patient_sessions_seen_at"), "patient_sessions", ["seen_at"], unique=False)
    op.create_table(
        "patients",
        sa.Column("pseudoniem", sa.Uuid(), nullable=False),
        sa.Column("sealed_first_name", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_last_name", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("pseudoniem", name=op.f("pk_patients")),
    )
    op.create_table(
        "signing_keys",
        sa.Column("kid", sa.String(length=43), nullable=False),
        sa.Column("purpose", sa.String(length=8), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_signing_keys")),
        sa.UniqueConstraint("purpose", "generation", name=op.f("uq_signing_keys_purpose_generation")),
    )
    op.create_table(
        "account_links",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("sub", sa.String(length=255), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_account_links_account_id")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_account_links_company_id")),
        sa.PrimaryKeyConstraint("company_id", "sub", name=op.f("pk_account_links")),
    )
    op.create_index(op.f("ix_account_links_account_id"), "account_links", ["account_id"], unique=False)
    op.create_table(
        "company_keys",
        sa.Column("kid", sa.String(length=43), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("kty", sa.String(length=3), nullable=False),
        sa.Column("alg", sa.String(length=7), nullable=False),
        sa.Column("jwk", sa.Text(), nullable=False),
        sa.Column("label", sa.String(length=255), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("place >= 1 AND place <= 5", name=op.f("ck_company_keys_place")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_company_keys_company_id")),
        sa.PrimaryKeyConstraint("kid", name=op.f("pk_company_keys")),
        sa.UniqueConstraint("company_id", "place", name=op.f("uq_company_keys_company_id_place")),
    )
    op.create_table(
        "company_secrets",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_company_secrets_company_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_company_secrets")),
    )
    op.create_index(op.f("ix_company_secrets_company_id"), "company_secrets", ["company_id"], unique=False)
    op.create_table(
        "launches",
        sa.Column("launch_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("sub", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=21), nullable=False),
        sa.Column("pseudoniem", sa.Uuid(), nullable=True),
        sa.Column("treatment_relationship_id", sa.String(length=255), nullable=True),
        sa.Column("launched_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed_told", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.account_id"], name=op.f("fk_launches_account_id")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_launches_company_id")),
        sa.PrimaryKeyConstraint("launch_id", name=op.f("pk_launches")),
    )
    told = sa.text("sealed_told IS NOT NULL")
    op.create_index("ix_launches_told", "launches", ["launched_at"], postgresql_where=told, sqlite_where=told)
    op.create_table(
        "spends",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("jti_digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("launch_id", sa.Uuid(), nullable=False),
        sa.Column("spent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.company_id"], name=op.f("fk_spends_company_id")),
        sa.PrimaryKeyConstraint("company_id", "jti_digest", name=op.f("pk_spends")),
    )
    op.create_index(op.f("ix_spends_spent_at"), "spends", ["spent_at"], unique=False)
    op.create_table(
        "treatment_relationships",
        sa.Column("relationship_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("external_id", sa.String(length=255), nullable=False),
        sa.Column("pseudoniem", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.company_id"], name=op.f("fk_treatment_relationships_company_id")
        ),
        sa.PrimaryKeyConstraint("relationship_id", name=op.f("pk_treatment_relationships")),
        sa.UniqueConstraint(
            "company_id", "external_id", name=op.f("uq_treatment_relationships_company_id_external_id")
        ),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("launch_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_patient", sa.LargeBinary(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["launch_id"], ["launches.launch_id"], name=op.f("fk_sessions_launch_id")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_sessions")),
    )
    op.create_index(op.f("ix_sessions_seen_at"), "sessions", ["seen_at"], unique=False)
    op.create_table(
        "treatment_relationship_members",
        sa.Column("relationship_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.account_id"], name=op.f("fk_treatment_relationship_members_account_id")
        ),
        sa.ForeignKeyConstraint(
            ["relationship_id"],
            ["treatment_relationships.relationship_id"],
            name=op.f("fk_treatment_relationship_members_relationship_id"),
        ),
        sa.PrimaryKeyConstraint("relationship_id", "account_id", name=op.f("pk_treatment_relationship_members")),
    )
