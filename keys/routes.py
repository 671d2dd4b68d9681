"""Our public keys for everyone, and a company's own keys for itself."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from common.clock import Clock
from common.http.bearer import bearer_token
from common.http.body import json_object
from common.http.routing import Resource
from keys.partners import PartnerKey, PartnerKeys
from keys.ring import KeyRing
from keys.schedule import CACHED
from schemas.base import Rules
from schemas.bodies import KeyAnswer, KeyUpload
from schemas.callers import CompanyAccess
from schemas.scopes import Scope


def jwks_routes(clock: Clock, *rings: KeyRing) -> list[Resource]:
    """Return `/.well-known/jwks.json`."""

    async def jwks(_request: Request) -> Response:
        now, headers = clock(), {"Cache-Control": f"public, max-age={CACHED.total_seconds():.0f}"}
        keys = {"keys": [key for ring in rings for key in ring.public(now)]}
        return JSONResponse(keys, headers=headers, media_type="application/jwk-set+json")

    return [Resource("/.well-known/jwks.json", GET=jwks)]


@dataclass(frozen=True, slots=True)
class CompanyKeyEndpoints:
    """`/company/keys`: a company's own verification keys (contract, section 3)."""

    keys: PartnerKeys
    access: CompanyAccess
    rules: Rules

    def routes(self) -> list[Resource]:
        """Return the routes of this endpoint."""
        return [
            Resource("/company/keys", GET=self.show, POST=self.register),
            Resource("/company/keys/{kid}", DELETE=self.revoke),
        ]

    async def show(self, request: Request) -> Response:
        """List the current keys that were uploaded."""
        caller = await self.access.company(bearer_token(request), Scope.KEYS_MANAGE)
        keys = await self.keys.current(caller.company_id)
        return JSONResponse({"items": [_answer(key) for key in keys if key.uploaded]})

    async def register(self, request: Request) -> Response:
        """Register a key: 201, or 200 if the company has it already."""
        caller = await self.access.company(bearer_token(request), Scope.KEYS_MANAGE)
        upload = KeyUpload.parse(await json_object(request), self.rules)
        key, new = await self.keys.take(caller.company_id, jwk=upload.jwk, pem=upload.pem, label=upload.label)
        return JSONResponse(_answer(key), 201 if new else 200)

    async def revoke(self, request: Request) -> Response:
        """Revoke a key for ever."""
        caller = await self.access.company(bearer_token(request), Scope.KEYS_MANAGE)
        await self.keys.revoke(caller.company_id, request.path_params["kid"])
        return Response(status_code=204)


def _answer(key: PartnerKey) -> dict[str, object]:
    return KeyAnswer(kid=key.kid, kty=key.kty, alg=key.alg, label=key.label, created_at=key.created_at).wire()
