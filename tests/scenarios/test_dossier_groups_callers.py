"""Who may do what with groups, what of it is kept in the audit, and that nothing else of a person is kept anywhere."""

from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from sqlalchemy import func, select

from common.audit.store_sql import DOSSIER_EVENTS
from dossier.groups.records.store_sql import group_dossiers
from dossier.store_sql import dossiers
from schemas.identifiers import Bsn
from tests.support.audit import events, said
from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL
from tests.support.groups import create_dossier, create_group, listed, path_of
from tests.support.races import at_once
from tests.support.state import changed, state_of
from tests.support.wire import problem, same_but_for_the_request
from tests.support.world import Company, World

GROUPS = "/api/v1/dossier_groups"


@pytest.fixture
async def company(world: World) -> Company:
    return await world.company(alg="ES256")


@pytest.fixture
async def group(company: Company) -> str:
    return await create_group(company)


class Launched:
    """A launched professional's token, and the launch that it is of."""

    def __init__(self, client: httpx2.AsyncClient, context: dict[str, Any]) -> None:
        self.client = client
        self.launch_id = context["launchId"]
        self.bearer = {"Authorization": f"Bearer {context['accessToken']}"}

    async def get(self, path: str, **query: str) -> httpx2.Response:
        return await self.client.get(path, params=query, headers=self.bearer)

    async def seen(self, group: str | None = None, **query: str) -> list[str]:
        """Return the ids of the dossiers that it sees, of a group or of all."""
        answer = await self.get(path_of(group), **query)
        assert answer.status_code == 200, answer.text
        return [row[0] for row in answer.json()["rows"]]


async def launched(world: World, company: Company, bsn: str | None, **claims: Any) -> Launched:
    """Launch a professional at a patient, or at none."""
    patient = {"patientInfo": {"bsn": bsn}} if bsn else {}
    token = company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL, **patient, **claims))
    return Launched(world.client, (await company.launch(token)).json())


async def test_a_launch_sees_the_dossiers_of_the_patient_with_whom_it_has_a_treatment_relationship(
    world: World, company: Company, group: str
) -> None:
    bsn, other = fresh_bsn(), fresh_bsn()
    mine = await create_dossier(company, group, {"external_identifier": "1"}, firstname="john", bsn=bsn)
    elsewhere = await create_dossier(company, await create_group(company), firstname="john", bsn=bsn)
    await create_dossier(company, group, {"external_identifier": "2"}, firstname="john", bsn=other)
    await create_dossier(company, group, {"external_identifier": "3"}, firstname="john")
    launch = await launched(world, company, bsn)

    assert set(await launch.seen()) == set(await launch.seen(name="john")) == {mine, elsewhere}
    assert await launch.seen(group) == await launch.seen(group, name="john") == [mine]
    found = {number: await launch.seen(group, external_identifier=number) for number in "123"}
    assert found == {"1": [mine], "2": [], "3": []}


async def test_who_shares_a_relationship_sees_the_same_dossiers(world: World, company: Company, group: str) -> None:
    bsn = fresh_bsn()
    made = await create_dossier(company, group, bsn=bsn)
    await launched(world, company, bsn, treatmentRelationshipId="1532")
    colleague = await launched(world, company, None, sub="profID7", treatmentRelationshipId="1532")
    assert await colleague.seen() == [made]


async def test_a_launch_without_a_patient_sees_no_dossier_but_the_groups(
    world: World, company: Company, group: str
) -> None:
    await create_dossier(company, group, firstname="john", bsn=fresh_bsn())
    await create_dossier(company, group, firstname="john")
    launch = await launched(world, company, None)
    assert await launch.seen() == await launch.seen(group) == await launch.seen(name="john") == []
    assert (await launch.get(GROUPS)).json() == [{"id": group, "name": "Diabetes"}]


async def test_a_launch_at_another_company_sees_nothing_of_the_same_patient(
    world: World, company: Company, group: str
) -> None:
    bsn, other = fresh_bsn(), await world.company(alg="ES256")
    await create_dossier(company, group, firstname="john", bsn=bsn)
    launch = await launched(world, other, bsn)
    assert await launch.seen() == await launch.seen(name="john") == []
    problem(await launch.get(path_of(group)), 404, "not_found")


