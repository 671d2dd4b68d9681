"""A good token of one kind in the place of another, and forged tokens at every endpoint, not at the launch alone.

What is tried everywhere is tried at each operation that `/openapi.json` tells of, so that a new one is no exception.
The names in front are those of `docs/attacks.md`.
"""

import hmac
import json
import re
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

import pytest
from joserfc import jwe
from joserfc.jwk import ECKey, OctKey, RSAKey

from keys import base64url
from tests.support.bench import Bench, no_trace_of, refused_like_all_others
from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL, Ehr, jws
from tests.support.state import changed, state_of
from tests.support.wire import oauth_error, problem, session_of
from tests.support.world import ISSUER, PAGE, World

PLACE = {"bsn": fresh_bsn()}
"""What stands in a path: a name that nobody has, or this."""


async def published(bench: Bench, kty: str) -> dict[str, Any]:
    """Return the key of ours that is published for this type: RSA signs SSO tokens, EC access tokens."""
    keys = (await bench.world.client.get("/.well-known/jwks.json")).json()["keys"]
    return dict(next(key for key in keys if key["kty"] == kty))


async def guarded(world: World) -> list[tuple[str, str]]:
    """Return method and path of every operation that asks for a bearer token."""
    paths = (await world.client.get("/openapi.json")).json()["paths"]
    found = []
    for path, methods in paths.items():
        place = re.sub(r"{(\w+)}", lambda match: PLACE.get(match[1], "00000000-0000-4000-8000-000000000000"), path)
        for method, operation in methods.items():
            schemes = {name for needed in operation.get("security", []) for name in needed}
            if schemes & {"company", "launch", "internal"}:
                found.append((method.upper(), place))
    assert len(found) > 12
    return found


