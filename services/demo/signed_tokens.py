"""The tokens that the simulated EHR has signed, kept for a quarter of an hour so that each has a page of its own.

In Redis, where every worker finds them, and sealed: a token holds the BSN. Whoever has the page's address, which nobody
can guess, sees the token, as whoever signed it did (ADR 0038).
"""

import asyncio
import json
from collections.abc import Awaitable
from dataclasses import asdict, dataclass
from typing import Final, TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

from common.errors import Unavailable
from common.sessions import new_token, token_digest
from keys.sealing import CannotOpen, Sealer

T = TypeVar("T")

PREFIX: Final = "sso:demo:signed:"
KEPT_SECONDS: Final = 900
_ANSWER_SECONDS: Final = 1.0
_COLUMN: Final = "demo.signed"


@dataclass(frozen=True, slots=True)
class SignedToken:
    """A token as it was signed, the `clientId` to post beside it, and the key and the fault that were chosen.

    `example` is the number of the example that it began with, `has_dossier` whether the EHR has asked for a dossier.
    """

    token: str
    client_id: str
    key: str
    fault: str
    example: str
    has_dossier: bool


@dataclass(frozen=True, slots=True)
class SignedTokens:
    """Keeps signed tokens, each under a name that is in its page's address alone."""

    redis: Redis
    sealer: Sealer

    async def keep(self, signed: SignedToken) -> str:
        """Return the name under which the token is kept now. Raises Unavailable."""
        name = new_token()
        key = _key(name)
        sealed = self.sealer.seal(json.dumps(asdict(signed)), _COLUMN, key)
        await _answer(self.redis.set(key, sealed, ex=KEPT_SECONDS))
        return name

    async def find(self, name: str) -> SignedToken | None:
        """Return the token of a name, which can be any text, if it is still kept. Raises Unavailable."""
        key = _key(name)
        sealed = await _answer(self.redis.get(key))
        if not isinstance(sealed, bytes):
            return None
        try:
            return SignedToken(**json.loads(self.sealer.open(sealed, _COLUMN, key)))
        except (CannotOpen, TypeError):  # the sealing key is another one since, or the release is
            return None


def _key(name: str) -> str:
    return PREFIX + token_digest(name).hex()


async def _answer(asked: Awaitable[T]) -> T:
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            return await asked
    except (RedisError, TimeoutError, OSError) as error:
        raise Unavailable("the store of the simulated EHR", private=type(error).__name__) from None
