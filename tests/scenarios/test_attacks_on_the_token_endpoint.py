"""What an attacker tries to get a company's token, or to use one where it does not belong.

The names in front are those of `docs/attacks.md`. Everything is refused, with nothing kept and no assertion used up.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from tests.support.assertions import TYPE, Assertion
from tests.support.bench import Bench
from tests.support.ehr import Ehr, flip
from tests.support.endpoints import GUARDED, Endpoint
from tests.support.state import changed, state_of
from tests.support.wire import oauth_error, problem
from tests.support.world import ISSUER

GRANT = {"grant_type": "client_credentials"}
METADATA = "/.well-known/oauth-authorization-server"

Forge = Callable[[Assertion], str]
ASSERTIONS: dict[str, Forge] = {
    "OAU-003 a stranger's key": lambda a: Ehr("RS256").sign(a.claims()),
    "OAU-003 a stranger's key under A's kid": lambda a: Ehr("RS256").sign(a.claims(), kid=a.bench.a.ehr.kid),
    "OAU-003 the key of company B": lambda a: a.bench.b.ehr.sign(a.claims()),
    "OAU-003 a revoked key": lambda a: a.bench.retired.sign(a.claims()),
    "OAU-003 no algorithm": Assertion.unsigned,
    "OAU-003 HS256 by the client secret": lambda a: a.by_mac(a.bench.a.secret.encode()),
    "OAU-003 HS256 by A's public key": lambda a: a.by_mac(json.dumps(a.bench.public_jwk()).encode()),
    "OAU-003 HS256 by nothing": lambda a: a.by_mac(b""),
    "OAU-003 another claim under the signature": lambda a: flip(a.signed(), 1),
    "OAU-003 another signature": lambda a: flip(a.signed(), 2),
    "OAU-003 more than five minutes": lambda a: a.signed(exp=a.at(301)),
    "OAU-003 a year": lambda a: a.signed(exp=a.at(31_536_000)),
    "OAU-003 a year, without iat": lambda a: a.signed(iat=None, exp=a.at(31_536_000)),
    "OAU-003 for ever": lambda a: a.with_text(json.dumps(a.claims(exp=1e300))),
    "OAU-003 no exp": lambda a: a.signed(exp=None),
    "OAU-003 exp past": lambda a: a.signed(iat=a.at(-90), exp=a.at(-31)),
    "OAU-003 exp in words": lambda a: a.signed(exp="tomorrow"),
    "OAU-003 nbf to come": lambda a: a.signed(nbf=a.at(31)),
    "OAU-003 signed in the future": lambda a: a.signed(iat=a.at(31), exp=a.at(60)),
    "OAU-003 no sub": lambda a: a.signed(sub=None),
    "OAU-003 B as sub": lambda a: a.signed(sub=a.bench.b.company_id),
    "OAU-003 no iss": lambda a: a.signed(iss=None),
    "OAU-003 B as iss": lambda a: a.signed(iss=a.bench.b.company_id),
    "TEN-014 A's key speaks for B": lambda a: a.signed(iss=a.bench.b.company_id, sub=a.bench.b.company_id),
    "OAU-003 no aud": lambda a: a.signed(aud=None),
    "OAU-003 an empty aud": lambda a: a.signed(aud=""),
    "OAU-003 aud for nobody": lambda a: a.signed(aud=[]),
    "OAU-003 the token endpoint of another server": lambda a: a.signed(aud="https://evil.example/auth/token"),
    "OAU-003 the endpoint of our own services": lambda a: a.signed(aud=f"{ISSUER}/auth/token/internal"),
    "OAU-003 aud for us and another": lambda a: a.signed(aud=[ISSUER, "https://evil.example"]),
    "OAU-003 aud in an array of arrays": lambda a: a.signed(aud=[[ISSUER]]),
    "OAU-003 aud in other letters": lambda a: a.signed(aud=ISSUER.upper()),
    "OAU-003 aud with a slash": lambda a: a.signed(aud=f"{ISSUER}/"),
    "OAU-003 aud that begins like ours": lambda a: a.signed(aud=f"{ISSUER}.evil.example"),
    "OAU-003 aud twice": Assertion.with_aud_twice,
    "OAU-003 no jti": lambda a: a.signed(jti=None),
    "OAU-003 two in one": lambda a: f"{a.signed()} {a.signed()}",
    "TYP-001 A's own access token": lambda a: a.bench.a.token,
    "TYP-006 as an SSO token": lambda a: a.with_header(typ="sso+jwt"),
    "HDR-001 a key along": lambda a: a.with_header(jwk=a.bench.public_jwk()),
    "HDR-007 something critical": lambda a: a.with_header(crit=["x"], x=1),
}  # fmt: skip


@pytest.mark.parametrize("attack", ASSERTIONS)
async def test_a_bad_assertion_gets_no_token_and_has_not_used_up_its_name(bench: Bench, attack: str) -> None:
    one = Assertion(bench)
    bad, client = one.form(ASSERTIONS[attack](one)), bench.world.client
    about = {"token": bench.a.token}
    for path, besides in (
        ("/auth/token", GRANT), ("/auth/token", GRANT | {"client_id": bench.a.company_id}),
        ("/auth/introspect", about), ("/auth/revoke", about),
    ):  # fmt: skip
        answer = await client.post(path, data=bad | besides)
        oauth_error(answer, 401, "invalid_client")
        assert answer.headers["www-authenticate"] == 'Bearer realm="sso"'
        assert answer.json()["error_description"] == "Client authentication failed."
    assert (await client.post("/auth/token", data=GRANT | one.form())).status_code == 200


@dataclass(frozen=True)
class Attempt:
    """A token request that is refused, and how."""

    status: int
    error: str
    form: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


def secret(bench: Bench) -> dict[str, str]:
    return {"client_id": bench.a.company_id, "client_secret": bench.a.secret}


ATTEMPTS: dict[str, Callable[[Bench], Attempt]] = {
    "OAU-002 in three ways": lambda bench: Attempt(
        400, "invalid_request", GRANT | secret(bench) | Assertion(bench).form(), bench.a.basic
    ),
    "OAU-002 a header and an assertion": lambda bench: Attempt(
        400, "invalid_request", GRANT | Assertion(bench).form(), bench.a.basic
    ),
    "OAU-002 a header and a secret": lambda bench: Attempt(
        400, "invalid_request", GRANT | secret(bench), bench.a.basic
    ),
    "OAU-002 a secret and an assertion": lambda bench: Attempt(
        400, "invalid_request", GRANT | secret(bench) | Assertion(bench).form()
    ),
    "OAU-002 a token of ours and an assertion": lambda bench: Attempt(
        400, "invalid_request", GRANT | Assertion(bench).form(), bench.a.bearer
    ),
    "OAU-002 a token of ours and a secret": lambda bench: Attempt(
        401, "invalid_client", GRANT | secret(bench), bench.a.bearer
    ),
    "TEN-014 A's header and B's name": lambda bench: Attempt(
        400, "invalid_request", GRANT | {"client_id": bench.b.company_id}, bench.a.basic
    ),
    "TEN-014 A's assertion and B's name": lambda bench: Attempt(
        401, "invalid_client", GRANT | Assertion(bench).form() | {"client_id": bench.b.company_id}
    ),
    "OAU-003 an assertion of another type": lambda bench: Attempt(
        401, "invalid_client", GRANT | Assertion(bench).form() | {"client_assertion_type": TYPE.replace("jwt", "saml2")}
    ),
    "OAU-003 an assertion of no type": lambda bench: Attempt(
        400, "invalid_request", GRANT | Assertion(bench).form() | {"client_assertion_type": ""}
    ),
    "OAU-005 no grant": lambda bench: Attempt(400, "invalid_request", Assertion(bench).form()),
    "a scope of nobody's": lambda bench: Attempt(
        400, "invalid_scope", GRANT | Assertion(bench).form() | {"scope": "admin"}
    ),
    "a scope on two lines": lambda bench: Attempt(
        400, "invalid_scope", GRANT | {"scope": "dossier:read\ndossier:write"}, bench.a.basic
    ),
    "a scope too many spaces long": lambda bench: Attempt(
        400, "invalid_scope", GRANT | {"scope": "dossier:read  dossier:write"}, bench.a.basic
    ),
    "nobody, by the name of a service of ours": lambda _: Attempt(
        401, "invalid_client", GRANT | {"client_id": "demo", "client_secret": "x"}
    ),
}


@pytest.mark.parametrize("attack", ATTEMPTS)
async def test_a_request_that_is_wrong_in_one_thing_gets_no_token(bench: Bench, attack: str) -> None:
    attempt = ATTEMPTS[attack](bench)
    answer = await bench.world.client.post("/auth/token", data=attempt.form, headers=attempt.headers)
    oauth_error(answer, attempt.status, attempt.error)


URN = "urn:ietf:params:oauth:grant-type"
GRANTS: dict[str, Callable[[Bench], dict[str, str]]] = {
    "password": lambda bench: {"username": bench.a.company_id, "password": bench.a.secret},
    "implicit": lambda _: {},
    "authorization_code": lambda _: {"code": "x", "redirect_uri": "https://evil.example"},
    "refresh_token": lambda bench: {"refresh_token": bench.a.token},
    f"{URN}:jwt-bearer": lambda bench: {"assertion": Assertion(bench).signed()},
    f"{URN}:token-exchange": lambda bench: {
        "subject_token": bench.a.token,
        "subject_token_type": "urn:ietf:params:oauth:token-type:access_token",
    },
    f"{URN}:device_code": lambda _: {"device_code": "x"},
    f"{URN}:saml2-bearer": lambda _: {"assertion": "x"},
}


@pytest.mark.parametrize("grant_type", GRANTS)
async def test_no_other_grant_gets_a_token(bench: Bench, grant_type: str) -> None:
    form = {"grant_type": grant_type, **GRANTS[grant_type](bench)}
    for proof, headers in (({}, bench.a.basic), (Assertion(bench).form(), {})):
        answer = await bench.world.client.post("/auth/token", data=form | proof, headers=headers)
        oauth_error(answer, 400, "unsupported_grant_type")
    alone = await bench.world.client.post("/auth/token", data=form)
    oauth_error(alone, 401, "invalid_client")


async def test_no_refused_token_request_leaves_a_trace(bench: Bench) -> None:
    one = Assertion(bench)
    requests: list[tuple[dict[str, str], dict[str, str]]]
    requests = [(GRANT | one.form(forge(one)), {}) for forge in ASSERTIONS.values()]
    requests += [(attempt.form, attempt.headers) for attempt in (make(bench) for make in ATTEMPTS.values())]
    requests += [({"grant_type": name, **more(bench)}, bench.a.basic) for name, more in GRANTS.items()]
    before = await state_of(bench.world)
    for form, headers in requests:
        answer = await bench.world.client.post("/auth/token", data=form, headers=headers)
        assert answer.status_code in {400, 401}
    assert not await changed(bench.world, before)


@pytest.mark.parametrize("endpoint", GUARDED, ids=str)
async def test_a_bearer_token_in_a_form_opens_nothing(bench: Bench, endpoint: Endpoint) -> None:
    """OAU-010: the header is the one place for it (RFC 6750 2.2 and 2.3 are optional)."""
    for url in (endpoint.path, f"{endpoint.path}?access_token={bench.a.token}"):
        answer = await bench.world.client.request(endpoint.method, url, data={"access_token": bench.a.token})
        problem(answer, 401, "not_authenticated")
        assert bench.a.token not in answer.text


async def test_the_scheme_of_client_credentials_is_read_without_case(bench: Bench) -> None:
    encoded = bench.a.basic["Authorization"].removeprefix("Basic ")
    for scheme in ("basic", "BASIC", "Basic "):
        headers = {"Authorization": f"{scheme} {encoded}"}
        assert (await bench.world.client.post("/auth/token", data=GRANT, headers=headers)).status_code == 200


async def test_nothing_that_a_caller_sends_changes_whom_the_metadata_name(bench: Bench) -> None:
    true = (await bench.world.client.get(METADATA)).json()
    for headers in (
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
        {"Forwarded": "host=evil.example;proto=https"},
        {"X-Original-URL": "https://evil.example/", "Origin": "https://evil.example"},
        {"Host": "127.0.0.1:9999"},
    ):
        answer = await bench.world.client.get(f"{METADATA}?issuer=https://evil.example", headers=headers)
        assert answer.json() == true
    problem(await bench.world.client.get(METADATA, headers={"Host": "evil.example"}), 400, "unknown_host")
