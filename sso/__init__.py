"""Single sign-on: the tokens and the launch that they open.

`issuer` makes tokens, `verifier` decides whether one counts and spends it, `launch` is the use case from an EHR's
token to a patient's dossier. Knows of companies, accounts and dossiers only what its protocols ask for.
"""
