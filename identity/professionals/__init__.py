"""Professionals: the accounts they come in on, and the treatment relationships that open a patient to them.

`matching` decides which account a launch belongs to (pure), `accounts` carries that out, `relationships` does the
same for the patient's side. Everything is seen from one company: what another company links is not visible here.
"""
