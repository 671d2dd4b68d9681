"""The shapes of what comes in and goes out: identifiers, claims, token profiles and bodies.

Strict, frozen, and silent about their input: no error text repeats a value.
Knows pydantic and nothing of HTTP, keys or databases.
"""
