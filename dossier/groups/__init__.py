"""Groups, and the dossiers in them: records of a company's own on persons, who may be patients (ADR 0023).

`words` says which words of a name are searched (pure), `service` is what companies and launches can do, `store_sql`
keeps every record sealed and finds it by keyed digests. Whether a patient consents is none of its business.
"""
