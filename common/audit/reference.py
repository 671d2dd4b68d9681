"""`docs/audit.md`, made from the catalogue itself (`make docs`)."""

from typing import Final

from common.audit.catalogue import CATALOGUE
from common.audit.fields import KINDS

_HEAD: Final = """\
# Audit

Made by `make docs`; do not edit. Each decision is a row in the audit table of the owner that made it:
`identity_audit`, `pseudoniem_audit` or `dossier_audit`. A row has `id`, `at` (UTC), `event`, `outcome` (yes or no),
`request_id` (that of the answer's `X-Request-Id`; empty for a command), `company_id`, `pseudoniem` (the inner one), and
the other fields as a JSON object in `details`. A field that does not apply is left out.

Refusals that nobody signed (a forged token, a wrong secret, no credential), that a form's protection stopped or that a
limit stopped have no row of their own: `identity_refusals` and the like say how many `times`, by `minute`, `address`
and `cause`. An address that is none, or one too many in its minute, is `other`.

| event | outcome | level | what happened | fields |
|---|---|---|---|---|
"""


def reference() -> str:
    """Return the page: each event with its fields, and each field with what it may hold."""
    events = "".join(
        f"| `{event.name}` | {event.outcome} | {event.level} | {event.meaning} | "
        f"{' '.join(f'`{name}`' for name in event.fields)} |\n"
        for event in CATALOGUE.values()
    )
    fields = "".join(f"| `{name}` | {kind.name} |\n" for name, kind in KINDS.items())
    return f"{_HEAD}{events}\n| field | what it may hold |\n|---|---|\n{fields}"


if __name__ == "__main__":
    print(reference(), end="")  # noqa: T201 - this is its output
