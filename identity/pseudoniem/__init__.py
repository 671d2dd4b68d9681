"""The pseudoniem of each BSN: random, one per person, found again by a keyed digest of the BSN.

The only package that sees a BSN's digits and the digest key. It keeps (key version, digest) -> pseudoniem and nothing
else, and owns its database: the rest of the service knows a patient by pseudoniem alone.
"""
