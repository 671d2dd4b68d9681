"""What the textbook reads and writes for a launch and a permission, a statement at a time, on our own tables."""

import hmac
import json
import os
import secrets
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import Row, Table, and_, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.exceptions import HTTPException

from benchmarks.peers.claims import LaunchClaims
from common.audit.store_sql import DOSSIER_EVENTS, IDENTITY_EVENTS
from dossier.store_sql import consents, dossiers
from identity.companies.store_sql import companies, revoked_tokens
from identity.professionals.store_sql import account_links
from identity.pseudoniem.store_sql import pseudoniemen
from identity.relationships.store_sql import members, relationships
from keys.store_sql import company_keys
from sso.launch.store_sql import launches, sessions, spends

SEAL = AESGCM(bytes(32))
registry = jwt.JWTClaimsRegistry(sub={"essential": True})


@dataclass(frozen=True)
class Launched:
    """A launch that is being carried out."""

    launch_id: uuid.UUID
    company_id: uuid.UUID
    kid: str
    claims: LaunchClaims
    pseudoniem: uuid.UUID
    relationship_id: uuid.UUID
    now: datetime


async def active_company(connection: AsyncConnection, company_id: uuid.UUID) -> str:
    """Return the company's name."""
    query = select(companies.c.name).where(companies.c.company_id == company_id, companies.c.status == "active")
    return str(await _one(connection, query, 401))


async def current_key(connection: AsyncConnection, company_id: uuid.UUID, kid: str) -> RSAKey:
    """Return a key of the company."""
    query = select(company_keys.c.jwk).where(
        company_keys.c.company_id == company_id, company_keys.c.kid == kid, company_keys.c.revoked_at.is_(None)
    )
    return RSAKey.import_key(json.loads(await _one(connection, query, 401)))


def claims_of(token: str, key: RSAKey) -> LaunchClaims:
    """Return the claims of a token, signed and fresh."""
    claims = jwt.decode(token, key, algorithms=["RS256"]).claims
    registry.validate(claims)
    understood = LaunchClaims.model_validate(claims)
    if not time.time() - 300 <= understood.iat <= time.time() + 30:
        raise HTTPException(401)
    return understood


async def pseudoniem_of(connection: AsyncConnection, bsn: str, key: bytes) -> uuid.UUID:
    """Return the pseudoniem of a BSN."""
    digest = hmac.digest(key, b"bsn" + bsn.encode(), "sha256")
    query = select(pseudoniemen.c.pseudoniem).where(pseudoniemen.c.key_version == 1, pseudoniemen.c.digest == digest)
    return uuid.UUID(str(await _one(connection, query, 404)))


async def relationship_of(connection: AsyncConnection, company_id: uuid.UUID, external_id: str) -> Row[Any]:
    """Return the treatment relationship of this name."""
    query = select(relationships).where(
        relationships.c.company_id == company_id, relationships.c.external_id == external_id
    )
    row = (await connection.execute(query)).first()
    if row is None:
        raise HTTPException(404)
    return row


async def require_unspent(connection: AsyncConnection, company_id: uuid.UUID, jti: str) -> None:
    """Refuse a token that has been used."""
    query = select(spends).where(spends.c.company_id == company_id, spends.c.jti_digest == _digest(jti))
    if (await connection.execute(query)).first():
        raise HTTPException(401)


async def carry_out(connection: AsyncConnection, launched: Launched) -> uuid.UUID:
    """Keep spend, member, launch and event; return the account."""
    company_id, now, claims = launched.company_id, launched.now, launched.claims
    spend = {"jti_digest": _digest(claims.jti), "launch_id": launched.launch_id, "spent_at": now}
    await connection.execute(insert(spends).values(company_id=company_id, **spend))
    link = select(account_links.c.account_id).where(
        account_links.c.company_id == company_id, account_links.c.sub == claims.sub
    )
    account_id = uuid.UUID(str(await _one(connection, link, 404)))
    held = select(relationships.c.pseudoniem).where(relationships.c.relationship_id == launched.relationship_id)
    await _one(connection, held.with_for_update(read=True, key_share=True), 404)
    member = {"relationship_id": launched.relationship_id, "account_id": account_id, "joined_at": now}
    joined = upsert(members).values(**member)
    await connection.execute(
        joined.on_conflict_do_update(index_elements=["relationship_id", "account_id"], set_={"joined_at": now})
    )
    kept = {"launch_id": launched.launch_id, "company_id": company_id, "account_id": account_id, "sub": claims.sub}
    kept |= {"status": "linked", "pseudoniem": launched.pseudoniem, "launched_at": now}
    external = {"treatment_relationship_id": claims.treatment_relationship_id}
    await connection.execute(insert(launches).values(**kept, **external, relationship_id=launched.relationship_id))
    details = {"account_id": str(account_id), "admission": "linked", "jti": _digest(claims.jti).hex()}
    details |= {"kid": launched.kid, "launch_id": str(launched.launch_id)}
    details |= {"relationship_id": str(launched.relationship_id)}
    await _keep(connection, IDENTITY_EVENTS, "launch.accepted", company_id, launched.pseudoniem, details)
    return account_id


