"""Verifying a launch token in this process: ours with typed claims, the libraries that one would pick, and bare RSA."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from importlib import import_module
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from joserfc import jwt
from joserfc.jwk import KeySet

from benchmarks.harness import node
from benchmarks.harness.figures import ratio
from benchmarks.harness.results import Job, Row, versioned
from benchmarks.harness.rounds import Variant, interleave, repeat
from benchmarks.jobs import Options
from benchmarks.peers.claims import LaunchClaims
from benchmarks.stage import Stage
from benchmarks.tokens import Vendor, bsn, launch_claims
from benchmarks.verifier import our_verifier
from keys import base64url
from sso.verifier.verify import TokenVerifier

TOKENS: Final = 500
"""How many different ones a round verifies."""

NOTE: Final = (
    "Ours is the whole pipeline of `sso/verifier`, from the text to typed claims, fresh and meant for us; keys and "
    "companies come from memory. The libraries check the signature and what they check of claims by themselves."
)

RAW, OURS, JOSERFC = "bare RSA-2048 verification", "ours, typed claims", "joserfc"
PYTHON: Final = {"pyjwt": "PyJWT", "jwcrypto": "jwcrypto"}
NODE: Final = {"raw": "Node.js crypto, bare RSA", "fast-jwt": "fast-jwt (Node.js)", "jose": "jose (Node.js)"}


def run(options: Options, _stage: Stage) -> Job:
    """Measure."""
    vendor = Vendor()
    claims = [launch_claims(f"prof-{number}", bsn(number), f"tr-{number}") for number in range(TOKENS)]
    tokens = vendor.sign([one | {"exp": one["iat"] + 3600} for one in claims])
    variants = {name: partial(repeat, TOKENS, work) for name, work in _in_python(vendor, tokens).items()}
    with _in_node(vendor, tokens) as others:
        rounds = interleave({**variants, **others}, 2 * options.rounds)
    over = partial(ratio, rounds, "cpu_us")
    rows = [
        Row("verification with typed claims / bare RSA verification, CPU", over(OURS, RAW), at_most=1.6),
        Row("verification with typed claims / joserfc, CPU", over(OURS, JOSERFC), at_most=0.65),
        *(
            Row(f"verification / {name}, CPU", over(OURS, name), at_most=1.0)
            for name in PYTHON.values()
            if name in rounds
        ),
    ]
    if others:
        rows.append(Row("fast-jwt / its own bare RSA, CPU", over(NODE["fast-jwt"], NODE["raw"])))
    job = Job("verification", "Verifying a token", "cpu_us", rounds, rows)
    job.versions = {name: versioned(name) for name in ("joserfc", *PYTHON)}
    job.versions |= node.versions("fast-jwt", "jose") if others else {}
    job.notes = [
        f"{TOKENS} different tokens a round, RS256, {len(tokens[0])} characters, with profInfo and patientInfo.",
        NOTE,
        *([] if others else ["Node.js 20 or its packages are not here: jose and fast-jwt were not measured."]),
    ]
    return job


def _in_python(vendor: Vendor, tokens: list[str]) -> Mapping[str, Callable[[], None]]:
    found: dict[str, Callable[[str], Any]] = {JOSERFC: _joserfc(vendor), "joserfc and pydantic": _joserfc_typed(vendor)}
    for package, name in PYTHON.items():
        if versioned(package) != "absent":
            found[name] = {"pyjwt": _pyjwt, "jwcrypto": _jwcrypto}[package](vendor)
    found["joserfc, key set imported for each token"] = _imported_each_time(vendor)
    ours = partial(_ours, *our_verifier(vendor), tokens)
    each: dict[str, Callable[[], None]] = {RAW: partial(_bare, vendor, _parts(tokens)), OURS: ours}
    return each | {name: partial(_all, verify, tokens) for name, verify in found.items()}


def _all(verify: Callable[[str], Any], tokens: list[str]) -> None:
    for token in tokens:
        verify(token)


def _parts(tokens: list[str]) -> list[tuple[bytes, bytes]]:
    cut = (token.rpartition(".") for token in tokens)
    return [(signing_input.encode(), base64url.decode(signature)) for signing_input, _, signature in cut]


def _bare(vendor: Vendor, parts: list[tuple[bytes, bytes]]) -> None:
    key, how, digest = vendor.key.public_key(), padding.PKCS1v15(), hashes.SHA256()
    for signing_input, signature in parts:
        key.verify(signature, signing_input, how, digest)


def _ours(verifier: TokenVerifier, company_id: str, tokens: list[str]) -> None:
    now = datetime.now(UTC)

    async def all_of_them() -> None:
        for token in tokens:
            verifier.verified(await verifier.signed(token, company_id, now), now)

    try:
        all_of_them().send(None)  # in memory nothing waits, so it needs no event loop
    except StopIteration:
        return
    raise RuntimeError("the verifier waited for something")


def _joserfc(vendor: Vendor) -> Callable[[str], Any]:
    key, registry = vendor.public_key(), jwt.JWTClaimsRegistry(sub={"essential": True})

    def verify(token: str) -> dict[str, Any]:
        claims = jwt.decode(token, key, algorithms=["RS256"]).claims
        registry.validate(claims)
        return claims

    return verify


def _joserfc_typed(vendor: Vendor) -> Callable[[str], Any]:
    untyped = _joserfc(vendor)
    return lambda token: LaunchClaims.model_validate(untyped(token))


def _imported_each_time(vendor: Vendor) -> Callable[[str], Any]:
    published: Any = {"keys": [vendor.public_jwk() | {"kid": vendor.kid}]}
    return lambda token: jwt.decode(token, KeySet.import_key_set(published), algorithms=["RS256"]).claims


def _pyjwt(vendor: Vendor) -> Callable[[str], Any]:
    library, key = import_module("jwt"), vendor.key.public_key()
    return lambda token: library.decode(token, key, algorithms=["RS256"])


def _jwcrypto(vendor: Vendor) -> Callable[[str], Any]:
    library, keys = import_module("jwcrypto.jwt"), import_module("jwcrypto.jwk")
    key = keys.JWK(**{name: value for name, value in vendor.public_jwk().items() if name != "alg"})
    return lambda token: json.loads(library.JWT(jwt=token, key=key, algs=["RS256"]).claims)


@contextmanager
def _in_node(vendor: Vendor, tokens: list[str]) -> Iterator[Mapping[str, Variant]]:
    if not node.available():
        yield {}
        return
    with node.running("verify.js") as program:
        program.ask(json.dumps({"jwk": vendor.public_jwk(), "tokens": tokens}))
        yield {name: partial(program.figures, library) for library, name in NODE.items()}
