"""Dossiers: which company holds one on which patient, and whether the patient lets it share.

`access` says who may see what and `permissions` whether a company may share (both pure), `service` is what companies
and patients can do, `store_sql` keeps (company, pseudoniem) and each choice as a record of its own; `groups` are a
company's own records on persons. Knows a patient by pseudoniem alone; what a BSN is for, it asks.
"""