def mac(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    signing_input = ".".join(base64url.encode(json.dumps(part).encode()) for part in (header, claims))
    return f"{signing_input}.{base64url.encode(hmac.digest(secret, signing_input.encode(), sha256))}"


async def forged_bearers(bench: Bench) -> dict[str, str]:
    """Return what looks like a company's access token, and was made without our key."""
    jwk = await published(bench, "EC")
    now = int(bench.world.clock().timestamp())
    claims = {
        "iss": ISSUER, "aud": ISSUER, "sub": bench.a.company_id, "client_id": bench.a.company_id, "iat": now,
        "exp": now + 900, "jti": "x", "role": "HealthcareCompany", "companyName": "De Linde",
        "scope": "dossier:read dossier:write permission:read sso:issue keys:manage",
    }  # fmt: skip
    header = {"alg": "ES256", "typ": "at+jwt", "kid": jwk["kid"]}
    good_segments = bench.a.token.split(".")
    internal = {**claims, "sub": "demo", "client_id": "demo", "role": "Internal"}
    stranger = Ehr("ES256")
    none = ".".join(base64url.encode(json.dumps(part).encode()) for part in ({**header, "alg": "none"}, claims))
    return {
        "ALG-001 none": f"{none}.",
        "ALG-001 none with a signature": f"{none}.{good_segments[2]}",
        "ALG-005 HS256 by our public JWK": mac({**header, "alg": "HS256"}, claims, json.dumps(jwk).encode()),
        "ALG-005 HS256 by our public key in PEM": mac(
            {**header, "alg": "HS256"}, claims, ECKey.import_key(jwk).as_pem(private=False)
        ),
        "ALG-006 HS256 by nothing": mac({**header, "alg": "HS256"}, claims, b""),
        "ALG-006 ES256 by nothing": mac(header, claims, b""),
        "HDR-001 a key along": jws({**header, "jwk": stranger.public_jwk()}, claims, "ES256", stranger.key),
        "SIG-012 a stranger under our kid": jws(header, claims, "ES256", stranger.key),
        "SIG-012 a company's own key": jws({**header, "kid": bench.elliptic.kid}, claims, "ES256", bench.elliptic.key),
        "TYP-002 a company's own key, as an internal token": jws(
            {**header, "kid": bench.elliptic.kid}, internal, "ES256", bench.elliptic.key
        ),
        "SIG-003 other claims under our signature": ".".join(
            (good_segments[0], base64url.encode(json.dumps(claims | {"role": "Internal"}).encode()), good_segments[2])
        ),
        "TYP-002 an SSO token": bench.good(patientInfo=PLACE),
        "TYP-002 an SSO token as at+jwt": bench.header(typ="at+jwt"),
    }


async def test_no_forged_token_opens_any_endpoint_and_none_leaves_a_trace(bench: Bench) -> None:
    forged, operations = await forged_bearers(bench), await guarded(bench.world)
    assert (await bench.world.client.get("/company/keys", headers=bench.a.bearer)).status_code == 200
    before = await state_of(bench.world)
    for attack, token in forged.items():
        for method, path in operations:
            answer = await bench.world.client.request(method, path, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == 401, (attack, method, path)
            assert 'error="invalid_token"' in answer.headers["www-authenticate"], (attack, method, path)
    assert not await changed(bench.world, before)


async def token_that_we_sign(bench: Bench) -> str:
    answer = await bench.world.client.post("/auth/token/professional", json={"sub": "prof1"}, headers=bench.a.bearer)
    return str(answer.json()["token"])


async def internal_token(bench: Bench) -> str:
    service = json.loads((bench.world.folder / "demo-service.json").read_text())
    form = {"grant_type": "client_credentials"}
    credentials = (service["clientId"], service["clientSecret"])
    answer = await bench.world.client.post("/auth/token/internal", data=form, auth=credentials)
    return str(answer.json()["access_token"])


async def launch_token(bench: Bench) -> str:
    return str((await bench.a.launch(bench.good(profInfo=PROFESSIONAL))).json()["accessToken"])


async def company_token(bench: Bench) -> str:
    return bench.a.token


async def patient_token(bench: Bench) -> str:
    bsn = fresh_bsn()
    async with bench.world.another_client() as browser:
        await browser.post("/register", data={"bsn": bsn, "firstName": "Peter", "lastName": "de Mol"})
    answer = await bench.world.client.post("/auth/login", json={"bsn": bsn, "lastName": "de Mol"})
    return str(answer.json()["access_token"])


async def session_token(bench: Bench) -> str:
    return session_of(await bench.a.launch_in_browser(bench.good()))["Cookie"].partition("=")[2]


Kind = Callable[[Bench], Awaitable[str]]
OURS: dict[str, Kind] = {
    "TYP-001 a company token": company_token,
    "TYP-001 a launch token": launch_token,
    "TYP-001 an internal token": internal_token,
    "TYP-001 a patient token": patient_token,
    "TYP-005 the value of a session cookie": session_token,
}


@pytest.mark.parametrize("kind", OURS)
async def test_no_credential_of_ours_is_a_professionals_token(bench: Bench, kind: str) -> None:
    token = await OURS[kind](bench)
    await refused_like_all_others(bench, token)
    await no_trace_of(bench, {kind: lambda _bench: token})


async def test_an_sso_token_that_we_sign_is_no_bearer_token(bench: Bench) -> None:
    token = await token_that_we_sign(bench)
    for method, path in await guarded(bench.world):
        answer = await bench.world.client.request(method, path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401, (method, path)
    assert (await bench.a.launch(token)).status_code == 200


async def test_a_patients_cookie_is_no_bearer_token_and_no_token_is_a_patients_cookie(bench: Bench) -> None:
    bsn = fresh_bsn()
    async with bench.world.another_client() as browser:
        signed_in = await browser.post("/register", data={"bsn": bsn, "firstName": "Peter", "lastName": "de Mol"})
    name, _, value = signed_in.headers["set-cookie"].partition(";")[0].partition("=")
    own = await bench.world.client.get("/", headers={**PAGE, "Cookie": f"{name}={value}"})
    assert "Hello" in own.text
    for method, path in await guarded(bench.world):
        as_bearer = {"Authorization": f"Bearer {value}"}
        answer = await bench.world.client.request(method, path, headers=as_bearer)
        assert answer.status_code == 401, (method, path)
        answer = await bench.world.client.request(method, path, headers={"Cookie": f"{name}={value}"})
        in_the_form = path in {"/auth/introspect", "/auth/revoke"}  # where a client could say who it is
        assert answer.status_code == (415 if in_the_form else 401), (method, path)
    of_a_launch = await session_token(bench)
    for other in (bench.a.token, await patient_token(bench), of_a_launch, bench.good()):
        page = await bench.world.client.get("/", headers={**PAGE, "Cookie": f"{name}={other}"})
        assert "Hello" not in page.text
        choice = {"choice": "approved", "csrfToken": "x"}
        address = "/consents/00000000-0000-4000-8000-000000000000"
        refused = await bench.world.client.post(address, data=choice, headers={**PAGE, "Cookie": f"{name}={other}"})
        assert refused.status_code in {401, 403}
    problem(
        await bench.world.client.get("/sso/session", headers={"Cookie": f"__Host-sso-session={value}"}),
        401,
        "not_authenticated",
    )


ASSERTION = {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}


@pytest.mark.parametrize("path", ["/auth/token", "/auth/token/internal"])
async def test_a_professionals_token_authenticates_no_client_and_is_good_afterwards(bench: Bench, path: str) -> None:
    """TYP-006, the way back: the same key may sign both kinds."""
    token = bench.good(iss=bench.a.company_id)
    form = {"grant_type": "client_credentials", **ASSERTION, "client_assertion": token}
    for besides in ({}, {"client_id": bench.a.company_id}):
        oauth_error(await bench.world.client.post(path, data={**form, **besides}), 401, "invalid_client")
    for besides in ({"client_secret": token, "client_id": bench.a.company_id}, {"client_secret": token}):
        plain = {"grant_type": "client_credentials", **besides}
        oauth_error(await bench.world.client.post(path, data=plain), 401, "invalid_client")
    assert (await bench.a.launch(token)).status_code == 200


async def test_what_is_encrypted_is_no_token_whatever_is_inside(bench: Bench) -> None:
    """TYP-015, TYP-016: that something can be decrypted proves nothing of who wrote it."""
    members = {"kty", "n", "e", "crv", "x", "y"}  # an attacker does not mind what `use` says
    rsa, ec = (
        {name: value for name, value in key.items() if name in members}
        for key in (await published(bench, "RSA"), await published(bench, "EC"))
    )
    inside = bench.good()
    secret = OctKey.import_key(b"\0" * 16)
    for alg, key in (
        ("RSA-OAEP", RSAKey.import_key(rsa)),
        ("ECDH-ES", ECKey.import_key(ec)),
        ("dir", secret),
        ("A128KW", secret),
    ):
        encrypted = jwe.encrypt_compact(
            {"alg": alg, "enc": "A128GCM", "cty": "JWT"}, inside, key, algorithms=[alg, "A128GCM"]
        )
        assert encrypted.count(".") == 4
        await refused_like_all_others(bench, encrypted)
        await refused_like_all_others(bench, ".".join(encrypted.split(".")[:3]))
    assert (await bench.a.launch(inside)).status_code == 200


async def test_the_name_of_a_key_of_ours_makes_no_other_key_ours(bench: Bench) -> None:
    """TYP-017 and its siblings: neither a company's key nor a staging one signs as we do."""
    sso, access = await published(bench, "RSA"), await published(bench, "EC")
    claims = bench.claims(iss=bench.a.company_id, aud=ISSUER)
    staging = Ehr("RS256")
    for token in (
        jws({"alg": "RS256", "kid": sso["kid"]}, claims, "RS256", bench.a.ehr.key),
        jws({"alg": "RS256", "kid": sso["kid"]}, claims, "RS256", staging.key),
        jws({"alg": "ES256", "kid": access["kid"]}, claims, "ES256", bench.elliptic.key),
        jws({"alg": "PS256", "kid": sso["kid"]}, claims, "PS256", bench.pss.key),
        jws({"alg": "RS256", "kid": staging.kid}, claims, "RS256", staging.key),
        mac({"alg": "HS256", "kid": sso["kid"]}, claims, json.dumps(sso).encode()),
        mac({"alg": "RS256", "kid": sso["kid"]}, claims, json.dumps(sso).encode()),
    ):
        await refused_like_all_others(bench, token)
        problem(await bench.a.launch(token, clientId=bench.a.company_id), 401, "token_rejected")
