"""The floor: an ASGI callable without a framework, and the shortest correct code between the socket and the stores.

It counts no limits, writes no log and answers refusals in one word: what it costs, the work itself costs.
"""

import hmac
import json
import os
import secrets
import time
import uuid
from datetime import UTC, datetime
from functools import lru_cache, partial
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl

import asyncpg
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from benchmarks.peers import floor_statements as sql
from benchmarks.peers import floor_tokens as tokens
from benchmarks.peers.redis_wire import Wire, connect
from benchmarks.peers.setting import serve, setting

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]
JSON = (b"content-type", b"application/json")
REFUSED: Answer = (401, [], b"refused")
SETTING = setting()
DIGEST_KEY, SIGNING_KEY, SEAL = SETTING.digest_key(), SETTING.signing_key(), AESGCM(bytes(32))
BEARERS = lru_cache(4096)(partial(tokens.bearer, key=SIGNING_KEY.public_key()))
"""Each is verified once."""


class Floor:
    """The application."""

    pool: "asyncpg.Pool[asyncpg.Record]"
    redis: Wire

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - as ASGI has it
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        try:
            path = scope["path"]
            if path == "/sso/launch":
                status, headers, body = await self._launch(scope, await _body(receive))
            elif path.startswith("/dossier/"):
                status, headers, body = await self._permission(scope, path.split("/")[2])
            else:
                status, headers, body = 200, [], b"ready"
        except (ValueError, KeyError, InvalidSignature, asyncpg.UniqueViolationError):
            status, headers, body = REFUSED
        headers = [*headers, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Any, send: Any) -> None:  # noqa: ANN401 - as ASGI has it
        await receive()
        self.pool = await asyncpg.create_pool(SETTING.database_url, min_size=10, max_size=10)
        self.redis = await connect(SETTING.redis_url)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.pool.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _launch(self, scope: Any, body: bytes) -> Answer:  # noqa: ANN401 - as ASGI has it
        headers = dict(scope["headers"])
        browser = b"text/html" in headers[b"accept"]
        form = headers[b"content-type"] == b"application/x-www-form-urlencoded"
        asked = dict(parse_qsl(body.decode())) if form else json.loads(body)
        token, company_id, now = asked["token"], uuid.UUID(asked["clientId"]), datetime.now(UTC)
        kid = tokens.header_of(token.partition(".")[0])["kid"]
        signer = await self.pool.fetchrow(sql.SIGNER, company_id, kid)
        if signer is None:
            return REFUSED
        claims = tokens.launch_claims(token, signer["jwk"], str(company_id))
        digest, jti = hmac.digest(DIGEST_KEY, b"bsn" + claims["patientInfo"]["bsn"].encode(), "sha256"), claims["jti"]
        jti_digest, external_id = sha256(jti.encode()).digest(), claims["treatmentRelationshipId"]
        patient = await self.pool.fetchrow(sql.PATIENT, company_id, digest, external_id, jti_digest)
        if patient is None or patient["pseudoniem"] != patient["of_relationship"] or patient["spent"]:
            return REFUSED
        spent = f"floor:{company_id}:{jti_digest.hex()}"
        if await self.redis.ask("SET", spent, "1", "NX", "PX", 450_000) != b"OK":
            return REFUSED
        launch_id, cookie = uuid.uuid4(), secrets.token_urlsafe(32)
        session = _session(cookie) if browser else (None, None)
        account_id = await self.pool.fetchval(
            sql.LAUNCH, company_id, jti_digest, launch_id, now, patient["relationship_id"], claims["sub"],
            patient["pseudoniem"], external_id, uuid.uuid4(), kid, *session,
        )  # fmt: skip
        if account_id is None:
            return REFUSED
        if browser:
            to = [(b"location", f"/launch/{launch_id}".encode()), (b"set-cookie", f"session={cookie}".encode())]
            return 303, to, b""
        seen = tokens.company_form(patient["pseudoniem"], company_id)
        access = tokens.access_claims(sub=str(account_id), client_id=str(company_id), launchId=str(launch_id))
        permission = patient["choice"] or "pending"
        context = {
            "launchId": str(launch_id),
            "company": {"companyId": str(company_id), "companyName": signer["name"]},
            "professional": {"accountId": str(account_id), "sub": claims["sub"], "status": "linked"},
            "patient": {"pseudoniem": seen},
            "treatmentRelationshipId": external_id,
            "dossier": {"dossierId": str(patient["dossier_id"]), "permission": permission},
            "accessToken": tokens.es256(access | {"role": "Professional", "pseudoniem": seen}, SIGNING_KEY),
            "tokenType": "Bearer",
            "expiresIn": 900,
        }
        return 200, [JSON], json.dumps(context).encode()

    async def _permission(self, scope: Any, bsn: str) -> Answer:  # noqa: ANN401 - as ASGI has it
        scheme, _, token = dict(scope["headers"])[b"authorization"].decode().partition(" ")
        company_id, jti_digest, exp = BEARERS(token)
        if scheme != "Bearer" or exp < time.time() - 30:
            return REFUSED
        digest = hmac.digest(DIGEST_KEY, b"bsn" + bsn.encode(), "sha256")
        found = await self.pool.fetchrow(
            sql.PERMISSION, company_id, jti_digest, digest, datetime.now(UTC), uuid.uuid4()
        )
        if found is None:
            return REFUSED
        given = found["choice"] == "approved"
        return (200 if given else 403), [JSON], json.dumps({"gavePermission": given}).encode()


def _session(cookie: str) -> tuple[bytes, bytes]:
    digest, nonce = sha256(cookie.encode()).digest(), os.urandom(12)
    return digest, nonce + SEAL.encrypt(nonce, b'{"firstname": null, "lastname": null, "email": null}', digest)


async def _body(receive: Any) -> bytes:  # noqa: ANN401 - as ASGI has it
    body: bytes = b""
    while True:
        message: dict[str, Any] = await receive()
        body += message["body"]
        if not message.get("more_body"):
            return body


if __name__ == "__main__":
    serve(Floor(), access_log=False)
