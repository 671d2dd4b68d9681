"""The compositions: what runs, wired together, and started and stopped in the right order. Imported by nobody.

`wiring` connects the packages, `ground` is what they stand on, `composition` makes an application of them; `all` is
production in one process, `apart` in four that ask each other through `peers`, `demo` what `make run` starts,
`commands` the command `sso`, `workers` how many of them serve. The only place that knows all the others.
"""
