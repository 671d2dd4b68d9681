"""The compositions: what runs, wired together, and started and stopped in the right order. Imported by nobody.

`ground` is what every process stands on, `wiring` connects an owner, `whole` all of them in one process, `composition`
makes an application. `all` is production in one process, `apart` in four that ask each other through `peers`, `demo`
what `make run` starts; `server` and `workers` run one, `commands` is the command `sso`. The only place that knows all.
"""
