"""Who may see what of a company's, and on which ground: the one rule, which looks nothing up (ADR 0024).

`decide` is about one thing that was found, `reach` about all that a list or a search may find. The first is made of the
second, so they cannot differ.
"""

from dataclasses import dataclass
from enum import StrEnum

from schemas.callers import CompanyCaller, LaunchCaller
from schemas.identifiers import CompanyId, Pseudoniem

Caller = CompanyCaller | LaunchCaller


class Kind(StrEnum):
    """What is asked for. A person is seen with the group dossier that it is in, and not otherwise."""

    GROUP = "group"
    CONSENT_DOSSIER = "consent_dossier"
    GROUP_DOSSIER = "group_dossier"


class Ground(StrEnum):
    """Why it is allowed: words of the audit."""

    OWN_COMPANY = "own_company"
    TREATMENT_RELATIONSHIP = "treatment_relationship"


class Refusal(StrEnum):
    """Why it is not: causes of the audit. The caller is told the same for each of them."""

    NOT_FOUND = "not_found"
    ANOTHER_COMPANY = "another_company"
    ANOTHER_PATIENT = "another_patient"
    NOT_LINKED = "not_linked"
    NO_TREATMENT_RELATIONSHIP = "no_treatment_relationship"


@dataclass(frozen=True, slots=True)
class Held:
    """Something that a company holds; `pseudoniem` is the patient's whom it is on, if it is on one."""

    kind: Kind
    company_id: CompanyId
    pseudoniem: Pseudoniem | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """All that a caller may see of one kind: what this company holds on these patients, None for whomever it is on."""

    company_id: CompanyId
    patients: frozenset[Pseudoniem] | None
    ground: Ground


@dataclass(frozen=True, slots=True)
class Allowed:
    because: Ground


@dataclass(frozen=True, slots=True)
class Refused:
    because: Refusal


def reach(caller: Caller, kind: Kind) -> Reach:
    """Return what this caller may see.

    A company sees what it holds. So does a launch of its groups, which say nothing of a patient; of dossiers a launch
    sees those on the patient with whom it has a treatment relationship.
    """
    if isinstance(caller, CompanyCaller) or kind is Kind.GROUP:
        return Reach(caller.company_id, None, Ground.OWN_COMPANY)
    patients = frozenset({caller.pseudoniem}) if caller.pseudoniem is not None else frozenset[Pseudoniem]()
    return Reach(caller.company_id, patients, Ground.TREATMENT_RELATIONSHIP)


def patient_of(caller: Caller) -> Pseudoniem | None:
    """Return the patient of a launch; none for a company, and for a launch without one."""
    return caller.pseudoniem if isinstance(caller, LaunchCaller) else None


def decide(caller: Caller, held: Held | None) -> Allowed | Refused:
    """Return whether this caller may see it, and why or why not; None is for what is not there."""
    if held is None:
        return Refused(Refusal.NOT_FOUND)
    within = reach(caller, held.kind)
    if held.company_id != within.company_id:
        return Refused(Refusal.ANOTHER_COMPANY)
    if within.patients is None or held.pseudoniem in within.patients:
        return Allowed(within.ground)
    if not within.patients:
        return Refused(Refusal.NO_TREATMENT_RELATIONSHIP)
    return Refused(Refusal.NOT_LINKED if held.pseudoniem is None else Refusal.ANOTHER_PATIENT)