async def open_session(connection: AsyncConnection, launched: Launched) -> str:
    """Keep a session; return its cookie."""
    cookie, nonce = secrets.token_urlsafe(32), os.urandom(12)
    digest = sha256(cookie.encode()).digest()
    sealed = nonce + SEAL.encrypt(nonce, b'{"firstname": null, "lastname": null, "email": null}', digest)
    values = {"digest": digest, "launch_id": launched.launch_id, "sealed_patient": sealed}
    await connection.execute(insert(sessions).values(**values, opened_at=launched.now, seen_at=launched.now))
    return cookie


async def dossier_of(connection: AsyncConnection, company_id: uuid.UUID, pseudoniem: uuid.UUID) -> Any:  # noqa: ANN401 - a row or none
    """Return the dossier with the latest choice."""
    last = select(func.max(consents.c.number)).where(consents.c.dossier_id == dossiers.c.dossier_id)
    latest = and_(
        consents.c.dossier_id == dossiers.c.dossier_id, consents.c.number == last.correlate(dossiers).scalar_subquery()
    )
    query = select(dossiers.c.dossier_id, consents.c.choice).outerjoin_from(dossiers, consents, latest)
    of_patient = query.where(dossiers.c.company_id == company_id, dossiers.c.pseudoniem == pseudoniem)
    return (await connection.execute(of_patient)).first()


async def require_admitted(connection: AsyncConnection, company_id: uuid.UUID, jti: str) -> None:
    """Refuse a company that is not active, and a token that was revoked."""
    await active_company(connection, company_id)
    query = select(revoked_tokens).where(
        revoked_tokens.c.company_id == company_id, revoked_tokens.c.jti_digest == _digest(jti)
    )
    if (await connection.execute(query)).first():
        raise HTTPException(401)


async def keep_permission(
    connection: AsyncConnection, company_id: uuid.UUID, pseudoniem: uuid.UUID, dossier: Row[Any] | None, *, given: bool
) -> None:
    """Keep what was answered."""
    event, details = f"permission.{'granted' if given else 'withheld'}", {}
    if dossier is not None:
        details["dossier_id"] = str(dossier.dossier_id)
    await _keep(connection, DOSSIER_EVENTS, event, company_id, pseudoniem, details, outcome="yes" if given else "no")


def company_form(pseudoniem: uuid.UUID, company_id: uuid.UUID) -> str:
    """Return the pseudoniem that a company sees."""
    octets = hmac.digest(pseudoniem.bytes, b"company pseudoniem" + company_id.bytes, "sha256")[:16]
    return str(uuid.UUID(bytes=octets, version=4))


async def _keep(
    connection: AsyncConnection,
    table: Table,
    event: str,
    company_id: uuid.UUID,
    pseudoniem: uuid.UUID,
    details: dict[str, str],
    outcome: str = "yes",
) -> None:
    values = {"at": datetime.now(UTC), "event": event, "outcome": outcome, "request_id": uuid.uuid4()}
    whose = {"company_id": company_id, "pseudoniem": pseudoniem, "details": json.dumps(details)}
    await connection.execute(insert(table).values(**values, **whose))


async def _one(connection: AsyncConnection, query: Any, otherwise: int) -> Any:  # noqa: ANN401 - any one column
    found = await connection.scalar(query)
    if found is None:
        raise HTTPException(otherwise)
    return found


def _digest(jti: str) -> bytes:
    return sha256(jti.encode()).digest()
