"""The compositions: what runs, wired together, and started and stopped in the right order. Imported by nobody.

`wiring` connects the packages, `server` serves, `migrate` brings the schema up, `valkey` is the bundled Redis, `demo`
the composition that `make run` starts. The only place that knows all the others.
"""
