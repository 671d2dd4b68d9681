"""The sentences of the pages, read from the source: those that are needed, and those that are there in Dutch."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from common.http.problems import TABLE
from website.errors import next_step

_ROOT: Final = Path(__file__).parents[2]

_ERRORS_ON_PAGES: Final = (
    "website",
    "sso/launch",
    "services/openid",
    "services/demo",
    "identity/patients",
    "common/http",
)
"""Where errors are raised that people see on a page; their words are looked up when it is made."""

_PLACEHOLDER: Final = re.compile(r"%\((\w+)\)s")


@cache
def dutch(folder: str) -> dict[str, str]:
    """Return the Dutch sentences of a folder by the English ones. None stands twice, and none is a guess (`fuzzy`)."""
    found: dict[str, str] = {}
    for file in (_ROOT / folder / "locale" / "nl").glob("*.po"):
        with file.open("rb") as source:
            catalogue = [message for message in read_po(source, locale="nl", abort_invalid=True) if message.id]
        for message in catalogue:
            assert isinstance(message.id, str), "one and many are told apart in none of our sentences"
            assert isinstance(message.string, str)
            assert message.id not in found, f"{message.id!r} stands twice"
            assert not message.fuzzy, message.id
            found[message.id] = message.string
    return found


@cache
def needed(folder: str) -> set[str]:
    """Return what the templates of a folder say, and the code beside them; with the website's, what errors say."""
    return (
        _in_templates(folder)
        | _in_code(folder, {"translatable"})
        | (_said_by_errors() if folder == "website" else set())
    )


def placeholders(sentence: str) -> list[str]:
    """Return the names that stand in a sentence for something else."""
    return _PLACEHOLDER.findall(sentence)


def _in_templates(folder: str) -> set[str]:
    method = [("**.html", "jinja2.ext:babel_extract")]
    options = {"**.html": {"trimmed": "true"}}
    found = extract_from_dir(str(_ROOT / folder / "templates"), method, options)
    return {message for _, _, message, _, _ in found if isinstance(message, str)}


def _said_by_errors() -> set[str]:
    classes = {error.__name__ for error in TABLE} - {"Unavailable"}  # whose text names the part that is down
    details = {text for folder in _ERRORS_ON_PAGES for text in _in_code(folder, classes)}
    return details | {row.title for row in TABLE.values()} | {next_step(error) for error in TABLE}


def _in_code(folder: str, called: set[str]) -> set[str]:
    return {text for file in (_ROOT / folder).rglob("*.py") for text in _first_texts(file, called)}


def _first_texts(file: Path, called: set[str]) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in called and isinstance(node.args[0].value, str):
                yield node.args[0].value
