"""One suite for every shape: whoever calls cannot tell how the service is deployed."""

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

import httpx2
import pytest
from sqlalchemy import select

from common.audit.store_sql import EVENTS
from common.sql import Database
from tests.support.bsns import fresh_bsn
from tests.support.deployment import AT_OUR_NAME, Deployment, claims_of
from tests.support.ehr import PROFESSIONAL
from tests.support.groups import create_dossier, create_group, listed, path_of
from tests.support.openid import Provider
from tests.support.patient import form_on
from tests.support.races import at_once
from tests.support.wire import oauth_error, problem, secured, soon
from tests.support.world import PAGE


async def test_a_launch_finds_the_dossier_and_the_consent_of_its_patient(
    deployment: Deployment, client: httpx2.AsyncClient
) -> None:
    company, bsn = await deployment.company(client), fresh_bsn()
    dossier = (await company.create_dossier(bsn)).json()
    assert dossier["permission"] == "pending"
    problem(await company.permission(bsn), 403, "consent_missing")

    async with deployment.client() as patient:
        await deployment.sign_in(patient, bsn)
        page = (await patient.get("/", headers=PAGE)).text
        assert "Huisartsenpraktijk De Linde" in page
        form = {"choice": "approved", "csrfToken": re.findall(r'name="csrfToken" value="([^"]+)"', page)[0]}
        chosen = await patient.post(f"/consents/{dossier['dossierId']}", data=form, headers=PAGE)
        assert (chosen.status_code, chosen.headers["location"]) == (303, "/")
        assert (await patient.post("/sign-out", headers=PAGE)).status_code == 200
        again = await patient.post(f"/consents/{dossier['dossierId']}", data=form, headers=PAGE)
        assert again.status_code == 401

    assert (await company.permission(bsn)).json() == {"gavePermission": True}
    token = company.ehr.sign(claims_of(company, patientInfo={"bsn": bsn}, treatmentRelationshipId="1532"))
    answer = await company.launch(token)
    assert answer.status_code == 200, answer.text
    secured(answer)
    context = answer.json()
    assert context["dossier"] == {"dossierId": dossier["dossierId"], "permission": "approved"}
    assert context["patient"] == {"pseudoniem": dossier["pseudoniem"]}
    assert context["professional"]["status"] == "created"
    problem(await company.launch(token), 401, "token_replayed")

    launched = {"Authorization": f"Bearer {context['accessToken']}"}
    listed = (await client.get("/dossier", headers=launched)).json()
    assert [item["dossierId"] for item in listed["items"]] == [dossier["dossierId"]]
    assert (await client.get(f"/dossier/{dossier['dossierId']}", headers=launched)).json()["permission"] == "approved"


async def test_a_choice_is_kept_as_it_was_shown_and_of_two_that_differ_at_once_one_wins(
    deployment: Deployment, client: httpx2.AsyncClient
) -> None:
    company, bsn = await deployment.company(client), fresh_bsn()
    dossier = (await company.create_dossier(bsn)).json()
    async with deployment.client() as patient:
        await deployment.sign_in(patient, bsn)

        async def sent(form: dict[str, str]) -> httpx2.Response:
            return await patient.post(f"/consents/{dossier['dossierId']}", data=form, headers=PAGE)

        page = await patient.get("/", headers={**PAGE, "Accept-Language": "nl"})
        forms = [form_on(page.text, choice) for choice in ("approved", "declined")]
        answers = await at_once(2, lambda n: sent(forms[n]))
        assert sorted(answer.status_code for answer in answers) == [303, 409]
        won = forms[0 if answers[0].status_code == 303 else 1]
        assert (await company.permission(bsn)).status_code == (200 if won["choice"] == "approved" else 403)
        assert {(await sent(won)).status_code for _ in range(2)} == {303}
        history = (await patient.get("/", headers=PAGE)).text.partition("<details>")[2]
        assert history.count("<li value=") == 1
        assert '<q lang="nl">Als u ' in history


async def test_a_company_and_a_launch_find_a_dossier_of_a_group(
    deployment: Deployment, client: httpx2.AsyncClient
) -> None:
    company, bsn = await deployment.company(client), fresh_bsn()
    group = await create_group(company)
    mine = await create_dossier(company, group, {"external_identifier": "EPD-1"}, firstname="Zoë", bsn=bsn)
    await create_dossier(company, group, firstname="Zoë")
    launched = (await company.launch(company.ehr.sign(claims_of(company, patientInfo={"bsn": bsn})))).json()
    of_launch = {"Authorization": f"Bearer {launched['accessToken']}"}

    assert len((await listed(company, name="zoe")).json()["rows"]) == 2
    assert [row[0] for row in (await listed(company, group, external_identifier="EPD-1")).json()["rows"]] == [mine]
    seen = await client.get(path_of(group), params={"name": "zoe"}, headers=of_launch)
    assert [row[0] for row in seen.json()["rows"]] == [mine]


