"""`docs/errors.md`, made from the same table as the errors themselves (`make docs`)."""

from common.http.problems import row_of, with_codes
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
        (row_of(error).status, code, row_of(error).title, next_step(error)) for code, error in with_codes().items()
    )
    return "\n".join(
        [*lines, *(f"| {status} | `{code}` | {title} | {step} |" for status, code, title, step in rows), ""]
    )


if __name__ == "__main__":
    print(reference(), end="")  # noqa: T201 - this is its output
