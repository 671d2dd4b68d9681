"""Lists of dossiers page by page, many permissions at once, and what a launch may see."""

from uuid import UUID

import httpx2
import pytest

from dossier.model import Choice
from schemas.identifiers import Bsn, CompanyId
from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL
from tests.support.wire import problem
from tests.support.world import Company, World


@pytest.fixture
async def company(world: World) -> Company:
    return await world.company(alg="ES256")


async def approve(world: World, company: Company, bsn: str) -> None:
    patient = await world.service.pseudoniemen.make(Bsn(bsn))
    dossier, _ = await world.service.dossiers.create(CompanyId(UUID(company.company_id)), Bsn(bsn))
    await world.service.dossiers.choose(patient, dossier.dossier_id, Choice.APPROVED)


async def listed(company: Company, query: str = "", bearer: dict[str, str] | None = None) -> httpx2.Response:
    return await company.client.get(f"/dossier{query}", headers=bearer or company.bearer)


async def test_a_company_pages_through_its_own_dossiers_each_once(world: World, company: Company) -> None:
    mine = {(await company.create_dossier(fresh_bsn())).json()["dossierId"] for _ in range(5)}
    await (await world.company(alg="ES256")).create_dossier(fresh_bsn())

    seen, query = [], "?limit=2"
    while query:
        page = (await listed(company, query)).json()
        assert len(page["items"]) <= 2
        seen += [item["dossierId"] for item in page["items"]]
        query = f"?limit=2&cursor={page['nextCursor']}" if page["nextCursor"] else ""

    assert len(seen) == len(mine)
    assert set(seen) == mine


@pytest.mark.parametrize(
    "query", ["?limit=0", "?limit=501", "?limit=x", "?limit=1.5", "?limit=", "?cursor=x", "?cursor="]
)
async def test_a_limit_or_a_cursor_that_is_none_is_refused(company: Company, query: str) -> None:
    (fault,) = problem(await listed(company, query), 422, "invalid_request")["errors"]
    assert fault["pointer"] in query


async def test_a_parameter_given_twice_is_refused(company: Company) -> None:
    problem(await listed(company, "?limit=1&limit=2"), 400, "duplicate_parameter")


async def test_anothers_cursor_shows_nothing_of_the_other(world: World, company: Company) -> None:
    other = await world.company(alg="ES256")
    for _ in range(2):
        await other.create_dossier(fresh_bsn())
    cursor = (await listed(other, "?limit=1")).json()["nextCursor"]
    assert (await listed(company, f"?cursor={cursor}")).json() == {"items": [], "nextCursor": None}


async def test_a_launch_sees_the_dossier_of_its_own_patient_alone(world: World, company: Company) -> None:
    open_bsn, other_bsn = fresh_bsn(), fresh_bsn()
    of_patient = (await company.create_dossier(open_bsn)).json()
    of_other = (await company.create_dossier(other_bsn)).json()
    elsewhere = await world.company(alg="ES256")
    of_elsewhere = (await elsewhere.create_dossier(open_bsn)).json()
    claims = world.claims(company, profInfo=PROFESSIONAL, patientInfo={"bsn": open_bsn})
    context = (await company.launch(company.ehr.sign(claims))).json()
    bearer = {"Authorization": f"Bearer {context['accessToken']}"}

    assert (await listed(company, "", bearer)).json() == {"items": [of_patient], "nextCursor": None}
    seen = await company.client.get(f"/dossier/{of_patient['dossierId']}", headers=bearer)
    assert (seen.status_code, seen.json()) == (200, of_patient)
    for dossier in (of_other, of_elsewhere):
        problem(await company.client.get(f"/dossier/{dossier['dossierId']}", headers=bearer), 404, "not_found")


async def test_a_launch_without_a_patient_sees_no_dossier(world: World, company: Company) -> None:
    await company.create_dossier(fresh_bsn())
    context = (await company.launch(company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL)))).json()
    bearer = {"Authorization": f"Bearer {context['accessToken']}"}
    assert (await listed(company, "", bearer)).json()["items"] == []


async def test_many_permissions_are_answered_in_the_order_asked(world: World, company: Company) -> None:
    approved, pending, never = fresh_bsn(), fresh_bsn(), fresh_bsn()
    await company.create_dossier(pending)
    await approve(world, company, approved)
    answer = await company.client.post(
        "/dossier/permissions", json={"bsns": [pending, approved, never, approved]}, headers=company.bearer
    )
    assert answer.status_code == 200
    assert [result["gavePermission"] for result in answer.json()["results"]] == [False, True, False, True]


@pytest.mark.parametrize(
    ("bsns", "pointer", "rule"),
    [([], "/bsns", "too_short"), (["999990019"] * 1001, "/bsns", "too_long"), (["999990019", "1"], "/bsns/1", "bsn")],
    ids=["none", "one too many", "one that is none"],
)
async def test_one_that_is_wrong_is_wrong_for_all(company: Company, bsns: list[str], pointer: str, rule: str) -> None:
    answer = await company.client.post("/dossier/permissions", json={"bsns": bsns}, headers=company.bearer)
    assert problem(answer, 422, "invalid_request")["errors"] == [{"pointer": pointer, "rule": rule}]
