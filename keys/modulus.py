"""RSA moduli that somebody else can factor, as far as that shows in a few milliseconds.

One that passes is not proven good, which would take its factors: it is none of the known accidents.
"""

from functools import cache
from math import isqrt

_SMALL_FACTOR_BOUND = 2**16
_FERMAT_ROUNDS = 100
_INFINEON_GENERATOR = 65537
_INFINEON_PRIME_BOUND = 168  # these primes divide the library's constant M whatever the size of the key


def is_weak(modulus: int) -> bool:
    """Tell whether `modulus` (2048 bits or more) has a small factor, two close ones or the ROCA fingerprint."""
    return _has_small_factor(modulus) or _has_close_factors(modulus) or _has_infineon_fingerprint(modulus)


def _has_small_factor(modulus: int) -> bool:
    return any(modulus % prime == 0 for prime in _primes_below(_SMALL_FACTOR_BOUND))


def _has_close_factors(modulus: int) -> bool:
    """Fermat's method: modulus = a² - b² with a just above the root; the square of a prime falls at once.

    The number of rounds is that of the badkeys project. Source: CVE-2022-26320; Böck, IACR ePrint 2023/026.
    """
    root = isqrt(modulus - 1) + 1
    return any(_is_square(a * a - modulus) for a in range(root, root + _FERMAT_ROUNDS))


def _is_square(number: int) -> bool:
    return isqrt(number) ** 2 == number


def _has_infineon_fingerprint(modulus: int) -> bool:
    """ROCA (CVE-2017-15361): Infineon's RSALib made primes of the form k·M + (65537ᵃ mod M), M a primorial.

    So the modulus is a power of 65537 modulo every small prime. Of sound moduli one in 2²⁷ looks so by chance.
    Source: Nemec et al., "The Return of Coppersmith's Attack", ACM CCS 2017, section 2.
    """
    return all(modulus % prime in powers for prime, powers in _infineon_residues().items())


@cache
def _infineon_residues() -> dict[int, frozenset[int]]:
    return {
        prime: frozenset(pow(_INFINEON_GENERATOR, exponent, prime) for exponent in range(prime - 1))
        for prime in _primes_below(_INFINEON_PRIME_BOUND)
    }


@cache
def _primes_below(bound: int) -> tuple[int, ...]:
    """The sieve of Eratosthenes."""
    is_prime = bytearray([0, 0]) + bytearray([1]) * (bound - 2)
    for number in range(2, isqrt(bound) + 1):
        if is_prime[number]:
            is_prime[number * number :: number] = bytes(len(range(number * number, bound, number)))
    return tuple(number for number in range(bound) if is_prime[number])
