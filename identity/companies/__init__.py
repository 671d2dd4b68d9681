"""Healthcare companies: their registration, the secrets they authenticate with, and whether they are active.

Answers the questions that the token endpoint and the verifier ask of a company; knows no token itself.
"""
