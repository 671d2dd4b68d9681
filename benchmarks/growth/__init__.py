"""What a launch and a permission cost when there is much data: a database that is filled, and two that are compared.

`population` says who there is, `tables` makes rows of it, `fill` writes them; `plans` looks at how the database goes
about each statement that the service runs, `cost` at what that takes.
"""
