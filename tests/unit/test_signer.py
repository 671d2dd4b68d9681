"""The signer is whoever owns the key that verified; `clientId`, `iss` and `kid` only say where to look."""

from collections.abc import Callable
from typing import Any

import pytest

from common.errors import ClaimRejected
from tests.support.desk import OTHER_RSA_KEY, Desk, ehr, one_and_the_same
from tests.support.ehr import Ehr

Case = tuple[dict[str, Any], dict[str, Any], Callable[[Desk], str | None]]
"""Changes of the claims, changes of the header, and the `clientId` beside the token."""


def own(desk: Desk) -> str:
    return str(desk.company)


def others(desk: Desk) -> str:
    return str(desk.other)


def nobody(_desk: Desk) -> None:
    return None


FOUND: dict[str, Case] = {
    "by clientId, with a kid": ({"iss": None}, {}, own),
    "by clientId, without a kid": ({"iss": None}, {"kid": None}, own),
    "by iss, with a kid": ({}, {}, nobody),
    "by iss, without a kid": ({}, {"kid": None}, nobody),
    "by kid alone": ({"iss": None}, {}, nobody),
    "by all three": ({}, {}, own),
}


@pytest.mark.parametrize(("claims", "header", "client_id"), FOUND.values(), ids=FOUND)
async def test_the_signer_is_found(
    claims: dict[str, Any], header: dict[str, Any], client_id: Callable[[Desk], str | None]
) -> None:
    desk = Desk()
    assert await desk.check(desk.ehr.sign(desk.claims(**claims), **header), client_id(desk)) == desk.company


CLIENT_IDS: dict[str, Callable[[Desk], str]] = {
    "another company": others,
    "no company": lambda _desk: "11111111-2222-3333-4444-555555555555",
    "no UUID": lambda _desk: "De Linde",
    "no UUID, but as long as one": lambda desk: own(desk)[:-1] + "g",
    "empty": lambda _desk: "",
    "in capitals": lambda desk: own(desk).upper(),
    "without hyphens": lambda desk: own(desk).replace("-", ""),
    "as a URN": lambda desk: f"urn:uuid:{desk.company}",
    "with white space": lambda desk: f"{desk.company} ",
    "in full-width digits": lambda desk: own(desk).translate({ord(c): ord(c) - 0x30 + 0xFF10 for c in "0123456789"}),
    "with NUL": lambda desk: f"{desk.company}\x00",
    "half a surrogate pair": lambda _desk: "\ud800",
}


@pytest.mark.parametrize("client_id", CLIENT_IDS.values(), ids=CLIENT_IDS)
async def test_a_client_id_that_is_not_the_signers_is_refused(client_id: Callable[[Desk], str]) -> None:
    desk = Desk()
    assert one_and_the_same(await desk.refusal(desk.token(), client_id(desk)))


async def test_the_client_id_goes_before_the_iss_and_the_iss_must_agree_with_who_signed() -> None:
    desk = Desk()
    error = await desk.refusal(desk.token(iss=others(desk)), own(desk))
    assert isinstance(error, ClaimRejected)
    assert error.members() == {"claim": "iss", "rule": "signer"}


async def test_with_a_key_of_another_company_nobody_signs_in_its_name() -> None:
    desk = Desk()
    neighbour = Ehr("RS256", OTHER_RSA_KEY)
    desk.register(neighbour, desk.other)
    forged = neighbour.sign(desk.claims())
    assert one_and_the_same(await desk.refusal(forged))
    assert one_and_the_same(await desk.refusal(forged, own(desk)))
    assert one_and_the_same(await desk.refusal(neighbour.sign(desk.claims(), kid=desk.ehr.kid)))
    assert await desk.check(neighbour.sign(desk.claims(iss=None))) == desk.other


async def test_a_kid_chooses_among_the_keys_of_the_signer_and_no_other_is_tried() -> None:
    desk = Desk()
    second = Ehr("RS256", OTHER_RSA_KEY)
    desk.register(second, desk.company)
    assert await desk.check(second.sign(desk.claims())) == desk.company
    assert one_and_the_same(await desk.refusal(second.sign(desk.claims(), kid=desk.ehr.kid)))


async def test_without_a_kid_each_key_of_the_signer_that_fits_is_tried() -> None:
    desk = Desk()
    for more in (Ehr("RS256", OTHER_RSA_KEY), ehr("ES256"), ehr("EdDSA")):
        desk.register(more, desk.company)
        assert await desk.check(more.sign(desk.claims(), kid=None)) == desk.company
    assert await desk.check(desk.ehr.sign(desk.claims(), kid=None)) == desk.company


async def test_without_a_kid_a_key_that_is_not_registered_is_still_none() -> None:
    desk = Desk()
    desk.register(ehr("ES256"), desk.company)
    assert one_and_the_same(await desk.refusal(Ehr("RS256", OTHER_RSA_KEY).sign(desk.claims(), kid=None)))


async def test_a_company_that_is_not_active_signs_nothing() -> None:
    desk = Desk()
    token = desk.token()
    del desk.companies.signers[desk.company]
    for client_id in (None, own(desk)):
        assert one_and_the_same(await desk.refusal(token, client_id))
    assert one_and_the_same(await desk.refusal(desk.token(iss=None)))


async def test_a_revoked_key_signs_nothing_by_whatever_way_it_is_found() -> None:
    desk = Desk()
    desk.keys.revoked.add(desk.ehr.kid or "")
    for claims, header, client_id in FOUND.values():
        token = desk.ehr.sign(desk.claims(**claims), **header)
        assert one_and_the_same(await desk.refusal(token, client_id(desk)))


async def test_a_company_without_keys_signs_nothing() -> None:
    desk = Desk()
    assert one_and_the_same(await desk.refusal(desk.token(iss=others(desk)), others(desk)))
