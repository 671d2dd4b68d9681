"""The guard against slow creep: what one operation of a hot path takes, against the committed figures."""
