"""The Alembic history of the dossier tables; landed revisions do not change."""
