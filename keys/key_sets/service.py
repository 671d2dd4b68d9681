"""What a company does with the URL of its keys, and how its set is kept fresh.

A URL is fetched when a company sets it, when its set is older than its answer allowed, and when a token names a key
that is not there: then not by the launch, which is refused, but beside it, and once a minute at most. Which of all
processes fetches is a matter of one row (ADR 0020).
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from common.audit.catalogue import (
    JWKS_URI_REFUSED,
    JWKS_URI_REMOVED,
    JWKS_URI_SET,
    KEY_PUBLISHED,
    KEY_SET_FAILED,
    KEY_SET_FETCHED,
    KEY_WITHDRAWN,
    KEYS_SKIPPED,
)
from common.audit.events import AuditLog, Event
from common.audit.kinds import known
from common.audit.refusals import refusals
from common.audit.words import RULES
from common.clock import Clock
from common.errors import Conflict, JwksUriRejected, NotFound, RateLimited, Unavailable
from keys.key_sets.choice import choose
from keys.key_sets.document import NamedKey, Skipped, read
from keys.key_sets.model import Change, KeySet, KeySetStore
from keys.partners import PartnerKey, PartnerKeys
from keys.remote import SECONDS, Fetched, Fetcher
from schemas.identifiers import CompanyId

COOLDOWN: Final = timedelta(minutes=1)
"""Between two fetches of one set that nobody's own company asked for; also how long whoever fetches has it alone."""

RETRY: Final = timedelta(minutes=5)
"""Until the next attempt after one that failed, unless a token asks for it."""

MAX_STALENESS: Final = timedelta(days=7)
"""How long the keys of a set count that can no longer be read."""

