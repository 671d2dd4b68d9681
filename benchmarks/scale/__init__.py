"""From measured costs to machines: what 100, 10,000 and 1,000,000 launches a second take (`docs/scale.md`).

`model` is plain arithmetic, `valkey` and `postgres` measure what it starts from, with what `given` finds; `page` writes
it down.
"""
