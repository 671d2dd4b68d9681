"""What docker-compose.yml says, as Compose itself reads it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path, PurePosixPath
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[2]
FILE: Final = ROOT / "docker-compose.yml"
COMPOSE: Final = Path(sys.executable).with_name("docker-compose")
SECRETS: Final = "/run/secrets"
"""Where secrets are in a container."""

_HONOURED: Final = frozenset(
    {"image", "build", "command", "environment", "volumes", "secrets", "tmpfs", "ports", "depends_on"}
)


@dataclass(frozen=True, slots=True)
class Container:
    """One service of the file.

    `files` are the mounts: what is where in the container, and where that is here; `scratch` are its empty folders.
    `published` are its ports, each with the port of this machine that leads to it. `fixed` are addresses that the file
    gives it, `dependencies` the names of others, `ignored` what else the file says of it.
    """

    name: str
    image: str
    is_ours: bool
    command: tuple[str, ...]
    environment: Mapping[str, str]
    files: Mapping[str, Path]
    scratch: tuple[str, ...]
    published: Mapping[int, int]
    fixed: frozenset[str]
    dependencies: frozenset[str]
    ignored: frozenset[str]


def canonical(place: Path, file: Path = FILE, **variables: str) -> dict[str, Any]:
    """Return the canonical form of the file, with the secrets and data of `place`. Raises RuntimeError."""
    files = ["--project-directory", str(ROOT), "--file", str(file), "--env-file", str(place / ".env")]
    command = [str(COMPOSE), *files, "config", "--format", "json"]
    environment = {**os.environ, "PLACE": str(place.resolve()), **variables}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(f"Compose does not accept {file.name}: {ended.stderr.strip()}")
    form: dict[str, Any] = json.loads(ended.stdout)
    return form


def containers(form: Mapping[str, Any]) -> list[Container]:
    """Return the containers of a canonical form, each after those that it depends on."""
    read = {name: _container(name, service, form["secrets"]) for name, service in form["services"].items()}
    order = TopologicalSorter({name: container.dependencies for name, container in read.items()})
    return [read[name] for name in order.static_order()]


def _container(name: str, service: Mapping[str, Any], secrets: Mapping[str, Any]) -> Container:
    networks: Mapping[str, Any] = service.get("networks") or {}
    mounts = {volume["target"]: Path(volume["source"]) for volume in service.get("volumes", [])}
    given = {
        str(PurePosixPath(SECRETS) / one["target"]): Path(secrets[one["source"]]["file"])
        for one in service.get("secrets", [])
    }
    return Container(
        name=name,
        image=service["image"].rpartition(":")[0],
        is_ours="build" in service,
        command=tuple(service["command"] or ()),
        environment={name: str(value) for name, value in (service.get("environment") or {}).items()},
        files=mounts | given,
        scratch=tuple(service.get("tmpfs", [])),
        published={port["target"]: int(port["published"]) for port in service.get("ports", [])},
        fixed=frozenset(network["ipv4_address"] for network in networks.values() if network),
        dependencies=frozenset(service.get("depends_on", {})),
        ignored=frozenset(key for key, value in service.items() if value is not None) - _HONOURED,
    )
