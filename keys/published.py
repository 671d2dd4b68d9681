"""The public halves of our own keys as another process of ours publishes them (RFC 7517)."""

from collections.abc import Mapping

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from keys.ring import ALGORITHMS, Purpose


def access_keys(key_set: Mapping[str, object]) -> dict[str, ECKey]:
    """Return the keys of our key set that sign access tokens, by `kid`. Raises ValueError for what is no key set.

    The set holds the keys of every purpose; no key is taken for another than its own.
    """
    members = key_set.get("keys")
    listed = members if isinstance(members, list) else []
    ours = [jwk for jwk in listed if isinstance(jwk, dict) and jwk.get("alg") == ALGORITHMS[Purpose.ACCESS]]
    if not ours:
        raise ValueError("a key set of ours has a key for access tokens")
    try:
        keys = [ECKey.import_key(jwk) for jwk in ours]
        return {key.thumbprint(): key for key in keys}
    except (JoseError, KeyError, TypeError) as error:
        raise ValueError("a key of the set cannot be read") from error
