"""Decides whether a token counts, and sees to it that a launch token counts once.

`token` takes the bytes apart, `trust` says whose key may verify them, `verify` is the pipeline in the contract's
order, `replay` is the spend (in Redis: `replay_redis`), `access` verifies the bearer tokens that we made ourselves.
`flaws` and `mending` are what was wrong and what to do about it, `masking` what a token says, `offline` both without
the service.
Bytes and a time in, a typed fact out; knows no endpoint and no database.
"""
