"""Makes tokens: `issue` turns claims into a signed token by its profile; the endpoints give them to those who may.

`endpoint` serves companies, `internal` our own services, `professional` signs launch tokens for companies that
have no key. Knows how a client authenticates and what a token says; not who the companies are or where keys lie.
"""
