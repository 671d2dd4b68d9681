"""What the audit says of companies, keys, dossiers, permissions and patients: one event for each decision."""

from uuid import uuid4

import httpx2
import pytest

from common.errors import Conflict, NotFound
from common.sessions import csrf_token
from identity.companies.admission import Admission
from schemas.identifiers import Bsn
from tests.scenarios.test_own_services import internal_token
from tests.support.audit import counted, said, said_of
from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL, Ehr
from tests.support.patient import choose, pseudoniem_of
from tests.support.world import Company, World


@pytest.fixture
async def company(world: World) -> Company:
    return await world.company(alg="ES256")


async def test_a_company_that_registers_is_one_event_without_its_name(world: World) -> None:
    answer = await world.client.post("/company/register", json={"companyName": "Tandarts 123456782"})
    assert await said(world, answer) == [
        {"event": "company.registered", "company_id": answer.json()["companyId"], "status": "active"}
    ]


async def test_what_an_operator_decides_is_one_event_each_and_none_for_the_same_again(
    world: World, company: Company
) -> None:
    admission = Admission(world.service.identity.companies.store, world.service.ground.audit, world.clock)
    await admission.suspend(company.company_id)
    await admission.suspend(company.company_id)
    with pytest.raises(Conflict):
        await admission.approve(company.company_id)
    await admission.resume(company.company_id)
    with pytest.raises(NotFound):
        await admission.approve(str(uuid4()))
    known = {"company_id": company.company_id}
    assert [event for event in await said_of(world, company.company_id) if event["event"].startswith("company.")] == [
        {"event": "company.registered", **known, "status": "active"},
        {"event": "company.suspended", **known},
        {"event": "company.change_refused", **known, "cause": "conflict"},
        {"event": "company.resumed", **known},
    ]


async def test_keys_are_registered_refused_and_revoked(world: World, company: Company) -> None:
    client, bearer, ehr = world.client, company.bearer, Ehr("ES256")
    new = await client.post("/company/keys", json={"jwk": ehr.public_jwk()}, headers=bearer)
    again = await client.post("/company/keys", json={"jwk": ehr.public_jwk()}, headers=bearer)
    secret = await client.post("/company/keys", json={"jwk": ehr.key.as_dict(private=True)}, headers=bearer)
    words = await client.post("/company/keys", json={"pem": "123456782"}, headers=bearer)
    revoked = await client.delete(f"/company/keys/{ehr.kid}", headers=bearer)
    twice = await client.delete(f"/company/keys/{ehr.kid}", headers=bearer)
    made_up = await client.delete(f"/company/keys/{'1' * 42}A", headers=bearer)
    back = await client.post("/company/keys", json={"jwk": ehr.public_jwk()}, headers=bearer)

    known, key = {"company_id": company.company_id}, {"kid": ehr.kid}
    assert await said(world, new) == [{"event": "key.registered", **known, **key, "new": True}]
    assert await said(world, again) == [{"event": "key.registered", **known, **key, "new": False}]
    refused = {"event": "key.refused", **known, "cause": "key_rejected"}
    assert await said(world, secret) == [{**refused, "rule": "private"}]
    assert await said(world, words) == [{**refused, "rule": "malformed"}]
    assert await said(world, back) == [{**refused, "rule": "revoked"}]
    assert await said(world, revoked) == [{"event": "key.revoked", **known, **key}]
    for answer in (twice, made_up):
        assert await said(world, answer) == [{"event": "key.refused", **known, "cause": "not_found"}]


async def test_dossiers_are_made_found_shown_listed_and_deleted(world: World, company: Company) -> None:
    bsn = fresh_bsn()
    pseudoniem = str(await pseudoniem_of(world, bsn))
    created, found = await company.create_dossier(bsn), await company.create_dossier(bsn)
    dossier_id = created.json()["dossierId"]
    shown = await world.client.get(f"/dossier/{dossier_id}", headers=company.bearer)
    listed = await world.client.get("/dossier", headers=company.bearer)
    deleted = await world.client.delete(f"/dossier/{bsn}", headers=company.bearer)
    gone = await world.client.delete(f"/dossier/{bsn}", headers=company.bearer)

    known, patient = {"company_id": company.company_id}, {"pseudoniem": pseudoniem}
    of_dossier, own = {**known, **patient, "dossier_id": dossier_id}, {"ground": "own_company"}
    for event, answer in (("dossier.created", created), ("dossier.found", found)):
        assert await said(world, answer) == [{"event": event, **of_dossier}]
    assert await said(world, shown) == [{"event": "dossier.shown", **of_dossier, **own}]
    assert await said(world, listed) == [{"event": "dossiers.listed", **known, "count": 1, **own}]
    assert await said(world, deleted) == [{"event": "dossier.deleted", **known, **patient}]
    assert await said(world, gone) == [{"event": "dossier.not_deleted", **known, **patient, "cause": "not_found"}]


