"""What the audit says of launches, sessions and tokens: one event for each decision, with these fields and no other."""

import json
from hashlib import sha256
from typing import Any

import pytest

from identity.companies.admission import Admission
from tests.support.audit import counted, said, said_of
from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL, flip
from tests.support.patient import pseudoniem_of
from tests.support.wire import session_of
from tests.support.world import Company, World

FILLED = {"firstname": "Johanna", "lastname": "de Vries", "email": "j.devries@praktijk.nl"}


@pytest.fixture
async def company(world: World) -> Company:
    return await world.company(alg="ES256")


def digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


async def test_a_launch_is_one_event_that_says_who_whom_and_by_which_key(world: World, company: Company) -> None:
    bsn = fresh_bsn()
    await company.create_dossier(bsn)
    claims = world.claims(company, profInfo=PROFESSIONAL, patientInfo={"bsn": bsn}, treatmentRelationshipId="1532")
    answer = await company.launch(company.ehr.sign(claims))
    context, [event] = answer.json(), await said(world, answer)
    relationship = event.pop("relationship_id")
    assert event == {
        "event": "launch.accepted",
        "company_id": company.company_id,
        "launch_id": context["launchId"],
        "account_id": context["professional"]["accountId"],
        "admission": "created",
        "pseudoniem": str(await pseudoniem_of(world, bsn)),
        "kid": company.ehr.kid,
        "jti": digest(claims["jti"]),
    }
    again = await company.launch(company.ehr.sign(claims | {"jti": "another"}))
    assert [event["relationship_id"] for event in await said(world, again)] == [relationship]


async def test_a_patient_who_is_seen_for_the_first_time_is_one_event_more(world: World, company: Company) -> None:
    bsn = fresh_bsn()
    first = await company.launch(company.ehr.sign(world.claims(company, patientInfo={"bsn": bsn})))
    again = await company.launch(company.ehr.sign(world.claims(company, patientInfo={"bsn": bsn})))
    made, *_ = (event for event in await said(world, first) if event["event"] == "pseudoniem.made")
    assert made == {"event": "pseudoniem.made", "pseudoniem": str(await pseudoniem_of(world, bsn))}
    assert [event["event"] for event in await said(world, first, again)] == [
        "launch.accepted", "launch.accepted", "pseudoniem.made"
    ]  # fmt: skip


async def test_a_replay_is_refused_with_the_launch_that_it_replays(world: World, company: Company) -> None:
    claims = world.claims(company, profInfo=PROFESSIONAL)
    token = company.ehr.sign(claims)
    launched, replayed = await company.launch(token), await company.launch(token)
    assert await said(world, replayed) == [
        {
            "event": "launch.refused", "company_id": company.company_id, "kid": company.ehr.kid,
            "jti": digest(claims["jti"]), "cause": "token_replayed", "replays": launched.json()["launchId"],
        }
    ]  # fmt: skip


CLAIMS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "too old": ({"iat": 1}, {"cause": "token_expired"}),
    "past its exp": ({"exp": 1}, {"cause": "token_expired"}),
    "from the future": ({"iat": 2**40}, {"cause": "claim_rejected", "claim": "iat", "rule": "future"}),
    "for others": ({"aud": "https://x"}, {"cause": "claim_rejected", "claim": "aud", "rule": "audience"}),
    "of another": ({"iss": "De Brug"}, {"cause": "claim_rejected", "claim": "iss", "rule": "signer"}),
    "without sub": ({"sub": None}, {"cause": "claim_rejected", "claim": "sub", "rule": "missing"}),
    "a wrong BSN": (
        {"patientInfo": {"bsn": "1"}}, {"cause": "claim_rejected", "claim": "patientInfo.bsn", "rule": "bsn"}
    ),
    "a BSN for an AGB code": (
        {"profInfo": {"agb": "123456782"}}, {"cause": "claim_rejected", "claim": "profInfo.agb", "rule": "agb"}
    ),
    "a number for a text": (
        {"treatmentRelationshipId": 123456782},
        {"cause": "claim_rejected", "claim": "treatmentRelationshipId", "rule": "type"},
    ),
    "a relationship that is not known": (
        {"treatmentRelationshipId": "nobody's"}, {"cause": "treatment_relationship_unknown"}
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "why"), CLAIMS.values(), ids=CLAIMS)
async def test_a_launch_that_is_refused_after_its_signature_says_why(
    world: World, company: Company, changes: dict[str, Any], why: dict[str, str]
) -> None:
    claims = {name: value for name, value in (world.claims(company) | changes).items() if value is not None}
    if "iss" in changes:
        answer = await company.launch(company.ehr.sign(claims), clientId=company.company_id)
    else:
        answer = await company.launch(company.ehr.sign(claims))
    known = {"company_id": company.company_id, "kid": company.ehr.kid, "jti": digest(claims["jti"])}
    assert await said(world, answer) == [{"event": "launch.refused", **known, **why}]


