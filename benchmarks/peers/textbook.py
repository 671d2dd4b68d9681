"""The textbook: Starlette, joserfc, pydantic, redis-py, `limits` and SQLAlchemy Core, each as its tutorial has it.

The same reads, writes and checks as ours, one statement after the other, on uvicorn with its own access log.
"""

import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import redis.asyncio as redis
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from joserfc.jws import extract_compact
from limits import RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import FixedWindowRateLimiter
from pydantic import BaseModel, ValidationError
from pydantic.alias_generators import to_camel
from sqlalchemy.ext.asyncio import create_async_engine
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from benchmarks.peers import textbook_work as work
from benchmarks.peers.setting import ISSUER, serve, setting

SETTING = setting()
engine = create_async_engine(
    SETTING.database_url.replace("postgresql://", "postgresql+asyncpg://"), pool_size=10, max_overflow=0
)
pool = redis.Redis.from_url(SETTING.redis_url)
limiter = FixedWindowRateLimiter(RedisStorage(f"async+{SETTING.redis_url}", implementation="redispy"))
MANY = RateLimitItemPerMinute(1_000_000)
SIGNING_KEY = ECKey.import_key(SETTING.signing_key())
DIGEST_KEY = SETTING.digest_key()
bearers = jwt.JWTClaimsRegistry(iss={"essential": True, "value": ISSUER}, aud={"essential": True, "value": ISSUER})


class LaunchRequest(BaseModel):
    """What a launch sends."""

    token: str
    clientId: uuid.UUID  # noqa: N815 - the wire's name


class Context(BaseModel, alias_generator=to_camel, validate_by_name=True):
    """What a launch answers."""

    launch_id: uuid.UUID
    company: dict[str, str]
    professional: dict[str, str]
    patient: dict[str, str]
    treatment_relationship_id: str
    dossier: dict[str, str] | None
    access_token: str
    token_type: str = "Bearer"
    expires_in: int = 900


async def count(what: str, who: str) -> None:
    """Count one more. Raises HTTPException where that is one too many."""
    if not await limiter.hit(MANY, what, who):
        raise HTTPException(429)


async def launch(request: Request) -> Response:
    """Launch."""
    form = request.headers["content-type"].startswith("application/x-www-form-urlencoded")
    asked = LaunchRequest.model_validate(_known(await request.form()) if form else await request.json())
    await count("launches", request.client.host if request.client else "")
    browser, now, company_id = "text/html" in request.headers["accept"], datetime.now(UTC), asked.clientId
    async with engine.connect() as connection:
        company = await work.active_company(connection, company_id)
        kid = extract_compact(asked.token.encode()).headers()["kid"]
        key = await work.current_key(connection, company_id, kid)
        claims = work.claims_of(asked.token, key)
        pseudoniem = await work.pseudoniem_of(connection, claims.patient.bsn, DIGEST_KEY)
        relationship = await work.relationship_of(connection, company_id, claims.treatment_relationship_id)
        if relationship.pseudoniem != pseudoniem:
            raise HTTPException(409)
        await work.require_unspent(connection, company_id, claims.jti)
    await count("launches", str(company_id))
    if not await pool.set(f"textbook:{company_id}:{claims.jti}", "1", nx=True, px=450_000):
        raise HTTPException(401)
    launched = work.Launched(uuid.uuid4(), company_id, kid, claims, pseudoniem, relationship.relationship_id, now)
    async with engine.begin() as connection:
        account_id = await work.carry_out(connection, launched)
        cookie = await work.open_session(connection, launched) if browser else ""
    if browser:
        response = RedirectResponse(f"/launch/{launched.launch_id}", 303)
        response.set_cookie("session", cookie, httponly=True, secure=True, samesite="lax")
        return response
    seen = work.company_form(pseudoniem, company_id)
    context = Context(
        launch_id=launched.launch_id,
        company={"companyId": str(company_id), "companyName": company},
        professional={"accountId": str(account_id), "sub": claims.sub, "status": "linked"},
        patient={"pseudoniem": seen},
        treatment_relationship_id=claims.treatment_relationship_id,
        dossier=await _dossier(company_id, pseudoniem),
        access_token=_access_token(account_id, company_id, launched.launch_id, seen),
    )
    return JSONResponse(context.model_dump(mode="json", by_alias=True))


async def permission(request: Request) -> Response:
    """Say whether a patient has approved."""
    scheme, _, token = request.headers["authorization"].partition(" ")
    claims = jwt.decode(token, SIGNING_KEY, algorithms=["ES256"]).claims
    bearers.validate(claims)
    if scheme != "Bearer" or "permission:read" not in claims["scope"].split() or claims["role"] != "HealthcareCompany":
        raise HTTPException(403)
    company_id = uuid.UUID(claims["sub"])
    async with engine.begin() as connection:
        await work.require_admitted(connection, company_id, claims["jti"])
        pseudoniem = await work.pseudoniem_of(connection, request.path_params["bsn"], DIGEST_KEY)
        dossier = await work.dossier_of(connection, company_id, pseudoniem)
        given = dossier is not None and dossier.choice == "approved"
        await work.keep_permission(connection, company_id, pseudoniem, dossier, given=given)
    return JSONResponse({"gavePermission": given}, 200 if given else 403)


async def ready(_request: Request) -> Response:
    """Say that it serves."""
    return Response("ready")


def _known(form: Any) -> dict[str, Any]:  # noqa: ANN401 - the framework's own
    return {name: form[name] for name in ("token", "clientId")}


async def _dossier(company_id: uuid.UUID, pseudoniem: uuid.UUID) -> dict[str, str] | None:
    async with engine.connect() as connection:
        row = await work.dossier_of(connection, company_id, pseudoniem)
    return {"dossierId": str(row.dossier_id), "permission": row.choice or "pending"} if row else None


def _access_token(account_id: uuid.UUID, company_id: uuid.UUID, launch_id: uuid.UUID, seen: str) -> str:
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": ISSUER, "sub": str(account_id), "client_id": str(company_id), "iat": now}
    claims |= {"exp": now + 900, "jti": str(uuid.uuid4()), "role": "Professional", "pseudoniem": seen}
    return jwt.encode({"alg": "ES256", "typ": "at+jwt"}, claims | {"launchId": str(launch_id)}, SIGNING_KEY)


async def _refused(_request: Request, error: Exception) -> Response:
    return JSONResponse({"detail": type(error).__name__}, 401)


@asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[None]:
    """Close what was opened."""
    yield
    await engine.dispose()
    await pool.aclose()


app = Starlette(
    routes=[
        Route("/readyz", ready),
        Route("/sso/launch", launch, methods=["POST"]),
        Route("/dossier/{bsn}/permission", permission),
    ],
    exception_handlers={JoseError: _refused, ValidationError: _refused},
    lifespan=lifespan,
)

if __name__ == "__main__":
    serve(app, access_log=True)