async def test_a_company_asks_of_many_patients_at_once_and_deletes_what_it_made(
    deployment: Deployment, client: httpx2.AsyncClient
) -> None:
    company, bsns = await deployment.company(client), [fresh_bsn() for _ in range(3)]
    made = [(await company.create_dossier(bsn)).json()["dossierId"] for bsn in bsns[:2]]
    again = await company.create_dossier(bsns[0])
    assert (again.status_code, again.json()["dossierId"]) == (200, made[0])

    asked = await client.post("/dossier/permissions", json={"bsns": bsns}, headers=company.bearer)
    assert asked.json() == {"results": [{"gavePermission": False}] * 3}
    first = (await client.get("/dossier", params={"limit": 1}, headers=company.bearer)).json()
    rest = (await client.get("/dossier", params={"cursor": first["nextCursor"]}, headers=company.bearer)).json()
    assert [item["dossierId"] for item in first["items"] + rest["items"]] == made

    assert (await client.delete(f"/dossier/{bsns[0]}", headers=company.bearer)).status_code == 204
    problem(await client.delete(f"/dossier/{bsns[0]}", headers=company.bearer), 404, "not_found")
    problem(await client.get(f"/dossier/{made[0]}", headers=company.bearer), 404, "not_found")


async def test_a_patient_signs_in_with_the_provider_and_out_again(
    deployment: Deployment, client: httpx2.AsyncClient, provider: Provider
) -> None:
    company, bsn = await deployment.company(client), fresh_bsn()
    await company.create_dossier(bsn)
    async with deployment.client() as patient:

        async def come_back(**changes: object) -> httpx2.Response:
            began = await patient.get("/sign-in", headers=PAGE)
            asked = began.next_request.url.params if began.next_request else {}
            provider.id_token = provider.key.sign(provider.claims(nonce=asked["nonce"], bsn=bsn, **changes))
            answer = {"code": "c0de", "state": asked["state"]}
            return await patient.get("/sign-in/callback", params=answer, headers=PAGE)

        refused = await come_back(aud="another")
        assert (refused.status_code, "sign_in_failed" in refused.text) == (401, True)
        assert await said(deployment, refused) == {"identity": ["patient.refused"], "dossier": [], "pseudoniem": []}

        signed_in = await come_back()
        assert (signed_in.status_code, signed_in.headers["location"]) == (303, "/")
        assert (await said(deployment, signed_in))["identity"][-1] == "patient.signed_in"
        assert "Huisartsenpraktijk De Linde" in (await patient.get("/", headers=PAGE)).text
        left = await patient.post("/sign-out", headers=PAGE)
        assert (left.status_code, f"{provider.issuer}/leave?" in left.text) == (200, True)
        assert "Huisartsenpraktijk De Linde" not in (await patient.get("/", headers=PAGE)).text


@pytest.mark.alone
async def test_a_token_posted_forty_times_at_once_is_accepted_once(
    deployment: Deployment, client: httpx2.AsyncClient
) -> None:
    company = await deployment.company(client)
    token = company.ehr.sign(claims_of(company, patientInfo={"bsn": fresh_bsn()}))
    answers = await at_once(40, lambda _: company.launch(token))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 39}
    assert {answer.json().get("code") for answer in answers} == {None, "token_replayed"}


async def test_one_patient_seen_first_by_many_has_one_pseudoniem(
    deployment: Deployment, client: httpx2.AsyncClient
) -> None:
    bsn, internal = fresh_bsn(), await deployment.internal(client, "dossier")
    answers = await at_once(20, lambda _: client.post("/pseudoniem", json={"bsn": bsn}, headers=internal))
    assert len({answer.json()["pseudoniem"] for answer in answers}) == 1
    shown = await client.get(f"/pseudoniem/{bsn}", headers=internal)
    assert shown.json() == answers[0].json()


async def test_a_browser_launches_goes_on_and_leaves(deployment: Deployment, client: httpx2.AsyncClient) -> None:
    company = await deployment.company(client)
    token = company.ehr.sign(claims_of(company, patientInfo={"bsn": fresh_bsn()}))
    async with deployment.client() as browser:
        launched = await browser.post("/sso/launch", data={"token": token}, headers=PAGE)
        assert launched.status_code == 303
        page = launched.headers["location"]
        assert (await browser.get(page, headers=PAGE)).status_code == 200
        launch_id = page.removeprefix("/launch/")
        assert (await browser.get("/sso/session")).json()["launchId"] == launch_id
        went_on = await browser.get("/sso/continue", params={"launchId": launch_id}, headers=PAGE)
        assert (went_on.status_code, went_on.headers["location"]) == (303, page)
        assert (await browser.delete("/sso/session")).status_code == 204
        problem(await browser.get("/sso/session"), 401, "not_authenticated")


