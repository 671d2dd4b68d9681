"""Mutated tokens and requests against the whole service in this process: `make fuzz`, and a small run among the tests.

Everything is drawn from one seed, which is printed: the same seed and size make the same mutations again. Keys and
signatures are new in each run.
"""
