"""One suite per protocol, run over the store in memory and over the real thing."""
