"""`/company/jwks-uri`: where a company publishes its keys (contract, section 3)."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from common.http.answer import json_answer
from common.http.bearer import bearer_token
from common.http.body import json_object
from common.http.routing import Resource
from common.limits import Counted, Limits
from keys.key_sets.model import KeySet
from keys.key_sets.service import MAX_STALENESS, KeySets
from keys.partners import PartnerKey
from schemas.base import Rules
from schemas.bodies import JwksUri, KeySetAnswer, PublishedKeyAnswer, SkippedKeyAnswer
from schemas.callers import CompanyAccess
from schemas.scopes import Scope


@dataclass(frozen=True, slots=True)
class KeySetEndpoints:
    """A company's URL of keys: set, shown and removed."""

    limits: Limits
    sets: KeySets
    access: CompanyAccess
    rules: Rules

    def routes(self) -> list[Resource]:
        """Return the routes of this endpoint."""
        return [Resource("/company/jwks-uri", GET=self.show, PUT=self.put, DELETE=self.remove)]

    async def put(self, request: Request) -> Response:
        """Fetch the set behind a URL, and keep both."""
        caller = await self.access.company(bearer_token(request), Scope.KEYS_MANAGE)
        given = JwksUri.parse(await json_object(request), self.rules)
        async with self.limits.of_company(caller.company_id, Counted.KEY_SETS):
            return _answer(*await self.sets.put(caller.company_id, given.jwks_uri))

    async def show(self, request: Request) -> Response:
        """Show what is kept, and how the last fetch went."""
        caller = await self.access.company(bearer_token(request), Scope.KEYS_MANAGE)
        return _answer(*await self.sets.show(caller.company_id))

    async def remove(self, request: Request) -> Response:
        """Forget the URL and its keys."""
        caller = await self.access.company(bearer_token(request), Scope.KEYS_MANAGE)
        await self.sets.remove(caller.company_id)
        return Response(status_code=204)


def _answer(kept: KeySet, keys: Sequence[PartnerKey]) -> Response:
    answer = KeySetAnswer(
        jwks_uri=kept.uri,
        fetched_at=kept.fetched_at,
        expires_at=kept.fetched_at + MAX_STALENESS,
        failure=kept.failure,
        keys=[
            PublishedKeyAnswer(kid=key.published_as or key.kid, thumbprint=key.kid, kty=key.kty, alg=key.alg)
            for key in keys
        ],
        skipped=[SkippedKeyAnswer(index=one.index, reason=one.reason) for one in kept.skipped],
    )
    return json_answer(answer)
