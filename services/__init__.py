"""The compositions: what runs, wired together, and started and stopped in the right order. Imported by nobody.

`wiring` connects the packages, `ground` makes what they stand on from the settings, `composition` makes an application
of them; `all` is production in one process, `demo` what `make run` starts, `commands` the command `sso`. The only place
that knows all the others.
"""