async def test_a_dossier_of_another_is_named_and_one_that_is_made_up_is_not(world: World, company: Company) -> None:
    other = await world.company(alg="ES256")
    theirs = (await other.create_dossier(fresh_bsn())).json()["dossierId"]
    known = {"event": "dossier.withheld", "company_id": company.company_id}
    hidden = await world.client.get(f"/dossier/{theirs}", headers=company.bearer)
    assert await said(world, hidden) == [{**known, "dossier_id": theirs, "cause": "another_company"}]
    for made_up in (str(uuid4()), "00000000-0000-0000-0000-000123456782", "123456782", "x"):
        answer = await world.client.get(f"/dossier/{made_up}", headers=company.bearer)
        assert answer.status_code == 404
        assert await said(world, answer) == [{**known, "cause": "not_found"}]


async def test_what_a_launch_may_see_of_dossiers_names_the_launch(world: World, company: Company) -> None:
    bsn = fresh_bsn()
    own = (await company.create_dossier(bsn)).json()["dossierId"]
    neighbour = (await company.create_dossier(fresh_bsn())).json()["dossierId"]
    launched = await company.launch(
        company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL, patientInfo={"bsn": bsn}))
    )
    bearer = {"Authorization": f"Bearer {launched.json()['accessToken']}"}
    shown = await world.client.get(f"/dossier/{own}", headers=bearer)
    hidden = await world.client.get(f"/dossier/{neighbour}", headers=bearer)
    listed = await world.client.get("/dossier", headers=bearer)
    known = {"company_id": company.company_id, "launch_id": launched.json()["launchId"]}
    pseudoniem, ground = str(await pseudoniem_of(world, bsn)), {"ground": "treatment_relationship"}
    assert await said(world, shown) == [
        {"event": "dossier.shown", **known, "dossier_id": own, "pseudoniem": pseudoniem, **ground}
    ]
    assert await said(world, hidden) == [
        {"event": "dossier.withheld", **known, "dossier_id": neighbour, "cause": "another_patient"}
    ]
    assert await said(world, listed) == [
        {"event": "dossiers.listed", **known, "pseudoniem": pseudoniem, "count": 1, **ground}
    ]


async def test_a_permission_is_one_event_yes_or_no_with_the_reason(world: World, company: Company) -> None:
    bsn = fresh_bsn()
    never_seen = await company.permission(bsn)
    pseudoniem = str(await pseudoniem_of(world, bsn))
    no_dossier = await company.permission(bsn)
    dossier_id = (await company.create_dossier(bsn)).json()["dossierId"]
    pending = await company.permission(bsn)
    await choose(world, bsn, dossier_id, "declined")
    declined = await company.permission(bsn)
    await choose(world, bsn, dossier_id, "approved")
    approved = await company.permission(bsn)

    known = {"company_id": company.company_id}
    patient, dossier = {"pseudoniem": pseudoniem}, {"dossier_id": dossier_id}
    no = {"event": "permission.withheld", **known}
    assert await said(world, never_seen) == [{**no, "because": "no_dossier"}]
    assert await said(world, no_dossier) == [{**no, **patient, "because": "no_dossier"}]
    assert await said(world, pending) == [{**no, **patient, **dossier, "because": "pending"}]
    assert await said(world, declined) == [{**no, **patient, **dossier, "because": "declined"}]
    assert await said(world, approved) == [{"event": "permission.granted", **known, **patient, **dossier}]


