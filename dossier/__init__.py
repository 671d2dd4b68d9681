"""Dossiers: which company holds one on which patient, and whether the patient lets it share.

`permissions` decides (pure), `service` is what companies and patients can do, `store_sql` keeps (company, pseudoniem)
and each choice as a record of its own. Knows a patient by pseudoniem alone; what a BSN is for, it asks.
"""
