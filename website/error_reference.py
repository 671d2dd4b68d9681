"""`docs/errors.md`, made from the same table as the errors themselves (`make docs`)."""

from common.errors import ServiceError
from common.http.problems import TABLE
from website.errors import next_step


def reference() -> str:
    """Return the page: each code with its status, title and what a person can do."""
    lines = [
        "# Errors",
        "",
        "Made by `make docs`; do not edit. Programs go by `code`, and `type` is `/errors/{code}`.",
        "",
        "| status | code | title | what a person can do |",
        "|---|---|---|---|",
    ]
    rows = sorted(
        (row.status, error.code, row.title, next_step(error)) for error, row in TABLE.items() if _has_code(error)
    )
    return "\n".join(
        [*lines, *(f"| {status} | `{code}` | {title} | {step} |" for status, code, title, step in rows), ""]
    )


def _has_code(error: type[ServiceError]) -> bool:
    return "code" in vars(error)


if __name__ == "__main__":
    print(reference(), end="")  # noqa: T201 - this is its output
