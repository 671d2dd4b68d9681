"""Groups, the dossiers in them, and the words by which these are found."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_IS_LINKED = sa.text("pseudoniem IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "dossier_groups",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("group_id", name=op.f("pk_dossier_groups")),
    )
    op.create_index(op.f("ix_dossier_groups_company_id_group_id"), "dossier_groups", ["company_id", "group_id"])
    op.create_table(
        "group_dossiers",
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("pseudoniem", sa.Uuid(), nullable=True),
        sa.Column("identifier_digest", sa.LargeBinary(length=32), nullable=True),
        sa.Column("sealed_record", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["dossier_groups.group_id"], name=op.f("fk_group_dossiers_group_id")),
        sa.PrimaryKeyConstraint("dossier_id", name=op.f("pk_group_dossiers")),
        sa.UniqueConstraint("group_id", "identifier_digest", name=op.f("uq_group_dossiers_group_id_identifier_digest")),
    )
    for columns in (["company_id", "dossier_id"], ["group_id", "dossier_id"]):
        op.create_index(op.f(f"ix_group_dossiers_{'_'.join(columns)}"), "group_dossiers", columns)
    op.create_index(
        "ix_group_dossiers_linked",
        "group_dossiers",
        ["pseudoniem", "company_id", "dossier_id"],
        postgresql_where=_IS_LINKED,
        sqlite_where=_IS_LINKED,
    )
    op.create_table(
        "group_dossier_words",
        sa.Column("group_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("dossier_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dossier_id"],
            ["group_dossiers.dossier_id"],
            name=op.f("fk_group_dossier_words_dossier_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("dossier_id", "digest", name=op.f("pk_group_dossier_words")),
    )
    for columns in (["digest", "dossier_id"], ["digest", "group_id", "dossier_id"]):
        op.create_index(op.f(f"ix_group_dossier_words_{'_'.join(columns)}"), "group_dossier_words", columns)
