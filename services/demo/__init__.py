"""The demo: everything in one process, with a simulated EHR and a sign-in that asks for a BSN and a name.

Imported by the demo's composition alone: no setting can switch these on in production. Owns the EHR's key and pages,
the demo's first page and its registration of patients; knows the services only through what it is given.
"""
