"""What every package may stand on, and which stands on none of them.

Owns the exception tree, the clock, the settings, the database engine and the HTTP conventions
(problem documents, bodies, bearer headers, security headers). Knows nothing of tokens, patients or companies.
"""
