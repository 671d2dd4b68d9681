"""RSA keys that cost little: a run needs some thousands of them, and each pair of primes is a key."""

from collections.abc import Iterator

from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import RSAKey

_EXPONENT = 65537


def new_rsa_key() -> RSAKey:
    """Return a private key of 2,048 bits that no other call in this process returns.

    It may share one prime with others, so who has two of them can break both: keys for tests alone.
    """
    key = _of_primes(*next(_PAIRS))
    return RSAKey(key, key)


def _pairs_of_primes() -> Iterator[tuple[int, int]]:
    """Make two primes at a time, each time pairing them with all that were made before."""
    primes: list[int] = []
    while True:
        numbers = rsa.generate_private_key(_EXPONENT, 2048).private_numbers()
        yield numbers.p, numbers.q
        for earlier in primes:
            yield numbers.p, earlier
            yield numbers.q, earlier
        primes += [numbers.p, numbers.q]


_PAIRS = _pairs_of_primes()


def _of_primes(p: int, q: int) -> rsa.RSAPrivateKey:
    d = pow(_EXPONENT, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p=p,
        q=q,
        d=d,
        dmp1=rsa.rsa_crt_dmp1(d, p),
        dmq1=rsa.rsa_crt_dmq1(d, q),
        iqmp=rsa.rsa_crt_iqmp(p, q),
        public_numbers=rsa.RSAPublicNumbers(_EXPONENT, p * q),
    )
    return numbers.private_key(unsafe_skip_rsa_key_validation=True)  # both primes come from OpenSSL