async def test_what_a_company_ends_is_over_at_every_service_within_a_second(
    deployment: Deployment, client: httpx2.AsyncClient
) -> None:
    company, bsn = await deployment.company(client), fresh_bsn()
    dossier = (await company.create_dossier(bsn)).json()["dossierId"]
    paths = ("/dossier", f"/dossier/{dossier}")

    async def launched(sub: str, name: str) -> list[Callable[[], Awaitable[httpx2.Response]]]:
        """Launch; return what asks for what the launch opened."""
        claims = claims_of(company, sub=sub, treatmentRelationshipId=name, patientInfo={"bsn": bsn})
        context = (await company.launch(company.ehr.sign(claims))).json()
        bearer = {"Authorization": f"Bearer {context['accessToken']}"}
        return [partial(client.get, path, headers=bearer) for path in paths]

    first, second, third = await launched("one", "a/b"), await launched("one", "c"), await launched("two", "c")
    assert [(await ask()).status_code for ask in (*first, *second, *third)] == [200] * 6

    ended = await client.delete("/api/v1/treatment_relationships/a%2Fb", headers=company.bearer)
    assert ended.status_code == 204
    for ask in first:
        problem(await soon(ask, 401, seconds=1), 401, "not_authenticated")
    assert [(await ask()).status_code for ask in (*second, *third)] == [200] * 4

    undone = await deployment.sso("professional", "unlink", company.company_id, "one")
    assert undone.code == 0, undone
    assert undone.out == f"one of Huisartsenpraktijk De Linde ({company.company_id}) is linked to no account.\n"
    for ask in second:
        problem(await soon(ask, 401, seconds=1), 401, "not_authenticated")
    assert [(await ask()).status_code for ask in third] == [200] * 2
    again = await deployment.sso("professional", "unlink", company.company_id, "one")
    assert (again.code, again.out) == (1, "")
    assert again.err.endswith("sso: There is no such professional.\n")


async def test_a_professional_of_whom_too_little_is_known_registers(
    deployment: Deployment, client: httpx2.AsyncClient
) -> None:
    company = await deployment.company(client)
    told = claims_of(company, sub="profID7", profInfo={"firstname": "John"}, patientInfo={"bsn": fresh_bsn()})
    context = (await company.launch(company.ehr.sign(told))).json()
    assert (context["professional"]["status"], context["accessToken"]) == ("registration_required", None)
    async with deployment.client() as browser:
        address = context["professional"]["registrationUrl"]
        assert 'value="John"' in (await browser.get(address, headers=PAGE)).text
        path, code = address.split("?code=")
        registered = await browser.post(path, data={**PROFESSIONAL, "code": code}, headers=PAGE)
        assert (registered.status_code, registered.headers["location"]) == (303, f"/launch/{context['launchId']}")


async def test_a_company_without_a_key_has_us_sign_its_token(
    deployment: Deployment, client: httpx2.AsyncClient
) -> None:
    company, bsn = await deployment.company(client), fresh_bsn()
    contents = {"sub": "profID9", "profInfo": PROFESSIONAL, "patientInfo": {"bsn": bsn}}
    signed = await client.post("/auth/token/professional", json=contents, headers=company.bearer)
    assert signed.status_code == 201
    assert (await company.launch(signed.json()["token"])).status_code == 200
    problem(await company.launch(signed.json()["token"]), 401, "token_replayed")


async def test_a_suspended_company_is_out_everywhere_with_the_next_call(
    deployment: Deployment, client: httpx2.AsyncClient
) -> None:
    company = await deployment.company(client)
    await company.create_dossier(fresh_bsn())
    assert (await deployment.sso("company", "suspend", company.company_id)).code == 0
    for path in ("/company", "/company/keys", "/dossier"):
        problem(await client.get(path, headers=company.bearer), 401, "not_authenticated")
    problem(await company.launch(company.ehr.sign(claims_of(company))), 401, "token_rejected")
    oauth_error(await company.fetch_token(), 401, "invalid_client")

    assert (await deployment.sso("company", "resume", company.company_id)).code == 0
    assert (await client.get("/dossier", headers=company.bearer)).status_code == 200


