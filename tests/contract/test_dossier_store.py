"""Dossiers and consents in the database: one per company and patient, and of all choices the latest counts."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
from sqlalchemy import select

from common.sql import Database
from dossier.model import Choice, ChoiceOutcome, Chosen, Consent, Dossier, Seen, Shown
from dossier.store_sql import SqlDossiers, consents
from schemas.identifiers import CompanyId, DossierId, Pseudoniem
from tests.support.memory import REGISTERED
from tests.support.races import at_once


@pytest.fixture
def store(database: Database) -> SqlDossiers:
    return SqlDossiers(database)


def new_dossier(company_id: CompanyId | None = None, pseudoniem: Pseudoniem | None = None) -> Dossier:
    return Dossier(DossierId(uuid4()), company_id or CompanyId(uuid4()), pseudoniem or Pseudoniem(uuid4()), REGISTERED)


def choice_of(dossier: Dossier, choice: Choice, minute: int = 0) -> Consent:
    return Consent(choice, REGISTERED + timedelta(minutes=minute), dossier.pseudoniem)


def on(latest: int, text: str = "If you approve: …") -> Seen:
    return Seen(latest, Shown("nl", text))


async def choices(database: Database, dossier: Dossier) -> list[str]:
    query = select(consents.c.choice).where(consents.c.dossier_id == dossier.dossier_id).order_by(consents.c.number)
    async with database.read() as connection:
        return list(await connection.scalars(query))


async def test_a_dossier_is_found_by_its_id_by_its_company_and_patient_and_by_its_patient(store: SqlDossiers) -> None:
    dossier = new_dossier()
    assert await store.add(dossier) is True
    assert await store.by_id(dossier.dossier_id) == dossier
    assert await store.find(dossier.company_id, dossier.pseudoniem) == dossier
    assert list(await store.of_patient(dossier.pseudoniem)) == [dossier]
    assert await store.find(CompanyId(uuid4()), dossier.pseudoniem) is None
    assert await store.by_id(DossierId(uuid4())) is None


async def test_of_fifty_dossiers_on_one_patient_made_at_once_one_is_kept(store: SqlDossiers) -> None:
    company, patient = CompanyId(uuid4()), Pseudoniem(uuid4())
    made = await at_once(50, lambda _: store.add(new_dossier(company, patient)))
    assert sum(made) == 1
    assert len(await store.of_patient(patient)) == 1


async def test_two_companies_have_a_dossier_each_the_oldest_first(store: SqlDossiers) -> None:
    patient = Pseudoniem(uuid4())
    old, new = new_dossier(pseudoniem=patient), new_dossier(pseudoniem=patient)
    new = replace(new, created_at=REGISTERED + timedelta(seconds=1))
    assert [await store.add(dossier) for dossier in (new, old)] == [True, True]
    assert list(await store.of_patient(patient)) == [old, new]


async def test_every_choice_is_kept_and_the_latest_counts(store: SqlDossiers, database: Database) -> None:
    dossier = new_dossier()
    await store.add(dossier)
    made = [Choice.APPROVED, Choice.DECLINED, Choice.APPROVED, Choice.DECLINED]
    for minute, choice in enumerate(made):
        consent = choice_of(dossier, choice, minute)
        assert await store.choose(dossier.dossier_id, consent) is ChoiceOutcome.KEPT
        kept = replace(dossier, consent=replace(consent, number=minute + 1))
        assert await store.find(dossier.company_id, dossier.pseudoniem) == kept
    assert await choices(database, dossier) == made


async def test_the_same_choice_again_adds_nothing_whatever_it_was_made_on(
    store: SqlDossiers, database: Database
) -> None:
    dossier = new_dossier()
    await store.add(dossier)
    await store.choose(dossier.dossier_id, choice_of(dossier, Choice.APPROVED))
    for seen in (None, on(0), on(1), on(7)):
        again = await store.choose(dossier.dossier_id, choice_of(dossier, Choice.APPROVED, minute=5), seen)
        assert again is ChoiceOutcome.REPEATED
    assert await choices(database, dossier) == [Choice.APPROVED]


async def test_a_choice_made_on_what_is_the_latest_no_more_is_not_kept(store: SqlDossiers, database: Database) -> None:
    dossier = new_dossier()
    await store.add(dossier)
    for number, choice in enumerate([Choice.APPROVED, Choice.DECLINED, Choice.APPROVED]):
        assert await store.choose(dossier.dossier_id, choice_of(dossier, choice), on(number)) is ChoiceOutcome.KEPT
    for stale in (0, 1, 2, 4):
        declined = await store.choose(dossier.dossier_id, choice_of(dossier, Choice.DECLINED), on(stale))
        assert declined is ChoiceOutcome.OVERTAKEN
    assert await choices(database, dossier) == [Choice.APPROVED, Choice.DECLINED, Choice.APPROVED]


async def test_of_two_choices_that_differ_made_at_once_on_the_same_page_one_is_kept(
    store: SqlDossiers, database: Database
) -> None:
    for _ in range(10):
        dossier, wishes = new_dossier(), list(Choice)
        await store.add(dossier)
        made = await at_once(2, lambda n: store.choose(dossier.dossier_id, choice_of(dossier, wishes[n]), on(0)))  # noqa: B023
        assert sorted(map(str, made)) == [ChoiceOutcome.KEPT, ChoiceOutcome.OVERTAKEN]
        assert await choices(database, dossier) == [wishes[made.index(ChoiceOutcome.KEPT)]]


async def test_of_the_same_choice_made_ten_times_at_once_one_is_kept(store: SqlDossiers, database: Database) -> None:
    dossier = new_dossier()
    await store.add(dossier)
    made = await at_once(10, lambda n: store.choose(dossier.dossier_id, choice_of(dossier, Choice.APPROVED, n), on(0)))
    assert sorted(map(str, made)) == [ChoiceOutcome.KEPT] + [ChoiceOutcome.REPEATED] * 9
    assert await choices(database, dossier) == [Choice.APPROVED]


async def test_a_patient_sees_the_latest_choices_with_what_was_shown_the_newest_first(store: SqlDossiers) -> None:
    dossier, other = new_dossier(), new_dossier()
    other = replace(other, pseudoniem=dossier.pseudoniem, created_at=REGISTERED + timedelta(seconds=1))
    await store.add(other)
    await store.add(dossier)
    made = [choice_of(dossier, list(Choice)[n % 2], n) for n in range(25)]
    for number, consent in enumerate(made):
        await store.choose(dossier.dossier_id, consent, on(number, f"text {number}") if number != 23 else None)
    mine, others = await store.of_patient(dossier.pseudoniem)
    newest = [
        Chosen(replace(made[n], number=n + 1), Shown("nl", f"text {n}") if n != 23 else None) for n in range(24, 4, -1)
    ]
    assert mine == replace(dossier, consent=newest[0].consent, history=tuple(newest))
    assert others == other


async def test_the_latest_is_the_last_that_was_made_whatever_the_clock_said(store: SqlDossiers) -> None:
    dossier = new_dossier()
    await store.add(dossier)
    await store.choose(dossier.dossier_id, choice_of(dossier, Choice.APPROVED, minute=5))
    await store.choose(dossier.dossier_id, choice_of(dossier, Choice.DECLINED, minute=0))
    found = await store.by_id(dossier.dossier_id)
    assert found is not None
    assert found.consent == replace(choice_of(dossier, Choice.DECLINED, minute=0), number=2)


async def test_twenty_choices_at_once_follow_each_other_and_each_that_changes_something_is_kept(
    store: SqlDossiers, database: Database
) -> None:
    dossier = new_dossier()
    await store.add(dossier)
    made = [Choice.APPROVED, Choice.DECLINED] * 10
    outcomes = await at_once(20, lambda n: store.choose(dossier.dossier_id, choice_of(dossier, made[n])))
    kept = await choices(database, dossier)
    assert set(outcomes) <= {ChoiceOutcome.KEPT, ChoiceOutcome.REPEATED}
    assert len(kept) == outcomes.count(ChoiceOutcome.KEPT)
    assert all(one != next_one for one, next_one in pairwise(kept))
    found = await store.by_id(dossier.dossier_id)
    assert found is not None
    assert found.consent == replace(choice_of(dossier, Choice(kept[-1])), number=len(kept))


async def test_a_patient_chooses_for_nobody_elses_dossier(store: SqlDossiers, database: Database) -> None:
    dossier, other = new_dossier(), new_dossier()
    await store.add(dossier)
    assert await store.choose(dossier.dossier_id, choice_of(other, Choice.APPROVED)) is None
    assert await store.choose(other.dossier_id, choice_of(other, Choice.APPROVED)) is None
    assert await choices(database, dossier) == []


async def test_with_a_dossier_its_consents_go_and_a_new_one_begins_without(
    store: SqlDossiers, database: Database
) -> None:
    dossier, neighbour = new_dossier(), new_dossier()
    for one in (dossier, neighbour):
        await store.add(one)
        await store.choose(one.dossier_id, choice_of(one, Choice.APPROVED))
    assert await store.delete(dossier.company_id, neighbour.pseudoniem) is False
    assert await store.delete(dossier.company_id, dossier.pseudoniem) is True
    assert await store.delete(dossier.company_id, dossier.pseudoniem) is False
    assert await choices(database, dossier) == []
    assert await choices(database, neighbour) == [Choice.APPROVED]
    assert await store.add(new_dossier(dossier.company_id, dossier.pseudoniem))
    again = await store.find(dossier.company_id, dossier.pseudoniem)
    assert again is not None
    assert again.consent is None
