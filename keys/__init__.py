"""Keys: ours, which sign and are published, and those of partners, which verify.

`ring` is our own signing keys, `sealing` what lies sealed at rest, `policy` which keys of a partner we take (with
`members`, `modulus`, `edwards` and `pem`), `partners` who has which. Knows whose a key is, not what a token is.
"""
