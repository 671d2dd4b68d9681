"""The Alembic history of the pseudoniem tables; landed revisions do not change."""