async def test_a_launch_writes_nothing(world: World, company: Company, group: str) -> None:
    launch, before = await launched(world, company, fresh_bsn()), await state_of(world)
    for path, body in ((GROUPS, {"name": "x"}), (path_of(group), {})):
        answer = await world.client.post(path, json=body, headers=launch.bearer)
        problem(answer, 403, "permission_denied")
    assert not await changed(world, before)


async def test_each_call_needs_its_scope(company: Company, group: str) -> None:
    tokens = {}
    for scope in ("dossier:read", "dossier:write", "permission:read"):
        tokens[scope] = (await company.fetch_token(scope=scope)).json()["access_token"]
    reads, writes = (GROUPS, path_of(None), path_of(group)), (GROUPS, path_of(group))
    calls = [*(("GET", path) for path in reads), *(("POST", path) for path in writes)]
    for method, path in calls:
        needed = "dossier:read" if method == "GET" else "dossier:write"
        for scope, token in tokens.items():
            answer = await company.client.request(
                method, path, json={"name": "x"} if path == GROUPS else {}, headers={"Authorization": f"Bearer {token}"}
            )
            assert (answer.status_code == 403) == (scope != needed), (method, path, scope)
        assert (await company.client.request(method, path, json={})).status_code == 401


async def test_nobody_sees_or_fills_a_group_of_another_company(world: World, company: Company, group: str) -> None:
    await create_dossier(company, group, {"external_identifier": "EPD-1"}, firstname="john")
    other = await world.company(alg="ES256")
    before = await state_of(world)
    told = []
    for one in (group, str(uuid4()), "x"):
        posted = await world.client.post(path_of(one), json={"person": {"bsn": fresh_bsn()}}, headers=other.bearer)
        searched = {"name": "john"}, {"external_identifier": "EPD-1"}
        answers = [posted, await listed(other, one), *[await listed(other, one, **query) for query in searched]]
        told += [problem(answer, 404, "not_found") for answer in answers]
    assert {str(same_but_for_the_request(members)) for members in told} == {str(same_but_for_the_request(told[0]))}
    for query in ({}, {"name": "john"}, {"company": company.company_id}, {"dossier_group": group}):
        assert (await listed(other, **query)).json()["rows"] == []
    assert not await changed(world, before)


async def test_anothers_link_leads_to_nothing_of_the_other(world: World, company: Company, group: str) -> None:
    for _ in range(2):
        await create_dossier(company, group, firstname="john")
    other = await world.company(alg="ES256")
    for page in (await listed(company, limit="1"), await listed(company, limit="1", name="john")):
        answer = await world.client.get(page.links["next"]["url"], headers=other.bearer)
        assert (answer.status_code, answer.json()["rows"]) == (200, [])
    page = await listed(company, group, limit="1")
    problem(await world.client.get(page.links["next"]["url"], headers=other.bearer), 404, "not_found")


async def test_of_fifty_dossiers_of_one_external_identifier_asked_for_at_once_one_is_made(
    company: Company, group: str
) -> None:
    body = {"dossier": {"external_identifier": "EPD-1"}}
    answers = await at_once(50, lambda _: company.client.post(path_of(group), json=body, headers=company.bearer))
    assert sorted(answer.status_code for answer in answers) == [200] + [422] * 49
    refused = [answer.json() for answer in answers if answer.status_code == 422]
    assert refused == [{"errors": {"external_identifier": ["taken"]}}] * 49


async def test_a_dossier_of_a_group_makes_no_consent_dossier_and_keeps_no_bsn(
    world: World, company: Company, group: str
) -> None:
    bsn = fresh_bsn()
    made = await create_dossier(company, group, bsn=bsn)
    problem(await company.client.get(f"/dossier/{made}", headers=company.bearer), 404, "not_found")
    problem(await company.permission(bsn), 403, "consent_missing")
    async with world.service.ground.databases.dossier.read() as connection:
        mine = dossiers.c.company_id == UUID(company.company_id)
        assert await connection.scalar(select(func.count()).select_from(dossiers).where(mine)) == 0
        kept = group_dossiers.c.dossier_id == UUID(made)
        linked = await connection.scalar(select(group_dossiers.c.pseudoniem).where(kept))
    assert linked == await world.service.pseudoniemen.make(Bsn(bsn))


