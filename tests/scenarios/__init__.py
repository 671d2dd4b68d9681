"""The service seen from outside, over HTTP, on SQLite and on PostgreSQL."""
