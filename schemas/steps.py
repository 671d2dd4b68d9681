"""The steps that a launch token passes, in their order (contract, section 2, "Verification order")."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Step(StrEnum):
    """What is looked at. The first step that fails decides the answer, and none after it is taken."""

    SIZE = "size"
    SEGMENTS = "segments"
    HEADER = "header"
    TYP = "typ"
    ALGORITHM = "algorithm"
    SIGNER = "signer"
    KEY = "key"
    SIGNATURE = "signature"
    CLAIMS = "claims"
    PARTIES = "parties"
    FRESHNESS = "freshness"
    TREATMENT_RELATIONSHIP = "treatment_relationship"
    ALREADY_USED = "already_used"


@dataclass(frozen=True, slots=True)
class Taken:
    """A step that was taken, whether it went well, and what there is to say of it."""

    step: Step
    ok: bool
    detail: str | None


def taken(steps: Iterable[Step], details: Mapping[Step, str], failed: Step | None) -> Sequence[Taken]:
    """Return the `steps` as far as they were taken: up to the one that failed, which is the last then."""
    found = []
    for step in steps:
        found.append(Taken(step, step is not failed, details.get(step)))
        if step is failed:
            break
    return found
