"""Makes tokens: `issue` turns claims into a signed token by its profile, `endpoint` gives them to those who may.

Knows how a client authenticates and what a token says; not who the companies are or where keys lie.
"""
