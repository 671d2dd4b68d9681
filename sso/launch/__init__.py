"""The launch: from an EHR's signed token to the patient's dossier and consent, and the session that stays open.

`flow` is the happy path, `checks` what comes before the spend, `diagnosis` the same for who only asks, `context` what
the caller gets to see, `session` and `resume` how it stays open, `registration` the way in for who is not known yet,
`store_sql` the rows, `routes` the endpoints. Asks others for accounts, relationships, pseudoniemen and dossiers through
`ports`, and does not know who answers.
"""
