"""A sign-in under way: what a browser keeps between our page and its return from the provider.

It keeps one random token, for ten minutes, and all that has to be the same afterwards follows from it: `state` and
`nonce`, which the provider sees, and the PKCE verifier, which it sees at the end. Nobody without the cookie can make
one of them from another, and nothing is kept here.
"""

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Self

from common.http.cookies import SessionCookie
from common.sessions import new_token

LASTS: Final = timedelta(minutes=10)
COOKIE: Final = SessionCookie("__Host-sso-sign-in", max_age=int(LASTS.total_seconds()))
_CLOCK_ERROR: Final = 60
"""Seconds that the clocks of two machines of ours may differ."""

SPENT: Final = LASTS + timedelta(seconds=_CLOCK_ERROR)
"""How long it is remembered that one has been used: as long as any machine of ours takes it."""

_TOKEN: Final = re.compile(r"([0-9]{1,12})\.[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Attempt:
    """`token` is what the cookie holds: when it began, and 256 random bits.

    Another beginning written into the cookie makes another nonce, which no ID token has.
    """

    token: str

    @classmethod
    def begin(cls, now: datetime) -> Self:
        """Return a new one."""
        return cls(f"{int(now.timestamp())}.{new_token()}")

    @property
    def state(self) -> str:
        """What comes back with the browser (RFC 6749 10.12)."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """What comes back in the ID token (OpenID Connect Core 3.1.2.1)."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """What proves at the end who began (RFC 7636 4.1): 64 characters."""
        return self._derived("verifier")

    @property
    def began(self) -> int:
        """When, in seconds since 1970, by the clock of the machine that began it."""
        return int(self.token.partition(".")[0])

    @property
    def spend_key(self) -> str:
        """Under which it is remembered that it has been used."""
        return self._derived("spent")

    def is_current(self, state: str, now: datetime) -> bool:
        """Return whether this is the attempt that came back with `state`, in time."""
        begun = _TOKEN.fullmatch(self.token)
        if begun is None:
            return False
        age = now.timestamp() - int(begun[1])
        same = hmac.compare_digest(self.state.encode(), state.encode("utf-8", "surrogatepass"))
        return same and -_CLOCK_ERROR <= age < LASTS.total_seconds()

    def _derived(self, name: str) -> str:
        return hmac.new(self.token.encode("utf-8", "surrogatepass"), name.encode(), sha256).hexdigest()
