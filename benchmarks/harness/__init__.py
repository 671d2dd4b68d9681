"""How figures are made: rounds in turn, ratios within a round, processor time from the system's own account.

Knows nothing of what is measured: that is in `benchmarks/jobs`.
"""
