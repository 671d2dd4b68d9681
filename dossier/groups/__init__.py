"""Groups, and the dossiers in them: records of a company's own on persons, who may be patients (ADR 0023).

`service` is what companies and launches can do, `store_sql` keeps the groups and `records` the dossiers, which lie
sealed and are found by keyed digests. Whether a patient consents is none of its business.
"""
