"""`POST /sso/diagnose` names the step where a token fails, says how to mend it, spends nothing, knows no one else.

Each token differs in one thing from one that is accepted.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from common.errors import TokenExpired, TokenReplayed, TreatmentRelationshipConflict, TreatmentRelationshipUnknown
from sso.verifier.flaws import Flaw
from sso.verifier.mending import FLAWS, REFUSALS, RULES
from tests.support.audit import said
from tests.support.bench import Bench
from tests.support.bsns import fresh_bsn
from tests.support.diagnosis import diagnose, diagnosis, failing
from tests.support.ehr import PROFESSIONAL, Ehr, flip
from tests.support.state import changed, state_of
from tests.support.wire import problem
from tests.support.world import World

BSN = fresh_bsn()
Forge = Callable[[Bench], str]
STRANGER = Ehr("RS256")


def claiming(**claims: Any) -> Forge:
    return lambda bench: bench.good(**claims)


def saying(**header: Any) -> Forge:
    return lambda bench: bench.header(**header)


FLAWED: dict[str, tuple[Flaw, Forge]] = {
    "a token of 9,000 characters": (Flaw.TOKEN_TOO_LARGE, lambda bench: bench.good(sub="x" * 9000)),
    "a header of 2,000 characters": (Flaw.HEADER_TOO_LARGE, saying(x5t="x" * 2000)),
    "no signature": (Flaw.NOT_THREE_SEGMENTS, lambda bench: bench.good().rpartition(".")[0]),
    "alg none, unsigned": (Flaw.NOT_THREE_SEGMENTS, lambda bench: f"{bench.alg('none').rpartition('.')[0]}."),
    "nothing": (Flaw.NOT_THREE_SEGMENTS, lambda _bench: ""),
    "a line break at the end": (Flaw.NOT_BASE64URL, lambda bench: bench.good() + "\n"),
    "padding": (Flaw.NOT_BASE64URL, lambda bench: bench.good() + "="),
    "a bad second segment": (Flaw.NOT_BASE64URL, lambda bench: bench.good().replace(".", ".+", 1)),
    "a header that is an array": (Flaw.HEADER_NOT_JSON, lambda bench: bench.header_text("[]")),
    "a header member twice": (
        Flaw.HEADER_NOT_JSON, lambda bench: bench.header_text('{"alg":"RS256","alg":"RS256","kid":"KID"}')
    ),
    "a key in the header": (Flaw.HEADER_PARAMETER, lambda bench: bench.header(jwk=bench.public_jwk())),
    "an algorithm that is no text": (Flaw.HEADER_VALUE, saying(alg=256)),
    "no algorithm": (Flaw.HEADER_VALUE, saying(alg=None)),
    "another type": (Flaw.OTHER_TYP, saying(typ="at+jwt")),
    "a MAC": (Flaw.OTHER_ALG, lambda bench: bench.by_secret(b"")),
    "alg none, signed": (Flaw.OTHER_ALG, saying(alg="none")),
    "an unknown kid": (Flaw.NO_FITTING_KEY, saying(kid="A" * 43)),
    "a kid of another algorithm's": (Flaw.NO_FITTING_KEY, saying(alg="PS256")),
    "a revoked key": (Flaw.NO_FITTING_KEY, lambda bench: bench.retired.sign(bench.claims())),
    "a key that nobody registered": (Flaw.NO_FITTING_KEY, lambda bench: STRANGER.sign(bench.claims())),
    "a stranger's signature without a kid": (Flaw.BAD_SIGNATURE, lambda bench: STRANGER.sign(bench.claims(), kid=None)),
    "a flipped bit": (Flaw.BAD_SIGNATURE, lambda bench: flip(bench.good(), 1)),
}  # fmt: skip


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("case", FLAWED)
async def test_before_the_signature_the_flaw_is_named_by_its_step_and_sentence_alone(bench: Bench, case: str) -> None:
    flaw, forge = FLAWED[case]
    found = await diagnosis(bench.a, forge(bench))
    assert found["steps"][-1] == {"step": FLAWS[flaw].step, "ok": False, "detail": FLAWS[flaw].sentence}
    assert not any("detail" in step for step in found["steps"][:-1])


CLAIMS: dict[str, tuple[str, str, Forge]] = {
    "no sub": ("sub", "missing", claiming(sub=None)),
    "a blank sub": ("sub", "blank", claiming(sub=" ")),
    "a long sub": ("sub", "too_long", claiming(sub="x" * 256)),
    "a NUL": ("treatmentRelationshipId", "characters", claiming(treatmentRelationshipId="a\0")),
    "a space in the jti": ("jti", "format", claiming(jti="a b")),
    "iat as text": ("iat", "type", claiming(iat="now")),
    "null": ("patientInfo", "null", lambda bench: bench.a.ehr.sign({**bench.claims(), "patientInfo": None})),
    "a wrong AGB code": ("profInfo.agb", "agb", claiming(profInfo={"agb": "1"})),
    "a wrong address": ("profInfo.email", "email", claiming(profInfo={"email": "John <j@x.nl>"})),
    "a wrong BSN": ("patientInfo.bsn", "bsn", claiming(patientInfo={"bsn": "1234"})),
    "no JSON": ("set", "json", lambda bench: bench.a.ehr.sign(b"sub=profID1241")),
    "iss of nobody": ("iss", "signer", claiming(iss="De Linde")),
    "another audience": ("aud", "audience", claiming(aud="https://other.example")),
    "the company itself": ("sub", "client_assertion", lambda bench: bench.good(sub=bench.a.company_id)),
    "milliseconds": ("iat", "future", lambda bench: bench.good(iat=bench.world.clock().timestamp() * 1000)),
    "not yet": ("nbf", "not_yet_valid", lambda bench: bench.good(nbf=bench.world.clock().timestamp() + 60)),
}


@pytest.mark.usefixtures("nothing_changes")
@pytest.mark.parametrize("case", CLAIMS)
async def test_after_it_the_claim_and_the_rule_are_named_too(bench: Bench, case: str) -> None:
    claim, rule, forge = CLAIMS[case]
    token = forge(bench)
    step, detail = await failing(bench.a, token)
    assert step == RULES[rule].step
    assert detail.startswith(f"The claim {claim} does not keep the rule {rule}. {RULES[rule].sentence}")
    refused = problem(await bench.a.launch(token, clientId=bench.a.company_id), 401, "claim_rejected")
    assert (refused["claim"] or "set", refused["rule"]) == (claim, rule)


def test_every_flaw_that_a_diagnosis_can_find_and_every_rule_is_tried() -> None:
    who_signed = {flaw for flaw, mending in FLAWS.items() if mending.step == "signer"}  # the caller is known
    assert {flaw for flaw, _ in FLAWED.values()} == set(Flaw) - who_signed
    assert {rule for _, rule, _ in CLAIMS.values()} == set(RULES)


async def test_a_token_that_is_accepted_launches_afterwards_and_is_then_said_to_be_used(bench: Bench) -> None:
    token = bench.good(patientInfo={"bsn": BSN}, profInfo=PROFESSIONAL)
    before = await state_of(bench.world)
    for _ in range(2):
        assert (await diagnosis(bench.a, token))["accepted"]
    assert not await changed(bench.world, before)

    assert (await bench.a.launch(token)).status_code == 200

    assert await failing(bench.a, token) == ("already_used", REFUSALS[TokenReplayed].sentence)


async def test_what_is_right_is_shown_by_kind(bench: Bench) -> None:
    token = bench.good(patientInfo={"bsn": BSN})
    details = {step["step"]: step.get("detail") for step in (await diagnosis(bench.a, token))["steps"]}
    assert {name: detail for name, detail in details.items() if detail and name != "claims"} == {
        "algorithm": "RS256.",
        "signature": f"With your key {bench.a.ehr.kid}.",
        "freshness": "iat is 0 seconds before our clock.",
    }
    assert str(details["claims"]).startswith("The token says sub: pr…, 10 characters; jti: ")


async def test_a_token_that_names_nobody_is_good_with_the_company_beside_it_and_that_is_said(bench: Bench) -> None:
    token = bench.header(kid=None)
    signer = (await diagnosis(bench.a, token))["steps"][5]
    assert "post your companyId as clientId" in signer["detail"]
    problem(await bench.a.launch(token), 401, "token_rejected")
    assert (await bench.a.launch(token, clientId=bench.a.company_id)).status_code == 200


async def test_a_stale_token_says_how_far_it_is_from_our_clock(bench: Bench) -> None:
    step, detail = await failing(bench.a, bench.good(iat=int(bench.world.clock().timestamp()) - 400))
    assert (step, detail.partition(" iat is ")[0]) == ("freshness", REFUSALS[TokenExpired].sentence)
    assert detail.endswith("before our clock.")


async def test_a_relationship_that_cannot_be_is_said_so_without_making_one(world: World, bench: Bench) -> None:
    token = bench.good(treatmentRelationshipId="new")
    assert await failing(bench.a, token) == (
        "treatment_relationship", REFUSALS[TreatmentRelationshipUnknown].sentence
    )  # fmt: skip
    assert (await diagnosis(bench.a, bench.good(treatmentRelationshipId="new", patientInfo={"bsn": BSN})))["accepted"]
    problem(await bench.a.launch(token), 422, "treatment_relationship_unknown")

    made = bench.good(treatmentRelationshipId="made", patientInfo={"bsn": BSN})
    assert (await bench.a.launch(made)).status_code == 200
    other = bench.good(treatmentRelationshipId="made", patientInfo={"bsn": fresh_bsn()})
    before = await state_of(world)
    assert await failing(bench.a, other) == (
        "treatment_relationship", REFUSALS[TreatmentRelationshipConflict].sentence
    )  # fmt: skip
    assert not await changed(world, before)


async def test_a_token_that_we_sign_is_its_companys_alone(bench: Bench) -> None:
    token = await signed_by_us(bench)
    details = (await diagnosis(bench.a, token))["steps"]
    assert details[7]["detail"] == "With our key, in your company's name."
    assert await failing(bench.b, token) == await failing(bench.b, flip(token, 2))
    assert await failing(bench.b, token) == ("signature", FLAWS[Flaw.BAD_SIGNATURE].sentence)


async def signed_by_us(bench: Bench) -> str:
    answer = await bench.world.client.post(
        "/auth/token/professional", json={"sub": "prof1", "patientInfo": {"bsn": BSN}}, headers=bench.a.bearer
    )
    return str(answer.json()["token"])


def unknown() -> Ehr:
    return Ehr("RS256", STRANGER.key)


BETWEEN: dict[str, Callable[[Ehr, Bench, str], str]] = {
    "as it is": lambda ehr, bench, iss: ehr.sign({**bench.claims(), "iss": iss}),
    "without a kid": lambda ehr, bench, iss: ehr.sign({**bench.claims(), "iss": iss}, kid=None),
    "about the caller": lambda ehr, bench, _iss: ehr.sign({**bench.claims(), "iss": bench.b.company_id}),
    "without iss": lambda ehr, bench, _iss: ehr.sign(bench.claims()),
    "stale": lambda ehr, bench, iss: ehr.sign({**bench.claims(), "iss": iss, "iat": 1}),
}


@pytest.mark.parametrize("case", BETWEEN)
async def test_another_companys_token_tells_what_a_strangers_does_byte_for_byte(bench: Bench, case: str) -> None:
    used = bench.good()
    assert (await bench.a.launch(used)).status_code == 200
    nobody = "00000000-0000-4000-8000-000000000000"
    anothers = await diagnose(bench.b, BETWEEN[case](bench.a.ehr, bench, bench.a.company_id))
    strangers = await diagnose(bench.b, BETWEEN[case](unknown(), bench, nobody))
    replayed = await diagnose(bench.b, used)
    assert anothers.content == strangers.content
    assert json.loads(replayed.content)["steps"][-1]["step"] == "key"
    assert not [text for text in (bench.a.company_id, bench.a.ehr.kid or "", "De Linde") if text in anothers.text]


@pytest.mark.parametrize("iss", ["a", "nobody"])
async def test_another_companys_id_in_ones_own_token_looks_like_an_unknown_one(bench: Bench, iss: str) -> None:
    issuers = {"a": bench.a.company_id, "nobody": "00000000-0000-4000-8000-000000000000"}
    token = bench.b.ehr.sign({**bench.b.ehr.claims(bench.world.clock(), jti="one"), "iss": issuers[iss]})
    step, detail = await failing(bench.b, token)
    assert (step, detail) == ("parties", f"The claim iss does not keep the rule signer. {RULES['signer'].sentence}")


async def test_the_jti_of_another_company_is_not_used(bench: Bench) -> None:
    jti = f"shared-{BSN}"
    assert (await bench.a.launch(bench.good(jti=jti))).status_code == 200
    own = bench.b.ehr.sign(bench.b.ehr.claims(bench.world.clock(), jti=jti))
    assert (await diagnosis(bench.b, own))["accepted"]


async def test_the_audit_says_who_asked_and_what_came_of_it(bench: Bench) -> None:
    good, stale = bench.good(jti="asked"), bench.good(jti="asked", iat=1)
    answers = [await diagnose(bench.a, token) for token in (good, stale, flip(good, 1))]
    whose = {"event": "token.diagnosed", "company_id": bench.a.company_id}
    events = [(await said(bench.world, answer))[0] for answer in answers]
    jti = events[0].pop("jti")
    assert events == [
        {**whose, "accepted": True, "kid": bench.a.ehr.kid},
        {**whose, "accepted": False, "kid": bench.a.ehr.kid, "jti": jti, "cause": "token_expired"},
        {**whose, "accepted": False, "cause": "bad_signature"},
    ]
    assert [len(await said(bench.world, answer)) for answer in answers] == [1, 1, 1]


async def test_no_person_is_in_any_answer(bench: Bench) -> None:
    person = {"firstname": "Johanna", "lastname": "Jansen", "email": "j.jansen@praktijk.nl"}
    people = {"profInfo": {**person, "agb": "01234567"}, "patientInfo": {"bsn": BSN, **person}}
    good = bench.good(**people)
    spoiled = [
        flip(good, 1),
        bench.good(**people, aud="x"),
        bench.good(**people, sub=BSN, iat=1),
        bench.good(sub=people),
    ]
    for token in (good, *spoiled, bench.a.ehr.sign(bench.claims(**people), kid=BSN), f"{BSN}.{BSN}.{BSN}"):
        answer = await diagnose(bench.a, token)
        assert not [text for text in (*person.values(), BSN, "01234567", *token.split(".")) if text in answer.text]
