"""One signature, one key, one algorithm: the only place where the cryptography of tokens is called."""

from typing import Final

from joserfc.jwk import ECKey, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

_ALGORITHMS: Final = {
    **{
        name: JWSRegistry.algorithms[name]
        for name in ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384")
    },
    "EdDSA": JWSRegistry.algorithms["Ed25519"],  # the key policy takes no other curve, so both names mean this one
    "Ed25519": JWSRegistry.algorithms["Ed25519"],
}


def verifies(signing_input: bytes, signature: bytes, alg: str, key: RSAKey | ECKey | OKPKey) -> bool:
    """Return whether `key` made this signature with `alg`. Never raises for a signature, however odd."""
    return bool(_ALGORITHMS[alg].verify(signing_input, signature, key))
