"""Real servers for tests: Redis, PostgreSQL and Chromium, started on loopback and ended by process id."""
