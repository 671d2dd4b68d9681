"""Who is not active has no tokens, no launches, no sessions and no answers; and has all of them again when active."""

from dataclasses import replace

from identity.companies.admission import Admission
from identity.companies.model import Status
from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL
from tests.support.wire import oauth_error, problem, session_of
from tests.support.world import Company, World


async def answers(world: World, company: Company, *, session: dict[str, str], launch_bearer: str) -> list[int]:
    """Return the statuses of all that a company and its professionals can ask."""
    of_launch = {"Authorization": f"Bearer {launch_bearer}"}
    async with world.another_client() as browser:
        asked = [
            await company.fetch_token(),
            await company.launch(company.ehr.sign(world.claims(company))),
            await company.create_dossier(fresh_bsn()),
            await world.client.get("/company", headers=company.bearer),
            await world.client.get("/dossier", headers=of_launch),
            await browser.get("/sso/session", headers=session),
        ]
    return [answer.status_code for answer in asked]


async def test_a_suspended_company_is_out_at_once_and_a_resumed_one_is_back(world: World) -> None:
    company = await world.company()
    token = company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL))
    launch_bearer = (await company.launch(token)).json()["accessToken"]
    session = session_of(await company.launch_in_browser(company.ehr.sign(world.claims(company))))
    admission = Admission(world.service.identity.companies.store, world.service.ground.audit, world.clock)
    before = await answers(world, company, session=session, launch_bearer=launch_bearer)
    assert all(status < 400 for status in before)

    await admission.suspend(company.company_id)
    suspended = await answers(world, company, session=session, launch_bearer=launch_bearer)
    assert suspended == [401] * len(before)
    oauth_error(await company.fetch_token(), 401, "invalid_client")
    problem(await company.launch(company.ehr.sign(world.claims(company))), 401, "token_rejected")

    await admission.resume(company.company_id)
    assert await answers(world, company, session=session, launch_bearer=launch_bearer) == before


async def test_a_pending_company_has_no_token_until_it_is_approved(world: World) -> None:
    with_approval = replace(world.service.identity.companies, first_status=Status.PENDING)
    registered, secret = await with_approval.register("Huisartsenpraktijk De Linde")
    company = await world.company()
    pending = replace(company, company_id=str(registered.company_id), secret=secret)

    oauth_error(await pending.fetch_token(), 401, "invalid_client")
    admission = Admission(world.service.identity.companies.store, world.service.ground.audit, world.clock)
    await admission.approve(pending.company_id)
    assert (await pending.fetch_token()).status_code == 200
