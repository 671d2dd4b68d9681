"""From a container's world to this machine: its host names, its addresses and its paths, wherever a text names them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.stack.compose_file import SECRETS, Container

LOOPBACK: Final = "127.0.0.1"
"""Where published ports are, whichever address the file names; and where connections on loopback come from."""


@dataclass(frozen=True, slots=True)
class Translation:
    """What one container's texts become. `addresses` are those of all containers here, by name.

    `fixed` are addresses that the file itself gives to containers; `files` are the paths here of what is mounted.
    """

    container: Container
    addresses: Mapping[str, str]
    fixed: frozenset[str]
    files: Mapping[str, Path]

    @property
    def address(self) -> str:
        """Return the address of the container itself."""
        return self.addresses[self.container.name]

    def text(self, text: str) -> str:
        """Return the text with everything replaced that means something else here.

        That is `name:port`, `0.0.0.0`, the container's own `localhost:port`, fixed addresses, and the paths of mounts.
        """
        names = "|".join(map(re.escape, [*self.addresses, "localhost"]))
        paths = "|".join(re.escape(path) for path in sorted(self.files, key=len, reverse=True)) or "(?!)"
        return re.sub(
            rf"(?P<host>(?<![\w.-])(?:{names}))(?=:\d{{1,5}}(?![\w@]))"  # no user:password@
            rf"|(?P<any>(?<![\w.])0\.0\.0\.0(?::(?P<port>\d+))?)"
            rf"|(?P<fixed>{'|'.join(map(re.escape, self.fixed)) or '(?!)'})"
            rf"|(?P<path>(?<![\w/.-])(?:{paths})(?![\w.-]))",
            self._replaced,
            text,
        )

    def environment(self) -> dict[str, str]:
        """Return the environment of the container; a list of nothing but host names is one of their addresses."""
        own = {**self.addresses, "localhost": self.address}
        translated = {}
        for name, value in self.container.environment.items():
            hosts = value.split(",")
            are_hosts = len(hosts) > 1 and own.keys() >= set(hosts)
            translated[name] = ",".join(own[host] for host in hosts) if are_hosts else self.text(value)
        return translated

    def command(self) -> list[str]:
        """Return the arguments of the container."""
        return [self.text(word) for word in self.container.command]

    def _replaced(self, found: re.Match[str]) -> str:
        match found.lastgroup:
            case "host":
                return self.addresses.get(found["host"], self.address)
            case "fixed":
                return LOOPBACK
            case "path":
                return str(self.files[found["path"]])
            case _:
                return self._listening(found["port"])

    def _listening(self, port: str | None) -> str:
        """Return where to listen, for whoever listens everywhere: a published port is published as it is."""
        if port is None:
            return self.address
        published = self.container.published.get(int(port))
        return f"{self.address}:{port}" if published is None else f"{LOOPBACK}:{published}"


def translate(container: Container, addresses: Mapping[str, str], fixed: frozenset[str], folder: Path) -> Translation:
    """Return the translation of a container, with its files in `folder`: texts translated, folders where they are."""
    files = {SECRETS: folder / SECRETS.lstrip("/")}
    for path, source in container.files.items():
        files[path] = source if source.is_dir() else folder / path.lstrip("/")
    for path in container.scratch:
        files[path] = folder / "scratch" / path.lstrip("/")
        files[path].mkdir(parents=True)
    translation = Translation(container, addresses, fixed, files)
    for path, source in container.files.items():
        if not source.is_dir():
            files[path].parent.mkdir(parents=True, exist_ok=True)
            files[path].touch(0o600)
            files[path].write_text(translation.text(source.read_text()))
    return translation
