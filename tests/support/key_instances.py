"""Processes of identity, as far as they have to do with the keys of companies."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from common.audit.events import Event
from common.audit.store_sql import IDENTITY_EVENTS, SqlAuditLog
from common.sql import Database
from keys.key_sets.service import KeySets
from keys.key_sets.store_sql import SqlKeySets
from keys.partners import PartnerKeys
from keys.remote import Fetcher, SystemResolver
from keys.store_sql import SqlPartnerKeys
from schemas.identifiers import CompanyId
from tests.support.clock import SetClock
from tests.support.ehr import Ehr
from tests.support.key_server import KeyServer, key_set
from tests.support.memory import partner_key


@dataclass(frozen=True)
class NotedAudit(SqlAuditLog):
    """The audit of the database, that a test can look back at."""

    noted: list[Event] = field(default_factory=list)

    async def write(self, *events: Event) -> None:
        self.noted.extend(events)
        await super().write(*events)


@dataclass
class Instance:
    """One of the processes of identity, as far as it has to do with keys."""

    database: Database
    clock: SetClock
    sets: KeySets = field(init=False)
    keys: PartnerKeys = field(init=False)
    audit: NotedAudit = field(init=False)

    def __post_init__(self) -> None:
        self.audit = NotedAudit(self.database, IDENTITY_EVENTS)
        self.keys = PartnerKeys(SqlPartnerKeys(self.database), self.audit, self.clock, ())
        fetcher = Fetcher(ssl.create_default_context(), SystemResolver(), public=False)
        self.sets = KeySets(SqlKeySets(self.database), fetcher, fetcher, self.keys, self.audit, self.clock)

    async def published(self, company_id: CompanyId) -> dict[str | None, str]:
        return {key.published_as: key.kid for key in await self.keys.current(company_id) if key.published_as}

    async def upload(self, ehr: Ehr, company_id: CompanyId) -> Any:
        return await self.keys.store.add(partner_key(ehr, company_id))


def keys(count: int) -> Sequence[Ehr]:
    return [Ehr("EdDSA") for _ in range(count)]


async def put(instance: Instance, company_id: CompanyId, server: KeyServer, *ehrs: Ehr) -> None:
    server.answers = key_set(*ehrs)
    await instance.sets.put(company_id, server.uri)
    server.asked.clear()
