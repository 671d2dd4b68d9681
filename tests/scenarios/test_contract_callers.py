"""Who may call what: the scope and the kind of token that each endpoint asks for, and no other."""

import json
from datetime import datetime

import pytest

from tests.support.bench import Bench
from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL
from tests.support.endpoints import BSN, SOMEWHERE, Endpoint
from tests.support.wire import problem
from tests.support.world import World

NEEDED: dict[str, list[Endpoint]] = {
    "dossier:read": [
        Endpoint("GET", "/dossier"),
        Endpoint("GET", f"/dossier/{SOMEWHERE}"),
        Endpoint("GET", "/api/v1/treatment_relationships"),
        Endpoint("GET", f"/api/v1/treatment_relationships/{SOMEWHERE}"),
    ],
    "dossier:write": [
        Endpoint("POST", "/dossier", {"bsn": ""}),
        Endpoint("DELETE", f"/dossier/{BSN}"),
        Endpoint("DELETE", f"/api/v1/treatment_relationships/{SOMEWHERE}"),
    ],
    "permission:read": [
        Endpoint("GET", f"/dossier/{BSN}/permission"),
        Endpoint("POST", "/dossier/permission", {"bsn": BSN}),
        Endpoint("POST", "/dossier/permissions", {"bsns": [BSN]}),
    ],
    "sso:issue": [
        Endpoint("POST", "/auth/token/professional", {"sub": "prof1"}),
        Endpoint("POST", "/sso/diagnose", {"token": "a.b.c"}),
        Endpoint("GET", "/company/professionals"),
        Endpoint("DELETE", f"/company/professionals/{SOMEWHERE}"),
    ],
    "keys:manage": [
        Endpoint("GET", "/company/keys"),
        Endpoint("POST", "/company/keys", {"jwk": {}}),
        Endpoint("DELETE", f"/company/keys/{'A' * 43}"),
        Endpoint("GET", "/company/secrets"),
        Endpoint("POST", "/company/secrets", {"expiresInDays": 0}),
        Endpoint("DELETE", f"/company/secrets/{SOMEWHERE}"),
    ],
}
"""What each scope is for. The requests change nothing: what they ask for is not there, or wrong."""
COMPANYS = [*(endpoint for endpoints in NEEDED.values() for endpoint in endpoints), Endpoint("GET", "/company")]
NOT_ENOUGH = 'Bearer realm="sso", error="insufficient_scope"'
"""What RFC 6750 3.1 has for a good token that does not open this."""
FOR_LAUNCHES = {str(endpoint) for endpoint in NEEDED["dossier:read"] if endpoint.path.startswith("/dossier")}


async def bearer(bench: Bench, *scopes: str) -> dict[str, str]:
    """Return the header of A's token with these scopes."""
    token = (await bench.a.fetch_token(scope=" ".join(scopes))).json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("scope", NEEDED)
async def test_a_scope_opens_its_own_endpoints_and_no_other_opens_them(bench: Bench, scope: str) -> None:
    enough = await bearer(bench, scope)
    all_others = await bearer(bench, *(other for other in NEEDED if other != scope))
    for endpoint in NEEDED[scope]:
        ask = (endpoint.method, endpoint.path)
        allowed = await bench.world.client.request(*ask, json=endpoint.body, headers=enough)
        assert allowed.status_code != 401, endpoint
        assert allowed.is_success or allowed.json()["code"] != "permission_denied", endpoint
        refused = await bench.world.client.request(*ask, json=endpoint.body, headers=all_others)
        problem(refused, 403, "permission_denied")
        assert f'scope="{scope}"' in refused.headers["www-authenticate"], endpoint


async def test_a_company_sees_itself_with_any_scope(bench: Bench) -> None:
    for scope in NEEDED:
        answer = await bench.world.client.get("/company", headers=await bearer(bench, scope))
        assert answer.status_code == 200
        company = answer.json()
        assert company == {
            "companyId": bench.a.company_id,
            "companyName": "Huisartsenpraktijk De Linde",
            "status": "active",
            "createdAt": company["createdAt"],
        }
        assert company["createdAt"].endswith("Z")
        assert datetime.fromisoformat(company["createdAt"]) <= bench.world.clock()


async def others(bench: Bench) -> dict[str, dict[str, str]]:
    """Return the header of each kind of token that is not a company's."""
    world = bench.world
    launched = await bench.a.launch(bench.good(profInfo=PROFESSIONAL))
    service = json.loads((world.folder / "demo-service.json").read_text())
    internal = await world.client.post(
        "/auth/token/internal",
        data={"grant_type": "client_credentials"},
        auth=(service["clientId"], service["clientSecret"]),
    )
    tokens = {
        "launch": launched.json()["accessToken"],
        "internal": internal.json()["access_token"],
        "patient": await patient_token(world),
    }
    return {kind: {"Authorization": f"Bearer {token}"} for kind, token in tokens.items()}


async def patient_token(world: World) -> str:
    """Register a patient of the demo; return the token of its login."""
    bsn = fresh_bsn()
    async with world.another_client() as browser:
        await browser.post("/register", data={"bsn": bsn, "firstName": "Peter", "lastName": "de Mol"})
    answer = await world.client.post("/auth/login", json={"bsn": bsn, "lastName": "de Mol"})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["access_token"])


async def test_a_good_token_of_another_kind_is_403_everywhere(bench: Bench) -> None:
    for kind, headers in (await others(bench)).items():
        for endpoint in COMPANYS:
            if kind == "launch" and str(endpoint) in FOR_LAUNCHES:
                continue
            answer = await bench.world.client.request(
                endpoint.method, endpoint.path, json=endpoint.body, headers=headers
            )
            problem(answer, 403, "permission_denied")
            assert answer.headers["www-authenticate"] == NOT_ENOUGH


async def test_the_pseudoniem_is_for_internal_tokens_alone(bench: Bench) -> None:
    kinds = await others(bench)
    refused = [bench.a.bearer, kinds["launch"], kinds["patient"]]
    for endpoint in (Endpoint("GET", f"/pseudoniem/{BSN}"), Endpoint("POST", "/pseudoniem", {"bsn": BSN})):
        ask = (endpoint.method, endpoint.path)
        problem(await bench.world.client.request(*ask, json=endpoint.body), 401, "not_authenticated")
        for headers in refused:
            answer = await bench.world.client.request(*ask, json=endpoint.body, headers=headers)
            problem(answer, 403, "permission_denied")
            assert answer.headers["www-authenticate"] == NOT_ENOUGH
        good = await bench.world.client.request(*ask, json=endpoint.body, headers=kinds["internal"])
        assert good.status_code == 200
