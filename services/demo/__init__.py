"""The demo: everything in one process, with a simulated EHR and a sign-in that asks for a BSN and a name.

`app` is the composition; the EHR, its pages, the first page and the sign-in of patients are here too. Production
imports none of it, so no setting can switch these on there.
"""