_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class KeySets:
    """The key sets that companies publish. `partners` has their keys, and knows which are ours.

    `fetcher` reads what is due, `put_fetcher` what a company sets: whatever the one waits for, the other does not.
    """

    store: KeySetStore
    fetcher: Fetcher
    put_fetcher: Fetcher
    partners: PartnerKeys
    audit: AuditLog
    clock: Clock
    _putting: set[CompanyId] = field(default_factory=set)

    async def put(self, company_id: CompanyId, uri: str) -> tuple[KeySet, Sequence[PartnerKey]]:
        """Return the set of a company with the keys that count now, after reading it from this URL.

        Raises JwksUriRejected with what `Fetcher.fetch` and `read` raise, or `no_keys`; Conflict if the set was set,
        removed or read by another meanwhile; RateLimited while this process does the same for the company already:
        then everything is as it was, but for keys that are there with their private parts, which are revoked.
        """
        if company_id in self._putting:
            raise RateLimited(int(SECONDS))
        self._putting.add(company_id)
        try:
            return await self._put(company_id, uri)
        finally:
            self._putting.discard(company_id)

    async def _put(self, company_id: CompanyId, uri: str) -> tuple[KeySet, Sequence[PartnerKey]]:
        now = self.clock()
        async with refusals(self.audit, JWKS_URI_REFUSED, now, company_id=company_id):
            was = await self.store.find(company_id)
            fetched = await self.put_fetcher.fetch(uri)
            named, skipped = await self._read(company_id, fetched)
            async with self.audit.unit_of_work():
                claimed = await self.store.put(company_id, uri, now, was)
                if claimed is None or not await self.store.hold(claimed):
                    raise Conflict("The company's key set was set, removed or read meanwhile: ask again.")
                await self.audit.write(JWKS_URI_SET(now, company_id=company_id))
                return await self._take(claimed, named, skipped, _due(now, fetched.max_age), told=True)

    async def show(self, company_id: CompanyId) -> tuple[KeySet, Sequence[PartnerKey]]:
        """Return the set of a company, and the keys of it that count. Raises NotFound."""
        found = await self.store.find(company_id)
        if found is None:
            raise NotFound("The company has no URL of keys.")
        return found, await self._published(company_id)

    async def remove(self, company_id: CompanyId) -> None:
        """Forget a company's URL; the keys that were there and nowhere else count no longer. Raises NotFound."""
        now = self.clock()
        async with refusals(self.audit, JWKS_URI_REFUSED, now, company_id=company_id), self.audit.unit_of_work():
            if not await self.store.remove(company_id):
                raise NotFound("The company has no URL of keys.")
            change = await self.store.publish(company_id, [], now)
            await self.audit.write(JWKS_URI_REMOVED(now, company_id=company_id), *_changes(company_id, change, now))

    async def wanted(self, company_id: CompanyId) -> None:
        """Have a company's set read again soon, because a token names a key that it does not have. Fetches nothing."""
        now = self.clock()
        await self.store.hasten(company_id, now, now - COOLDOWN)

    async def refresh_due(self) -> None:
        """Read the sets that are due, as far as no other process does.

        Raises Unavailable, or a group with what went wrong with each: of one set's trouble no other knows.
        """
        due = await self.store.due(self.clock(), _AT_ONCE)
        outcomes = await asyncio.gather(*map(self._refresh, due), return_exceptions=True)
        if errors := [outcome for outcome in outcomes if isinstance(outcome, BaseException)]:
            raise BaseExceptionGroup("key sets that were not read", errors)

    async def _refresh(self, company_id: CompanyId) -> None:
        now = self.clock()
        claimed = await self.store.claim(company_id, now, now + COOLDOWN)
        if claimed is None:
            return
        await self._withdraw_stale(claimed, now)
        try:
            fetched = await self.fetcher.fetch(claimed.uri)
            named, skipped = await self._read(company_id, fetched)
            async with self.audit.unit_of_work():
                if await self.store.hold(claimed):
                    await self._take(claimed, named, skipped, _due(now, fetched.max_age), told=False)
        except JwksUriRejected as error:
            await self._failed(claimed, error, now)
        except Unavailable:
            raise  # nothing was decided; whoever finds it due in a minute tries again
        except Exception:
            await self._failed(claimed, JwksUriRejected("connection", "The set could not be read."), now)
            raise

    async def _withdraw_stale(self, claimed: KeySet, now: datetime) -> None:
        """End the keys of a set that is too old: before it is read, so that this is so however reading it ends."""
        if now - claimed.fetched_at <= MAX_STALENESS:
            return
        async with self.audit.unit_of_work():
            if await self.store.hold(claimed):
                change = await self.store.publish(claimed.company_id, [], now)
                await self.audit.write(*_changes(claimed.company_id, change, now))

    async def _read(self, company_id: CompanyId, fetched: Fetched) -> tuple[Sequence[NamedKey], Sequence[Skipped]]:
        """Return what a set says. Keys that are there with their private parts are revoked, whatever comes of it."""
        named, skipped = await asyncio.to_thread(read, fetched.content)
        exposed = [one.exposed for one in skipped if one.exposed is not None]
        if exposed:
            await self.partners.revoke_exposed(company_id, exposed)
        return named, skipped

    async def _take(
        self, claimed: KeySet, named: Sequence[NamedKey], unread: Sequence[Skipped], due: datetime, *, told: bool
    ) -> tuple[KeySet, Sequence[PartnerKey]]:
        """Have those keys of a set count that its company may have; an event says so if `told`, or after a change."""
        company_id, now = claimed.company_id, self.clock()
        own = self.partners.own_among([one.key.kid for one in named])
        there = await self.store.known([one.key.kid for one in named])
        taken, not_chosen = choose(company_id, named, there, own)
        skipped = sorted([*unread, *not_chosen], key=lambda one: one.index)
        if not taken:
            reasons = [(one.index, one.reason) for one in skipped]
            raise JwksUriRejected("no_keys", "The key set has no key that can be taken.", reasons)
        change = await self.store.publish(company_id, taken, now)
        await self.store.read(claimed, None, skipped, now, due)
        events = list(_changes(company_id, change, now))
        if told or events or claimed.failure or list(claimed.skipped) != skipped:
            events.insert(0, KEY_SET_FETCHED(now, company_id=company_id, count=len(taken)))
            events += _skips(company_id, skipped, now)
        await self.audit.write(*events)
        return replace(claimed, fetched_at=now, failure=None, skipped=skipped), await self._published(company_id)

    async def _failed(self, claimed: KeySet, error: JwksUriRejected, now: datetime) -> None:
        """Keep why a set could not be read. Its keys stay."""
        company_id = claimed.company_id
        async with self.audit.unit_of_work():
            if not await self.store.hold(claimed):
                return
            skipped = [Skipped(index, reason) for index, reason in error.skipped]
            await self.store.read(claimed, error.reason, skipped, now, _due(now, int(RETRY.total_seconds())))
            if claimed.failure != error.reason:
                rule = known(error.reason, RULES)
                await self.audit.write(KEY_SET_FAILED(now, company_id=company_id, rule=rule))
            if list(claimed.skipped) != skipped:
                await self.audit.write(*_skips(company_id, skipped, now))

    async def _published(self, company_id: CompanyId) -> Sequence[PartnerKey]:
        return [key for key in await self.partners.current(company_id) if key.published_as is not None]


def _due(now: datetime, seconds: int) -> datetime:
    """A tenth earlier at most, so that sets that were read together are not read together for ever."""
    return now + timedelta(seconds=seconds - secrets.randbelow(seconds // 10 + 1))


def _changes(company_id: CompanyId, change: Change, now: datetime) -> Sequence[Event]:
    added = [KEY_PUBLISHED(now, company_id=company_id, kid=kid) for kid in change.added]
    return [*added, *(KEY_WITHDRAWN(now, company_id=company_id, kid=kid) for kid in change.dropped)]


def _skips(company_id: CompanyId, skipped: Sequence[Skipped], now: datetime) -> Sequence[Event]:
    counted = Counter(known(one.reason, RULES) for one in skipped)
    return [KEYS_SKIPPED(now, company_id=company_id, rule=rule, count=count) for rule, count in counted.items()]
