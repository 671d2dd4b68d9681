"""Groups of dossiers, sealed and with their digests as the service makes them: one large group and many small ones."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from typing import Any, Final

from benchmarks.growth.functions import uuid_of
from benchmarks.growth.population import Population
from dossier.groups.model import Group, GroupDossier, new_id
from dossier.groups.records.digests import Digests
from dossier.groups.records.record import record_of
from keys.sealing import Sealer
from schemas.groups import Person
from schemas.identifiers import CompanyId, GroupDossierId, GroupId, Pseudoniem

SMALL_GROUPS: Final = 100
_FIRST: Final = [
    "Jan",
    "Johanna",
    "Piet",
    "Anna",
    "Kees",
    "Maria",
    "Fatima",
    "Mohammed",
    "Sanne",
    "Daan",
    "Emma",
    "Lucas",
]
COMMON_WORD, RARE_WORD = "de", "achternaam1999"
"""What a fifth of all are called, and what one in some thousands is."""

_SURNAMES: Final = [f"Achternaam{number}" for number in range(2_000)]
_WEIGHTS: Final = list(accumulate(1 / (number + 1) for number in range(len(_SURNAMES))))
"""Zipf's law again: few surnames that many have."""


@dataclass(frozen=True, slots=True)
class GroupRows:
    """Rows by table, as they are inserted."""

    groups: list[dict[str, Any]]
    dossiers: list[dict[str, Any]]
    words: list[dict[str, Any]]


def group_rows(population: Population, sealer: Sealer) -> Iterator[GroupRows]:
    """Give the rows of each group; the large one of the largest company comes first."""
    dice = Random(7)  # noqa: S311 - names
    for number in range(SMALL_GROUPS + 1):
        owner = 1 if number == 0 else 1 + number * (population.companies - 1) // SMALL_GROUPS
        yield _group(population, sealer, dice, owner, population.records // (1 if number == 0 else SMALL_GROUPS))


def _group(population: Population, sealer: Sealer, dice: Random, owner: int, records: int) -> GroupRows:
    began, digests = datetime.now(UTC) - timedelta(days=700), Digests(sealer)
    group = Group(GroupId(new_id(began)), CompanyId(uuid_of("company", owner)), f"Groep {owner}")
    sealed = sealer.seal(group.name, "dossier_groups.sealed_name", group.group_id)
    rows = GroupRows([{"group_id": group.group_id, "company_id": group.company_id, "sealed_name": sealed}], [], [])
    surnames = dice.choices(_SURNAMES, cum_weights=_WEIGHTS, k=records)
    theirs = population.dossiers_of(owner)
    for number, surname in enumerate(surnames):
        person = Person(
            firstname=dice.choice(_FIRST), lastname=f"{'de ' if number % 5 == 0 else ''}{surname}",
            birthdate=f"{1930 + number % 90}-02-03", gender="FM"[number % 2], city="Utrecht",
        )  # fmt: skip
        linked = number % 2 == 0 and number < len(theirs)
        patient = uuid_of("patient", population.patient_of(theirs[number])) if linked else None
        dossier = GroupDossier(
            GroupDossierId(new_id(began + timedelta(minutes=number % 1_000_000))), group.group_id, group.company_id,
            Pseudoniem(patient) if patient else None, f"P{number}", person,
        )  # fmt: skip
        place = {"dossier_id": dossier.dossier_id, "group_id": group.group_id}
        rows.dossiers.append({
            **place, "company_id": group.company_id, "pseudoniem": patient,
            "identifier_digest": digests.of_identifier(dossier),
            "sealed_record": sealer.seal(record_of(dossier), "group_dossiers.sealed_record", dossier.dossier_id),
        })  # fmt: skip
        rows.words.extend({**place, "digest": digest} for digest in digests.of_words(dossier))
    return rows
