"""Which algorithms a token may name is written in its profile: never empty, never a secret that two share."""

from typing import Any

import pytest
from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry
from pydantic import BaseModel

from common.settings import Settings
from keys import policy
from schemas.profiles import ACCESS, PROFESSIONAL, TokenProfile

PROFILES = [PROFESSIONAL, *ACCESS.values()]
PUBLIC = {
    "RS": RSAKey.key_type, "PS": RSAKey.key_type, "ES": ECKey.key_type, "Ed": OKPKey.key_type
}  # fmt: skip
NOT_OURS = {"none", "ES512", "ES256K", "Ed448", "HS256", "HS384", "HS512"}


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_every_kind_of_token_names_its_algorithms_and_all_are_signatures(profile: TokenProfile[Any]) -> None:
    """ALG-016: an empty list would mean the library's own choice, with HS256 in it."""
    assert profile.algorithms
    assert not profile.algorithms & NOT_OURS
    for alg in profile.algorithms:
        name = {"EdDSA": "Ed25519"}.get(alg, alg)
        assert JWSRegistry.algorithms[name].key_type == PUBLIC[alg[:2]]


def test_no_algorithm_is_for_two_kinds_of_tokens_of_ours() -> None:
    assert {tuple(profile.algorithms) for profile in ACCESS.values()} == {("ES256",)}
    assert len({profile.role for profile in ACCESS.values()}) == len(ACCESS)
    assert not any(profile.typ & PROFESSIONAL.typ for profile in ACCESS.values())


@pytest.mark.parametrize(
    "key", [RSAKey.generate_key(2048), ECKey.generate_key("P-256"), OKPKey.generate_key("Ed25519")]
)
def test_a_key_gets_no_algorithm_that_no_token_may_name(key: RSAKey | ECKey | OKPKey) -> None:
    assert policy.from_jwk(key.as_dict(private=False)).alg in PROFESSIONAL.algorithms


def names(model: type[BaseModel]) -> set[str]:
    """Return the names of all settings."""
    found = set(model.model_fields)
    for field in model.model_fields.values():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            found |= names(field.annotation)
    return found


def test_no_setting_changes_an_algorithm_an_age_or_a_leeway() -> None:
    found = names(Settings)
    assert "url" in found
    assert not [name for name in found if any(part in name for part in ("alg", "age", "leeway", "typ", "audience"))]
