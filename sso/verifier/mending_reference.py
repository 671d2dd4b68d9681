"""`docs/launch-errors.md`, made from the sentences themselves (`make docs`)."""

from collections.abc import Iterator
from typing import Final

from common.errors import ClaimRejected, TokenRejected
from schemas.steps import Step
from sso.verifier.mending import FLAWS, REFUSALS, RULES, Mending

_HEAD: Final = """\
# Why a launch is refused, and what a vendor does about it

Made by `make docs`; do not edit. A launch takes these steps in this order, and the first that fails decides its
answer. Up to `signature` every cause is answered alike, by `token_rejected`: whoever sends a token learns nothing of
our companies and their keys. After it the answer has a code of its own, and `claim_rejected` names the claim and the
rule.

`POST /sso/diagnose` tells a company at which step a token of its own fails, in these words, as for a launch with the
company's id as `clientId`. It spends nothing; steps after the one that fails were not taken and are not listed. A
token that another company's key signed, or nobody's, fails at `key` or `signature` and says no more. `accepted` says
how the token stands: a launch that comes after it can still meet a limit (429) or come second (`token_replayed`).
Where Redis, a database or a peer does not answer, so that a step cannot be decided, the answer is 503. It counts as a
token request of the company.

`sso token inspect FILE` takes those steps that need no service, on a token in a file or on standard input (`-`); with
`--key` the signature too, under the token's own kid and alg: what a key is registered or published as, the service
alone knows. A BSN has to pass the 11-test there, as in production; the demo takes others too.

| step | cause | code of the launch | what to do |
|---|---|---|---|
"""


def reference() -> str:
    """Return the page: every cause in the order of the steps."""
    rows = [*_causes()]
    ordered = [row for step in Step for row in rows if row[0].step is step]
    lines = (
        f"| `{mending.step.value}` | `{cause}` | `{code}` | {mending.sentence} |\n" for mending, cause, code in ordered
    )
    return _HEAD + "".join(lines)


def _causes() -> Iterator[tuple[Mending, str, str]]:
    yield from ((mending, flaw.value, TokenRejected.code) for flaw, mending in FLAWS.items())
    yield from ((mending, rule, ClaimRejected.code) for rule, mending in RULES.items())
    yield from ((mending, error.code, error.code) for error, mending in REFUSALS.items())


if __name__ == "__main__":
    print(reference(), end="")  # noqa: T201 - this is its output
