"""The Alembic history of identity's tables, with those of keys and launches; landed revisions do not change."""
