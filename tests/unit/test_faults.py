"""The faults of the simulated EHR: each changes one thing in the draft of a good token. Scenarios try them out."""

import hmac
import json
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from keys import base64url
from schemas.steps import Step
from services.demo import forging
from services.demo.draft import Draft, SigningKey
from services.demo.examples import ANNA, PETER
from services.demo.faults import FAULTS, Fault, is_explained
from sso.verifier.signature import verifies
from sso.verifier.token import take_apart
from tests.support.rsa_keys import new_rsa_key

KEYS = [SigningKey.of(new_rsa_key()), SigningKey.of(ECKey.generate_key("P-256"))]
CLAIMS = {"sub": "profID1", "jti": "one", "iat": 1_000_000, "patientInfo": {"bsn": PETER, "firstname": "Peter"}}


@pytest.fixture(params=KEYS, ids=lambda key: key.alg)
def draft(request: pytest.FixtureRequest) -> Draft:
    return Draft.of(request.param, CLAIMS)


def members(segment: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64url.decode(segment))
    return found


def verified(token: str, key: SigningKey) -> bool:
    raw = take_apart(token)
    public = (RSAKey if key.alg == "RS256" else ECKey).import_key(key.public_pem())
    return verifies(raw.signing_input, raw.signature, key.alg, public)


def test_a_draft_with_nothing_wrong_is_a_signed_token(draft: Draft) -> None:
    token = draft.signed()
    header, claims, _signature = token.split(".")
    assert members(header) == {"alg": draft.key.alg, "typ": "JWT", "kid": draft.key.kid}
    assert members(claims) == CLAIMS
    assert verified(token, draft.key)


def test_faults_have_names_of_their_own_and_the_first_is_none() -> None:
    assert len({fault.name for fault in FAULTS}) == len({fault.title for fault in FAULTS}) == len(FAULTS)
    assert FAULTS[0].name == "none"


@pytest.mark.parametrize("fault", FAULTS[1:], ids=lambda fault: fault.name)
def test_a_fault_leaves_the_draft_as_it_is_and_spoils_the_token_or_what_goes_with_it(
    draft: Draft, fault: Fault
) -> None:
    header, claims, _signature = fault.token(draft).split(".")
    assert (draft.header["alg"], draft.claims) == (draft.key.alg, CLAIMS)
    changed = (members(header), members(claims)) != (draft.header, CLAIMS)
    resigned = fault.name == "wrong_key"
    beside = fault.client_id("own") != "own" or fault.presented is not None
    assert changed or resigned or beside


@pytest.mark.parametrize("spoil", [forging.wrong_key, forging.altered], ids=lambda spoil: spoil.__name__)
def test_what_is_wrong_with_a_signature_does_not_show(draft: Draft, spoil: Any) -> None:
    token = spoil(draft)
    assert members(token.split(".")[0]) == draft.header
    assert not verified(token, draft.key)


def test_whoever_goes_by_alg_alone_takes_the_public_key_for_a_secret(draft: Draft) -> None:
    signing_input, _, mac = forging.public_key_as_secret(draft).rpartition(".")
    assert base64url.decode(mac) == hmac.digest(draft.key.public_pem(), signing_input.encode(), "sha256")


def test_the_key_that_a_token_brings_along_has_no_private_part_and_verifies_it(draft: Draft) -> None:
    token = forging.own_key(draft)
    jwk = members(token.split(".")[0])["jwk"]
    assert jwk.keys() == {"kty", "crv", "x", "y"}
    signing_input, _, signature = token.rpartition(".")
    assert verifies(signing_input.encode(), base64url.decode(signature), "ES256", ECKey.import_key(jwk))


@pytest.mark.parametrize(("bsn", "other"), [(PETER, ANNA), (ANNA, PETER), ("123456782", PETER), (None, ANNA)])
def test_two_patients_come_under_one_new_treatment_relationship(draft: Draft, bsn: str | None, other: str) -> None:
    asked = draft.with_bsn(bsn) if bsn else draft.without("patientInfo")
    before, after = (members(make(asked).split(".")[1]) for make in (forging.patient_before, forging.other_patient))
    assert (
        before["treatmentRelationshipId"]
        == after["treatmentRelationshipId"]
        != draft.claims.get("treatmentRelationshipId")
    )
    assert (before["patientInfo"]["bsn"], after["patientInfo"]["bsn"]) == (other, bsn or PETER)
    assert before["jti"] != after["jti"] == "one"


def test_a_launch_explains_nothing_until_the_signature_is_good() -> None:
    explained = [step for step in Step if is_explained(step)]
    assert explained == ["claims", "parties", "freshness", "treatment_relationship", "already_used"]
    assert not is_explained(None)
