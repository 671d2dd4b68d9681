"""What every package may stand on, and which imports none of them.

Owns the exception tree, the clock, the settings and key files, what sessions share, limits, strict JSON, the
database engine with its three owners of tables, and the HTTP conventions. Decides nothing about tokens or patients.
"""
