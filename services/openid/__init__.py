"""The sign-in of patients in production: an OpenID Connect provider vouches for the BSN (ADR 0029).

Owns the one sign-in that a browser has under way, what is asked of the provider, what an ID token has to say, and the
pages. Knows nothing of databases: a patient leaves here as a pseudoniem.
"""
