"""The launch: from an EHR's signed token to the patient's dossier and consent, and the session that stays open.

`flow` is the happy path, `context` what the caller gets to see, `session` how long it stays open, `store_sql` the
launch, spend and session rows, `routes` the endpoints. Asks others for accounts, relationships, pseudoniemen and
dossiers through `ports`, and does not know who answers.
"""
