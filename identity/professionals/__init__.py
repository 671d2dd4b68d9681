"""Professionals: the accounts that they come in on.

`matching` decides which account a launch belongs to (pure), `accounts` carries that out, `links` undoes it. A link to
an account is a company's own; an AGB code, which is one person's everywhere, is the only thing that finds an account
across companies.
"""
