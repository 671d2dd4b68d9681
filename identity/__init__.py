"""Who is who: companies, the professionals who work there, and patients by pseudoniem.

`companies` registers them and keeps their secrets; `professionals` matches a launch with an account; `relationships`
says who treats whom; `pseudoniem` turns a BSN into a pseudoniem and owns a database of its own; `patients` sign in on
the website. Knows nothing of dossiers, consent or launches.
"""
