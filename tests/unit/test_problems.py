"""The table from exception to wire form: complete, and stable towards callers."""

import json
import re
from collections.abc import Iterator

import pytest
from starlette.responses import Response

from common import errors
from common.errors import Fault, ServiceError
from common.http.problems import TABLE, field_errors, headers_of, is_of_fields, oauth_error, problem, row_of

REQUEST_ID = "0123456789abcdef0123456789abcdef"
PRIVATE = "the cause that stays inside"


def all_kinds(base: type[ServiceError] = ServiceError) -> Iterator[type[ServiceError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from all_kinds(kind)


KINDS = list(all_kinds())
WITH_CODE = [kind for kind in KINDS if "code" in vars(kind)]
EXAMPLES: list[ServiceError] = [
    errors.InvalidInput("Wrong.", [Fault("/bsn", "bsn")], private=PRIVATE),
    errors.MalformedBody("Unreadable.", private=PRIVATE),
    errors.DuplicateParameter("Twice."),
    errors.UnknownHost("Another name."),
    errors.BodyTooLarge("Too large."),
    errors.BodyTooSlow("Too slow."),
    errors.UnsupportedMediaType("Not that."),
    errors.KeyRejected("size", "Too small."),
    errors.JwksUriRejected("no_keys", "None.", [(0, "size")]),
    errors.SecretRejected("too_many", "There are two."),
    errors.TreatmentRelationshipUnknown("Unknown."),
    errors.TokenRejected(PRIVATE),
    errors.MalformedToken(PRIVATE),
    errors.UntrustedIssuer(PRIVATE),
    errors.UnknownKey(PRIVATE),
    errors.BadSignature(PRIVATE),
    errors.AuthenticTokenRejected("Refused.", private=PRIVATE),
    errors.ClaimRejected("patientInfo.bsn", "bsn"),
    errors.TokenExpired("Old.", private=PRIVATE),
    errors.TokenReplayed("Used."),
    errors.NotAuthenticated("Who?", private=PRIVATE),
    errors.RateLimited(17),
    errors.SignInFailed("Nobody.", private=PRIVATE),
    errors.PermissionDenied("No.", scope="dossier:read", private=PRIVATE),
    errors.ConsentMissing("No consent."),
    errors.NotFound("Nothing."),
    errors.MethodNotAllowed(["GET", "HEAD"]),
    errors.Conflict("Conflict."),
    errors.TreatmentRelationshipConflict("Another patient."),
    errors.OtherPatientOpen("Another tab."),
    errors.Unavailable("the database", retry_after=3, private=PRIVATE),
    errors.InternalFault("Ours."),
    errors.InvalidClient(private=PRIVATE),
    errors.UnsupportedGrantType("Not that grant."),
    errors.InvalidScope("Not that scope."),
]
"""One of every kind, but for OAuthError, which is never raised itself."""

IDS = [type(example).__name__ for example in EXAMPLES]
NOT_BEFORE_THE_SIGNATURE = "The token was not accepted."


def test_every_kind_of_error_has_an_example_here() -> None:
    assert {type(example) for example in EXAMPLES} == set(KINDS) - {errors.OAuthError}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_error_has_a_row(kind: type[ServiceError]) -> None:
    assert 400 <= row_of(kind).status <= 599


def test_every_row_belongs_to_a_kind_of_error() -> None:
    assert set(TABLE) <= set(KINDS)


def test_every_code_of_ours_has_a_title_of_its_own() -> None:
    ours = [kind for kind in WITH_CODE if not issubclass(kind, errors.OAuthError)]
    assert [kind for kind in ours if kind not in TABLE] == []
    assert len({TABLE[kind].title for kind in ours}) == len(ours)


def test_a_code_belongs_to_one_kind_of_error() -> None:
    codes = [kind.code for kind in WITH_CODE]
    assert sorted(codes) == sorted(set(codes))


def test_the_codes_are_those_that_callers_program_against() -> None:
    contract = {
        400: {"malformed_body", "duplicate_parameter", "unknown_host", "unsupported_grant_type", "invalid_scope"},
        401: {"not_authenticated", "token_rejected", "claim_rejected", "token_expired", "token_replayed",
              "invalid_client"},
        403: {"permission_denied", "consent_missing"},
        404: {"not_found"},
        405: {"method_not_allowed"},
        408: {"body_too_slow"},
        409: {"conflict", "treatment_relationship_conflict", "other_patient_open"},
        413: {"body_too_large"},
        415: {"unsupported_media_type"},
        422: {
            "invalid_request", "jwks_uri_rejected", "key_rejected", "secret_rejected", "treatment_relationship_unknown"
        },
        429: {"rate_limited"},
        500: {"internal_error"},
        503: {"unavailable"},
    }  # fmt: skip
    found: dict[int, set[str]] = {}
    for kind in WITH_CODE:
        found.setdefault(row_of(kind).status, set()).add(kind.code)
    assert {status: contract[status] & codes for status, codes in found.items() if status in contract} == contract


def body(response: Response) -> dict[str, object]:
    decoded = json.loads(bytes(response.body))
    assert isinstance(decoded, dict)
    return decoded


@pytest.mark.parametrize("error", EXAMPLES, ids=IDS)
def test_a_problem_document_has_the_members_of_rfc_9457_and_ours(error: ServiceError) -> None:
    response = problem(error, REQUEST_ID)
    members = body(response)
    assert response.media_type == "application/problem+json"
    assert members["type"] == f"/errors/{error.code}"
    assert members["status"] == response.status_code == row_of(type(error)).status
    assert members["detail"] == error.detail
    assert (members["code"], members["requestId"]) == (error.code, REQUEST_ID)
    assert {"title", *error.members()} <= members.keys()
    assert not {"type", "title", "status", "detail", "code", "requestId"} & error.members().keys()


@pytest.mark.parametrize("error", EXAMPLES, ids=IDS)
@pytest.mark.parametrize("form", [problem, oauth_error])
def test_what_is_private_is_in_no_form_of_an_answer(form: type, error: ServiceError) -> None:
    response = form(error, REQUEST_ID)
    assert PRIVATE not in response.body.decode() + str(response.headers)


@pytest.mark.parametrize("error", EXAMPLES, ids=IDS)
def test_an_oauth_error_has_the_form_of_rfc_6749(error: ServiceError) -> None:
    response = oauth_error(error, REQUEST_ID)
    members = body(response)
    assert response.media_type == "application/json"
    assert members.keys() == {"error", "error_description", "request_id"}
    assert (response.headers["cache-control"], response.headers["pragma"]) == ("no-store", "no-cache")
    allowed = {chr(code) for code in (0x20, 0x21, *range(0x23, 0x5C), *range(0x5D, 0x7F))}
    assert set(error.detail) <= allowed, "RFC 6749 5.2: no quotation mark, no backslash, ASCII only"


OAUTH = [
    (errors.InvalidInput("Wrong."), 400, "invalid_request"),
    (errors.MalformedBody("Unreadable."), 400, "invalid_request"),
    (errors.DuplicateParameter("Twice."), 400, "invalid_request"),
    (errors.InvalidClient(), 401, "invalid_client"),
    (errors.UnsupportedGrantType("Not that."), 400, "unsupported_grant_type"),
    (errors.InvalidScope("Not that."), 400, "invalid_scope"),
    (errors.BodyTooLarge("Too large."), 413, "body_too_large"),
    (errors.Unavailable("the database"), 503, "unavailable"),
]


@pytest.mark.parametrize(("error", "status", "code"), OAUTH, ids=[row[2] + row[0].code for row in OAUTH])
def test_oauth_endpoints_have_codes_of_their_own(error: ServiceError, status: int, code: str) -> None:
    response = oauth_error(error, REQUEST_ID)
    assert (response.status_code, body(response)["error"]) == (status, code)


HEADERS = [
    (errors.Unavailable("Redis", retry_after=3), {"Retry-After": "3"}),
    (errors.MethodNotAllowed(["GET", "HEAD"]), {"Allow": "GET, HEAD"}),
    (errors.NotAuthenticated("Who?"), {"WWW-Authenticate": 'Bearer realm="sso"'}),
    (errors.NotAuthenticated("No.", error="invalid_token"),
     {"WWW-Authenticate": 'Bearer realm="sso", error="invalid_token"'}),
    (errors.BadSignature("x"), {"WWW-Authenticate": 'Bearer realm="sso", error="invalid_token"'}),
    (errors.TokenReplayed("x"), {"WWW-Authenticate": 'Bearer realm="sso", error="invalid_token"'}),
    (errors.InvalidClient(), {"WWW-Authenticate": 'Bearer realm="sso"'}),
    (errors.InvalidClient(scheme="Basic"), {"WWW-Authenticate": 'Basic realm="sso", charset="UTF-8"'}),
    (errors.PermissionDenied("No."), {}),
    (errors.PermissionDenied("No.", bearer=True),
     {"WWW-Authenticate": 'Bearer realm="sso", error="insufficient_scope"'}),
    (errors.PermissionDenied("No.", scope="dossier:read"),
     {"WWW-Authenticate": 'Bearer realm="sso", error="insufficient_scope", scope="dossier:read"'}),
    (errors.ConsentMissing("No."), {}),
    (errors.NotFound("No."), {}),
]  # fmt: skip


@pytest.mark.parametrize(("error", "headers"), HEADERS)
def test_an_error_brings_its_challenge_or_when_to_come_back(error: ServiceError, headers: dict[str, str]) -> None:
    assert headers_of(error) == headers
    for response in (problem(error, REQUEST_ID), oauth_error(error, REQUEST_ID)):
        assert (
            headers.items()
            <= {name.title().replace("Www", "WWW"): text for name, text in response.headers.items()}.items()
        )


@pytest.mark.parametrize("error", EXAMPLES, ids=IDS)
def test_a_challenge_is_one_scheme_with_each_attribute_once(error: ServiceError) -> None:
    """RFC 6750 3: `Bearer` and at least one attribute, none of them twice, in ASCII without quotation marks."""
    for challenge in [headers_of(error)["WWW-Authenticate"]] if "WWW-Authenticate" in headers_of(error) else []:
        parsed = re.fullmatch(r'(?:Bearer|Basic) ((?:\w+="[!#-\[\]-~ ]+"(?:, )?)+)', challenge)
        assert parsed, challenge
        names = re.findall(r'(\w+)="', parsed[1])
        assert names[0] == "realm"
        assert len(set(names)) == len(names)


def test_every_401_has_a_challenge() -> None:
    answers = [problem(error, REQUEST_ID) for error in EXAMPLES]
    assert [
        answer for answer in answers if answer.status_code == 401 and "www-authenticate" not in answer.headers
    ] == []


def test_until_the_signature_has_verified_all_refusals_are_one_and_the_same() -> None:
    early = [error for error in EXAMPLES if isinstance(error, errors.TokenRejected) and error.private == PRIVATE]
    bodies = {
        problem(error, REQUEST_ID).body for error in early if not isinstance(error, errors.AuthenticTokenRejected)
    }
    assert len(bodies) == 1
    assert json.loads(bytes(bodies.pop()))["detail"] == NOT_BEFORE_THE_SIGNATURE


def test_under_api_v1_each_field_has_the_keywords_of_what_is_wrong_with_it() -> None:
    faults = [("/person/email", "type"), ("/dossier/email", "unknown_member"), ("/person/email", "null"), ("", "type")]
    faults += [("limit", "range"), ("/name", "blank"), ("/external_identifier", "taken"), ("/person/bsn", "bsn")]
    error = errors.InvalidInput("Wrong.", [Fault(*fault) for fault in faults], private=PRIVATE)
    assert is_of_fields(error)
    response = field_errors(error)
    assert (response.status_code, response.headers["content-type"]) == (422, "application/json")
    assert json.loads(bytes(response.body)) == {
        "errors": {
            "email": ["invalid_type", "unknown_member"],
            "body": ["invalid_type"],
            "limit": ["invalid_range"],
            "name": ["required"],
            "external_identifier": ["taken"],
            "bsn": ["invalid_bsn"],
        }
    }


@pytest.mark.parametrize("error", EXAMPLES[1:], ids=lambda error: type(error).__name__)
def test_only_what_breaks_rules_of_fields_is_said_so(error: ServiceError) -> None:
    assert not is_of_fields(error)
