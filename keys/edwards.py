"""Ed25519 public keys (RFC 8032 5.1) that deserve the name: libraries take any 32 octets until they verify.

A point of small order verifies what nobody signed. A good key plus such a point is another key, under another
name, that verifies one in eight of the good key's signatures. Where a key says who somebody is, neither may enter.
"""

_Point = tuple[int, int, int, int]  # extended coordinates: x = X/Z, y = Y/Z, x·y = T/Z

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_ROOT_OF_MINUS_ONE = pow(2, (_P - 1) // 4, _P)
_IDENTITY: _Point = (0, 1, 1, 0)


def is_public_key(octets: bytes) -> bool:
    """Tell whether `octets` (32) are the canonical encoding of a point of prime order. Takes about a millisecond."""
    y = int.from_bytes(octets, "little") & ~(1 << 255)  # the highest bit is the sign of x, which has no say here
    x = _x(y)
    if x is None or y == 1 or y >= _P:
        return False
    multiple_x, multiple_y, z, _ = _multiply(_ORDER, (x, y, 1, x * y % _P))
    return multiple_x == 0 and multiple_y == z


def _x(y: int) -> int | None:
    """One of the two x of a point (RFC 8032 5.1.3), None if the curve has no point at that height."""
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    for root in (x, x * _ROOT_OF_MINUS_ONE % _P):
        if root * root % _P == square:
            return root
    return None


def _multiply(factor: int, point: _Point) -> _Point:
    total = _IDENTITY
    for bit in f"{factor:b}":
        total = _add(total, total)
        if bit == "1":
            total = _add(total, point)
    return total


def _add(p: _Point, q: _Point) -> _Point:
    """RFC 8032 5.1.4; the formula is complete, so it doubles too."""
    (x1, y1, z1, t1), (x2, y2, z2, t2) = p, q
    a, b = (y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2)
    c, d = 2 * _D * t1 * t2, 2 * z1 * z2
    e, f, g, h = (b - a) % _P, (d - c) % _P, (d + c) % _P, (b + a) % _P
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P
