"""The shapes of what comes in and goes out: identifiers, claims, token profiles, scopes, bodies, facts and callers.

Strict, frozen, and silent about their input: no error text repeats a value. Here too is the form of a pseudoniem that
a company sees. Knows pydantic and nothing of HTTP, keys or databases.
"""