HOSTILE = ["\ud800", "\x00", "123456782" * 30, "{", "'; DROP TABLE identity_audit; --", "", "profInfo"]


@pytest.mark.parametrize("text", HOSTILE)
async def test_no_text_in_a_token_gets_into_the_audit_or_stops_it(world: World, company: Company, text: str) -> None:
    for changes in (
        {"jti": text}, {"jti": 123456782}, {"sub": text}, {"aud": text}, {text: text}, {"profInfo": {text: 1}},
        {"patientInfo": text}, {"treatmentRelationshipId": text},
    ):  # fmt: skip
        claims = world.claims(company, iat=1) | changes
        answer = await company.launch(company.ehr.sign(claims))
        assert answer.status_code == 401
        [event] = await said(world, answer)
        assert event["event"] == "launch.refused"
        assert event.keys() <= {"event", "company_id", "kid", "jti", "cause", "claim", "rule"}
        assert "123456782" not in json.dumps(event)


async def test_what_is_no_json_is_refused_by_that_rule(world: World, company: Company) -> None:
    answer = await company.launch(company.ehr.sign(b"not json"), clientId=company.company_id)
    assert await said(world, answer) == [
        {
            "event": "launch.refused", "company_id": company.company_id, "kid": company.ehr.kid,
            "cause": "claim_rejected", "rule": "json",
        }
    ]  # fmt: skip


async def test_another_patient_under_the_same_relationship_is_refused(world: World, company: Company) -> None:
    for bsn in (fresh_bsn(), fresh_bsn()):
        claims = world.claims(company, patientInfo={"bsn": bsn}, treatmentRelationshipId="1532")
        answer = await company.launch(company.ehr.sign(claims))
    [event] = await said(world, answer)
    assert (event["event"], event["cause"]) == ("launch.refused", "treatment_relationship_conflict")


async def test_before_the_signature_a_refusal_is_counted_and_has_no_event(world: World, company: Company) -> None:
    before = await counted(world)
    token = company.ehr.sign(world.claims(company))
    answers = [
        await company.launch("x"),
        await company.launch(flip(token, 2)),
        await company.launch(company.ehr.sign(world.claims(company), kid="x" * 43)),
        await company.launch(token, clientId="De Linde"),
    ]
    assert [answer.status_code for answer in answers] == [401] * 4
    assert await said(world, *answers) == []
    after = await counted(world)
    grown = {key: count - before.get(key, 0) for key, count in after.items() if count != before.get(key, 0)}
    causes = ("malformed_token", "bad_signature", "unknown_key", "untrusted_issuer")
    assert grown == {("127.0.0.1", cause): 1 for cause in causes}


async def test_a_session_is_resumed_and_left_and_then_is_not_there(world: World, company: Company) -> None:
    bsn = fresh_bsn()
    launched = await company.launch_in_browser(
        company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL, patientInfo={"bsn": bsn}))
    )
    launch_id = launched.headers["location"].rpartition("/")[2]
    cookie, pseudoniem = session_of(launched), str(await pseudoniem_of(world, bsn))
    async with world.another_client() as browser:
        shown = await browser.get("/sso/session", headers=cookie)
        left = await browser.delete("/sso/session", headers=cookie)
        gone = await browser.get("/sso/session", headers=cookie)
    on = {"company_id": company.company_id, "pseudoniem": pseudoniem, "launch_id": launch_id}
    account_id = shown.json()["professional"]["accountId"]
    assert await said(world, shown) == [{"event": "session.resumed", **on, "account_id": account_id}]
    assert await said(world, left) == [{"event": "session.left", **on}]
    assert (gone.status_code, await said(world, gone)) == (401, [])