async def test_a_refused_dossier_leaves_nothing_and_no_patient_gets_a_pseudoniem(
    world: World, company: Company, group: str
) -> None:
    await create_dossier(company, group, {"external_identifier": "EPD-1"})
    before = await state_of(world)
    for path, dossier in (
        (path_of(group), {"external_identifier": "EPD-1"}),
        (path_of(group), {"external_identifier": 1}),
        (path_of(str(uuid4())), {}),
    ):
        body = {"dossier": dossier, "person": {"bsn": fresh_bsn()}}
        assert (await company.client.post(path, json=body, headers=company.bearer)).status_code in {404, 422}
    assert not await changed(world, before)


async def test_every_decision_is_one_event_with_its_ground(world: World, company: Company) -> None:
    bsn, client = fresh_bsn(), company.client
    made = await client.post(GROUPS, json={"name": "Diabetes"}, headers=company.bearer)
    group = made.json()["id"]
    filled = await client.post(path_of(group), json={"person": {"bsn": bsn}}, headers=company.bearer)
    unlinked = await client.post(path_of(group), json={}, headers=company.bearer)
    launch = await launched(world, company, bsn)
    pseudoniem = {"pseudoniem": str(await world.service.pseudoniemen.make(Bsn(bsn)))}

    who = {"company_id": company.company_id}
    own, related = {"ground": "own_company"}, {"ground": "treatment_relationship"}
    of_launch, of_group = {"launch_id": launch.launch_id}, {"group_id": group}
    assert await said(world, made) == [{"event": "group.created", **who, **of_group}]
    created = {"event": "group_dossier.created", **who, **of_group}
    made_it, added = (await said(world, filled))[-1], await said(world, unlinked)
    assert made_it == {**created, **pseudoniem, "group_dossier_id": filled.json()["id"]}
    assert added == [{**created, "group_dossier_id": unlinked.json()["id"]}]
    listing, searching = {"event": "group_dossiers.listed", **who}, {"event": "group_dossiers.searched", **who}
    assert await said(world, await client.get(GROUPS, headers=company.bearer)) == [
        {"event": "groups.listed", **who, "count": 1, **own}
    ]
    of_groups = {"event": "groups.listed", **who, **of_launch, "count": 1, **own}
    assert await said(world, await launch.get(GROUPS)) == [of_groups]
    assert await said(world, await listed(company)) == [{**listing, "count": 2, **own}]
    assert await said(world, await listed(company, group, name="doe")) == [{**searching, **of_group, "count": 0, **own}]
    seen = {**of_launch, **pseudoniem, **related}
    assert await said(world, await launch.get(path_of(None))) == [{**listing, **seen, "count": 1}]
    assert await said(world, await launch.get(path_of(group), external_identifier="x")) == [
        {**searching, **seen, **of_group, "count": 0}
    ]


async def test_a_group_that_is_withheld_is_an_event_with_its_cause(world: World, group: str) -> None:
    other = await world.company(alg="ES256")
    withheld = {"event": "group.withheld", "company_id": other.company_id}
    anothers = {**withheld, "group_id": group, "cause": "another_company"}
    assert await said(world, await listed(other, group)) == [anothers]
    assert await said(world, await listed(other, str(uuid4()))) == [{**withheld, "cause": "not_found"}]


async def test_a_dossier_and_its_event_are_kept_both_or_neither(world: World, company: Company, group: str) -> None:
    of_company = DOSSIER_EVENTS.c.company_id == UUID(company.company_id)
    before = len(await events(world, DOSSIER_EVENTS, of_company))
    taken = {"dossier": {"external_identifier": "EPD-1"}}
    statuses = [
        (await company.client.post(path_of(group), json=taken, headers=company.bearer)).status_code for _ in range(2)
    ]
    assert statuses == [200, 422]
    assert len(await events(world, DOSSIER_EVENTS, of_company)) == before + 1