async def test_a_batch_has_an_event_for_each_patient_whom_we_know_and_one_for_all_others(
    world: World, company: Company
) -> None:
    known, unknown = [fresh_bsn() for _ in range(3)], [fresh_bsn() for _ in range(10)]
    pseudoniemen = [str(await world.service.pseudoniemen.make(Bsn(bsn))) for bsn in known]
    await company.create_dossier(known[1])
    asked = [known[0], *unknown, *known * 300]  # the same patient again and again is one patient
    answer = await world.client.post("/dossier/permissions", json={"bsns": asked}, headers=company.bearer)
    events_of_answer = await said(world, answer)
    assert [(event.get("pseudoniem"), event["because"]) for event in events_of_answer] == [
        (pseudoniemen[0], "no_dossier"),
        (None, "no_dossier"),
        (pseudoniemen[1], "pending"),
        (pseudoniemen[2], "no_dossier"),
    ]
    assert {event["event"] for event in events_of_answer} == {"permission.withheld"}


async def test_a_patient_signs_in_sees_chooses_and_signs_out(world: World, company: Company) -> None:
    bsn, form = fresh_bsn(), {"firstName": "Peter", "lastName": "de Mol"}
    dossier_id = (await company.create_dossier(bsn)).json()["dossierId"]
    foreign = (await company.create_dossier(fresh_bsn())).json()["dossierId"]
    async with world.another_client() as browser:
        signed_in = await browser.post("/register", data={"bsn": bsn, **form})
        cookie = signed_in.headers["set-cookie"].partition(";")[0]
        headers, csrf = {"Cookie": cookie}, csrf_token(cookie.partition("=")[2])

        async def chosen(dossier: str, choice: str, csrf: str = csrf) -> httpx2.Response:
            data = {"choice": choice, "csrfToken": csrf}
            return await browser.post(f"/consents/{dossier}", data=data, headers=headers)

        shown = await browser.get("/", headers=headers)
        approved, declined = await chosen(dossier_id, "approved"), await chosen(dossier_id, "declined")
        anothers, made_up = await chosen(foreign, "approved"), await chosen(str(uuid4()), "approved")
        before = await counted(world)
        forged = await chosen(dossier_id, "approved", csrf="x")
        after = await counted(world)
        signed_out = await browser.post("/sign-out", headers=headers)
        wrong_name = await browser.post("/sign-in", data={"bsn": bsn, "lastName": "Jansen"})
        unknown = await browser.post("/sign-in", data={"bsn": fresh_bsn(), "lastName": "Jansen"})
        by_token = await browser.post("/auth/login", json={"bsn": bsn, "lastName": "de Mol"})

    patient = {"pseudoniem": str(await pseudoniem_of(world, bsn))}
    whose = {**patient, "company_id": company.company_id, "dossier_id": dossier_id}
    assert await said(world, signed_in) == [{"event": "patient.signed_in", **patient}]
    assert await said(world, shown) == [{"event": "dossiers.shown_to_patient", **patient, "count": 1}]
    assert await said(world, approved) == [{"event": "consent.chosen", **whose, "choice": "approved"}]
    assert await said(world, declined) == [{"event": "consent.chosen", **whose, "choice": "declined"}]
    refused = {"event": "consent.refused", **patient}
    assert await said(world, anothers) == [{**refused, "dossier_id": foreign, "cause": "another_patient"}]
    assert await said(world, made_up) == [{**refused, "cause": "not_found"}]
    assert (forged.status_code, await said(world, forged)) == (403, [])
    assert after["127.0.0.1", "permission_denied"] == before.get(("127.0.0.1", "permission_denied"), 0) + 1
    assert await said(world, signed_out) == [{"event": "patient.signed_out", **patient}]
    failed = {"event": "patient.refused", "cause": "not_authenticated"}
    assert await said(world, wrong_name) == [{**failed, **patient}]
    assert await said(world, unknown) == [failed]
    assert await said(world, by_token) == [{"event": "patient.signed_in", **patient}]


async def test_our_own_services_are_named_with_what_they_are_given(world: World) -> None:
    bsn, issued = fresh_bsn(), await internal_token(world)
    bearer = {"Authorization": f"Bearer {issued.json()['access_token']}"}
    first = await world.client.post("/pseudoniem", json={"bsn": bsn}, headers=bearer)
    again = await world.client.get(f"/pseudoniem/{bsn}", headers=bearer)
    pseudoniem = first.json()["pseudoniem"]
    given = {"event": "pseudoniem.given", "pseudoniem": pseudoniem, "service": "demo"}
    assert await said(world, issued) == [{"event": "internal_token.issued", "service": "demo"}]
    assert await said(world, first) == [{"event": "pseudoniem.made", "pseudoniem": pseudoniem}, given]
    assert await said(world, again) == [given]
