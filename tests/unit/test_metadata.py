"""The metadata document (RFC 8414 2 and 3.2), and what a token request may be told by it."""

from typing import Any

import pytest

from schemas import scopes
from sso.issuer.metadata import PATH, Metadata

ISSUER = "https://sso.example"
DOCUMENT: dict[str, Any] = Metadata(ISSUER).document()
URLS = {name: url for name, url in DOCUMENT.items() if name.endswith(("_endpoint", "_uri", "_documentation"))}


def test_it_is_where_a_client_looks_for_it() -> None:
    assert PATH == "/.well-known/oauth-authorization-server"
    assert [resource.path for resource in Metadata(ISSUER).routes()] == [PATH]


def test_the_issuer_is_named_as_it_is_set_and_what_is_required_is_there() -> None:
    assert DOCUMENT["issuer"] == ISSUER
    assert {"issuer", "token_endpoint", "response_types_supported", "jwks_uri"} <= DOCUMENT.keys()
    assert "authorization_endpoint" not in DOCUMENT
    assert DOCUMENT["grant_types_supported"] == ["client_credentials"]


@pytest.mark.parametrize("name", URLS)
def test_every_url_is_the_issuers_own_without_query_or_fragment(name: str) -> None:
    assert URLS[name].startswith(f"{ISSUER}/")
    assert not {"?", "#"} & {*URLS[name]}


def test_no_list_is_empty_but_the_one_that_is_required_and_has_nothing_to_say() -> None:
    assert [name for name, value in DOCUMENT.items() if not value] == ["response_types_supported"]


def test_the_algorithms_of_assertions_are_named_rs256_among_them_and_none_is_not() -> None:
    assert "private_key_jwt" in DOCUMENT["token_endpoint_auth_methods_supported"]
    named = DOCUMENT["token_endpoint_auth_signing_alg_values_supported"]
    assert "RS256" in named
    assert not {"none", "HS256", "HS384", "HS512"} & {*named}


def test_the_scopes_are_those_that_there_are() -> None:
    assert DOCUMENT["scopes_supported"] == [scope.value for scope in scopes.Scope]