async def test_a_registration_on_the_form_is_one_event(world: World, company: Company) -> None:
    context = (await company.launch(company.ehr.sign(world.claims(company)))).json()
    path, _, code = context["professional"]["registrationUrl"].partition("?code=")
    async with world.another_client() as browser:
        answer = await browser.post(path, data={**FILLED, "code": code})
        again = await browser.post(path, data={**FILLED, "code": "x"})
    [event] = await said(world, answer)
    assert event.pop("account_id")
    known = {"company_id": company.company_id, "launch_id": context["launchId"]}
    assert event == {"event": "professional.registered", **known}
    assert (again.status_code, await said(world, again)) == (401, [])


async def test_tokens_are_issued_and_refused(world: World, company: Company) -> None:
    contents = {"sub": "profID1241"}
    issued = await company.fetch_token()
    refused = await company.fetch_token(scope="123456782")
    signed = await world.client.post("/auth/token/professional", json=contents, headers=company.bearer)
    known = {"company_id": company.company_id}
    assert await said(world, issued) == [{"event": "company_token.issued", **known}]
    assert await said(world, refused) == [{"event": "company_token.refused", **known, "cause": "invalid_scope"}]
    assert await said(world, signed) == [{"event": "sso_token.issued", **known, "jti": digest(signed.json()["jti"])}]


async def test_a_secret_that_is_wrong_is_counted(world: World, company: Company) -> None:
    before = await counted(world)
    form = {"grant_type": "client_credentials", "client_id": company.company_id, "client_secret": "123456782"}
    answer = await world.client.post("/auth/token", data=form)
    after = await counted(world)
    assert (answer.status_code, await said(world, answer)) == (401, [])
    wrong = ("127.0.0.1", "wrong_secret")
    assert after[wrong] == before.get(wrong, 0) + 1


async def test_a_bearer_of_ours_that_is_refused_says_whose_it_was_and_why(world: World, company: Company) -> None:
    launch = (await company.launch(company.ehr.sign(world.claims(company, profInfo=PROFESSIONAL)))).json()
    of_launch = {"Authorization": f"Bearer {launch['accessToken']}"}
    narrow = {"Authorization": f"Bearer {(await company.fetch_token(scope='sso:issue')).json()['access_token']}"}
    wrong_role = await world.client.get("/company", headers=of_launch)
    no_scope = await world.client.get("/dossier", headers=narrow)
    not_internal = await world.client.post("/pseudoniem", json={"bsn": fresh_bsn()}, headers=company.bearer)
    admission = Admission(world.service.identity.companies.store, world.service.ground.audit, world.clock)
    await admission.suspend(company.company_id)
    suspended = await world.client.get("/company", headers=company.bearer)
    await admission.resume(company.company_id)
    world.clock.forward(hours=1)
    expired = await world.client.get("/company", headers=company.bearer)
    world.clock.forward(hours=-1)

    known = {"event": "bearer.refused", "company_id": company.company_id}
    by_launch = {"role": "launch", "launch_id": launch["launchId"], "cause": "wrong_role"}
    assert await said(world, wrong_role) == [{**known, **by_launch}]
    assert await said(world, no_scope) == [{**known, "role": "company", "cause": "scope_missing"}]
    assert await said(world, not_internal) == [{**known, "role": "company", "cause": "wrong_role"}]
    assert await said(world, suspended) == [{**known, "role": "company", "cause": "company_not_active"}]
    assert await said(world, expired) == [{**known, "role": "company", "cause": "token_expired"}]
    operator = [event["event"] for event in await said_of(world, company.company_id) if "company." in event["event"]]
    assert operator == ["company.registered", "company.suspended", "company.resumed"]


async def test_a_bearer_that_nobody_of_us_signed_is_counted(world: World, company: Company) -> None:
    before = await counted(world)
    answers = [
        await world.client.get("/company"),
        await world.client.get("/company", headers={"Authorization": f"Bearer {flip(company.token, 2)}"}),
        await world.client.get("/company", headers={"Authorization": "Bearer 123456782"}),
    ]
    after = await counted(world)
    assert await said(world, *answers) == []
    grown = {key: count - before.get(key, 0) for key, count in after.items() if count != before.get(key, 0)}
    assert grown == {("127.0.0.1", cause): 1 for cause in ("not_authenticated", "bad_signature", "malformed_token")}
