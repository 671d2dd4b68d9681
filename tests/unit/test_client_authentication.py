"""How a company proves who it is: read strictly, and refused without a word about the cause (RFC 6749 2.3.1)."""

import base64
import hmac
from urllib.parse import quote_plus
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import InvalidClient, InvalidInput
from schemas.identifiers import CompanyId
from sso.issuer.clients import (
    Client,
    Credentials,
    SignedCredentials,
    authenticate,
    from_form,
    make_secret,
    secret_digest,
)
from sso.issuer.owners import Question
from tests.support.characters import full_width
from tests.support.clock import SetClock
from tests.support.memory import MemoryCompanies

ID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
FORM = {"client_id": ID, "client_secret": "secret"}
NO_HEADER = ("", "")


def basic(text: bytes | str) -> tuple[str, str]:
    octets = text.encode() if isinstance(text, str) else text
    return "basic", base64.b64encode(octets).decode()


BASIC: dict[str, tuple[str, str, str]] = {
    "plain": (f"{ID}:secret", ID, "secret"),
    "a colon in the secret": (f"{ID}:a:b", ID, "a:b"),
    "form-encoded": ("a%3Ab:s%20p%C3%A9+x%2B", "a:b", "s pé x+"),
    "an empty secret": (f"{ID}:", ID, ""),
    "an empty id": (":secret", "", "secret"),
    "half a percent sign": (f"{ID}:50%", ID, "50%"),
    "UTF-8": (f"{ID}:é", ID, "é"),
}


@pytest.mark.parametrize(("sent", "client_id", "secret"), BASIC.values(), ids=BASIC)
def test_basic_credentials_are_form_decoded_after_they_are_cut_at_the_first_colon(
    sent: str, client_id: str, secret: str
) -> None:
    assert from_form(basic(sent), {}) == Credentials(client_id, secret, "Basic")


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_id_and_secret_survive_the_encoding_of_the_rfc(client_id: str, secret: str) -> None:
    sent = basic(f"{quote_plus(client_id)}:{quote_plus(secret)}")
    assert from_form(sent, {}) == Credentials(client_id, secret, "Basic")


UNREADABLE: dict[str, tuple[str, str]] = {
    "nothing": ("basic", ""),
    "no base64": ("basic", "!!!"),
    "base64 with white space": ("basic", basic(f"{ID}:secret")[1][:8] + " " + basic(f"{ID}:secret")[1][8:]),
    "the base64url alphabet": ("basic", "-_-_"),
    "no padding": ("basic", base64.b64encode(b"a:bcd").decode().rstrip("=")),
    "no colon": basic(ID),
    "invalid UTF-8": basic(b"a:\xff"),
    "invalid UTF-8 in percent signs": basic("a:%FF"),
    "a surrogate in percent signs": basic("a:%ED%A0%80"),
    "letters outside ASCII": ("basic", "é"),
}


@pytest.mark.parametrize("authorization", UNREADABLE.values(), ids=UNREADABLE)
def test_unreadable_basic_credentials_are_challenged_with_basic(authorization: tuple[str, str]) -> None:
    with pytest.raises(InvalidClient) as caught:
        from_form(authorization, {})
    assert caught.value.scheme == "Basic"


@pytest.mark.parametrize("authorization", [("bearer", "x"), ("digest", "x"), ("negotiate", "")])
def test_another_scheme_is_not_overlooked_in_favour_of_the_form(authorization: tuple[str, str]) -> None:
    with pytest.raises(InvalidClient):
        from_form(authorization, FORM)


@pytest.mark.parametrize("form", [{}, {"client_id": ID}, {"client_secret": "secret"}, {"companyId": ID}])
def test_credentials_that_are_not_whole_are_none(form: dict[str, str]) -> None:
    with pytest.raises(InvalidClient) as caught:
        from_form(NO_HEADER, form)
    assert caught.value.scheme == "Bearer"


def test_the_form_can_hold_the_credentials() -> None:
    assert from_form(NO_HEADER, FORM) == Credentials(ID, "secret", "Bearer")


