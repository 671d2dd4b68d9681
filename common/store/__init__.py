"""What `common/sql.py` is made of: the engines and their faults, the connections, units of work, statements.

Stores use `common/sql.py` and `statements`.
"""
