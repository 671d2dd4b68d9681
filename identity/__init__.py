"""Who is who: companies, the professionals who work there, and patients by pseudoniem.

`companies` registers them and keeps their secrets; `professionals` matches a launch with an account and a treatment
relationship; `pseudoniem` turns a BSN into a pseudoniem and owns a database of its own; `patients` are those who sign
in on the website. Knows nothing of dossiers, consent or launches.
"""