def test_two_ways_at_once_are_refused_even_if_they_agree() -> None:
    with pytest.raises(InvalidInput):
        from_form(basic(f"{ID}:secret"), FORM)


def test_a_client_id_beside_basic_must_be_the_same() -> None:
    assert from_form(basic(f"{ID}:secret"), {"client_id": ID}).client_id == ID
    with pytest.raises(InvalidInput):
        from_form(basic(f"{ID}:secret"), {"client_id": str(uuid4())})


async def test_the_right_secret_is_let_in_and_during_a_change_both_are() -> None:
    companies = MemoryCompanies()
    company_id = companies.add("old", "new", name="De Linde")
    for secret in ("old", "new"):
        client = await authenticate(companies, Credentials(str(company_id), secret, "Basic"))
        assert (client.company_id, client.company_name) == (company_id, "De Linde")


def wrong(company_id: CompanyId, secret: str) -> dict[str, tuple[str, str]]:
    """Return each wrong pair of id and secret."""
    own = str(company_id)
    return {
        "a wrong secret": (own, "wrong"),
        "an empty secret": (own, ""),
        "the secret in capitals": (own, secret.upper()),
        "white space after the secret": (own, f"{secret} "),
        "the digest of the secret": (own, secret_digest(secret).hex()),
        "NUL in the secret": (own, f"{secret}\x00"),
        "half a surrogate pair": (own, "\ud800"),
        "a company that does not exist": (str(uuid4()), secret),
        "an id that is no UUID": ("De Linde", secret),
        "no id": ("", secret),
        "the id in capitals": (own.upper(), secret),
        "the id with braces": (f"{{{own}}}", secret),
        "the id without hyphens": (own.replace("-", ""), secret),
        "the id in full width": (full_width("1") * 32, secret),
        "the id with NUL": (f"{own}\x00", secret),
    }


@pytest.mark.parametrize("scheme", ["Basic", "Bearer"])
async def test_every_wrong_pair_has_one_and_the_same_answer(scheme: str) -> None:
    companies, secret = MemoryCompanies(), f"a{make_secret()}"
    company_id = companies.add(secret)
    answers = set()
    for name, (client_id, given_secret) in wrong(company_id, secret).items():
        with pytest.raises(InvalidClient) as caught:
            await authenticate(companies, Credentials(client_id, given_secret, scheme))
        answers.add((caught.value.code, caught.value.detail, caught.value.scheme))
        assert secret not in caught.value.private, name
    assert answers == {("invalid_client", "Client authentication failed.", scheme)}


async def test_a_company_without_secrets_or_not_active_is_not_let_in() -> None:
    companies = MemoryCompanies()
    bare, gone = companies.add(), companies.add("secret")
    del companies.signers[gone]
    for company_id, secret in ((bare, ""), (bare, "\x00" * 32), (gone, "secret")):
        with pytest.raises(InvalidClient):
            await authenticate(companies, Credentials(str(company_id), secret, "Basic"))


async def test_whoever_asks_costs_two_comparisons(monkeypatch: pytest.MonkeyPatch) -> None:
    companies, compared = MemoryCompanies(), list[bytes]()
    compare = hmac.compare_digest

    def counting(given: bytes, kept: bytes) -> bool:
        compared.append(kept)
        return compare(given, kept)

    monkeypatch.setattr("hmac.compare_digest", counting)
    for company_id in (companies.add("one"), companies.add("one", "two"), companies.add(), uuid4()):
        with pytest.raises(InvalidClient):
            await authenticate(companies, Credentials(str(company_id), "wrong", "Basic"))
    assert len(compared) == 4 * 2


def test_secrets_are_long_and_differ() -> None:
    secrets = {make_secret() for _ in range(100)}
    assert len(secrets) == 100
    assert min(map(len, secrets)) >= 43


def test_no_secret_assertion_or_token_shows_where_what_holds_it_is_printed() -> None:
    asked = Question(Client(CompanyId(uuid4()), "De Linde"), "s3cret", SetClock()())
    for holder in (Credentials("id", "s3cret", "Basic"), SignedCredentials("s3cret", "id"), asked):
        assert "s3cret" not in repr(holder)