async def test_a_revoked_token_is_out_everywhere_with_the_next_call(
    deployment: Deployment, client: httpx2.AsyncClient
) -> None:
    company = await deployment.company(client)
    bearers = [f"Bearer {(await company.fetch_token()).json()['access_token']}" for _ in range(2)]
    for bearer in bearers:
        assert (await client.get("/dossier", headers={"Authorization": bearer})).status_code == 200
    token = bearers[0].partition(" ")[2]
    assert (await client.post("/auth/revoke", data={"token": token}, headers=company.basic)).status_code == 200
    for path in ("/company", "/dossier"):
        problem(await client.get(path, headers={"Authorization": bearers[0]}), 401, "not_authenticated")
        assert (await client.get(path, headers={"Authorization": bearers[1]})).status_code == 200
    asked = await client.post("/auth/introspect", data={"token": token}, headers=company.basic)
    assert asked.json() == {"active": False}


@pytest.mark.parametrize("path", ["/company", "/dossier", "/pseudoniem/123456782", "/dossier/123456782/permission"])
async def test_nobody_gets_in_without_a_token_of_the_right_kind(
    deployment: Deployment, client: httpx2.AsyncClient, path: str
) -> None:
    company, internal = await deployment.company(client), await deployment.internal(client, "website")
    problem(await client.get(path), 401, "not_authenticated")
    spoiled = {"Authorization": company.bearer["Authorization"][:-4] + "AAAA"}
    problem(await client.get(path, headers=spoiled), 401, "not_authenticated")
    wrong_kind = company.bearer if path.startswith("/pseudoniem") else internal
    problem(await client.get(path, headers=wrong_kind), 403, "permission_denied")
    problem(await client.get(path, headers={**internal, "Host": "elsewhere.example"}), 400, "unknown_host")


async def test_one_description_tells_of_every_call(client: httpx2.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    assert {"/company", "/auth/token/internal", "/sso/launch", "/dossier/{key}", "/pseudoniem", "/readyz"} <= set(paths)
    assert not any(path.startswith("/internal") for path in paths)
    assert (await client.get("/errors/token_replayed", headers=PAGE)).status_code == 200


async def test_every_service_is_ready_and_counts_over_all_its_workers(deployment: Deployment) -> None:
    for name, service in deployment.services.items():
        async with httpx2.AsyncClient(base_url=service.address, headers=AT_OUR_NAME) as own:
            assert (await own.get("/readyz")).json() == {"status": "ready", "failing": []}, name
            before = counted(await own.get("/metrics"))
            await asyncio.gather(*(httpx2_get(service.address) for _ in range(12)))
            assert counted(await own.get("/metrics")) == before + 12, name


async def httpx2_get(address: str) -> None:
    async with httpx2.AsyncClient(
        base_url=address, headers=AT_OUR_NAME
    ) as another:  # a connection of its own: any worker may take it
        assert (await another.get("/healthz")).status_code == 200


def counted(metrics: httpx2.Response) -> float:
    """Return how often /healthz has been answered."""
    found = re.findall(r'^sso_requests_total\{.*route="/healthz".*\} (\S+)$', metrics.text, re.MULTILINE)
    return sum(float(figure) for figure in found)


async def said(deployment: Deployment, answer: httpx2.Response) -> dict[str, list[str]]:
    """Return the names of the events of the request that this is the answer to, by owner."""
    request, found = UUID(answer.headers["x-request-id"]), {}
    for owner, table in EVENTS.items():
        database = Database(deployment.databases[owner])
        async with database.read() as connection:
            rows = await connection.execute(select(table).where(table.c.request_id == request).order_by(table.c.id))
            found[owner] = [row.event for row in rows]
        await database.close()
    return found


async def test_each_owner_has_the_events_of_its_own_decisions_under_one_request_id(
    deployment: Deployment, client: httpx2.AsyncClient
) -> None:
    company, bsn = await deployment.company(client), fresh_bsn()
    apart = len(deployment.services) > 1
    given = ["pseudoniem.given"] if apart else []

    created = await company.create_dossier(bsn)
    assert await said(deployment, created) == {
        "identity": [], "pseudoniem": ["pseudoniem.made", *given], "dossier": ["dossier.created"]
    }  # fmt: skip
    refused = await company.permission(bsn)
    assert await said(deployment, refused) == {"identity": [], "pseudoniem": given, "dossier": ["permission.withheld"]}
    launched = await company.launch(company.ehr.sign(claims_of(company, patientInfo={"bsn": bsn})))
    assert await said(deployment, launched) == {"identity": ["launch.accepted"], "pseudoniem": given, "dossier": []}

    of_launch = {"Authorization": f"Bearer {launched.json()['accessToken']}"}
    wrong_role = await client.post("/dossier", json={"bsn": bsn}, headers=of_launch)
    events = await said(deployment, wrong_role)
    assert events == {
        "identity": [] if apart else ["bearer.refused"],
        "pseudoniem": [],
        "dossier": ["bearer.refused"] if apart else [],
    }
