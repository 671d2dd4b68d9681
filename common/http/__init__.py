"""The HTTP conventions that every endpoint shares (contract, section 1).

Owns the one table from exception to wire form, the reading of bodies, the bearer header, content negotiation,
and the middleware that gives each response its request id and security headers. Knows no endpoint.
"""
