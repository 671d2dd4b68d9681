"""The website apart has identity open a patient's session: both ends of what they say about it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast
from uuid import uuid4

import httpx2
import pytest

from common.audit.catalogue import PATIENT_SIGNED_IN
from common.errors import Unavailable
from common.http.app import create_app
from common.limits import Limits
from identity.patients.sessions import PatientSessions
from schemas.facts import SignedInPatient
from schemas.identifiers import Pseudoniem
from services.peers.client import Peer
from services.peers.identity import IdentityAnswers, PeerPatientSessions
from tests.support.memory import MemoryAudit, MemoryLimiter
from tests.support.network import Network
from tests.unit.test_patient_site import MemorySessions
from website.errors import error_page
from website.pages import Pages

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
NOBODY_ELSE = cast("Any", None)
"""The parts of identity that have nothing to do with this."""


@dataclass
class As:
    """A service of ours that asks, by its token, and `InternalAccess` that knows it."""

    name: str

    async def get(self) -> str:
        return "good"

    def refused(self, token: str) -> None:
        raise AssertionError(token)

    async def internal(self, token: str) -> str:
        assert token == "good"
        return self.name


@dataclass
class Identity:
    """The service that answers."""

    audit: MemoryAudit = field(default_factory=MemoryAudit)
    store: MemorySessions = field(default_factory=MemorySessions)

    @asynccontextmanager
    async def asked_by(self, name: str) -> AsyncIterator[PeerPatientSessions]:
        """Give the adapter with which a service asks."""
        sessions, asker = PatientSessions(self.store, self.audit, lambda: NOW), As(name)
        answers = IdentityAnswers(NOBODY_ELSE, NOBODY_ELSE, NOBODY_ELSE, sessions, asker)
        app = create_app(
            answers.routes(),
            hosts=frozenset({"identity"}),
            https=False,
            error_page=partial(error_page, pages=Pages()),
            observe=lambda *_: None,
            refused=lambda *_: None,
            limits=Limits(MemoryLimiter()),
        )
        async with httpx2.AsyncClient(transport=Network(app), base_url="http://identity") as client:
            yield PeerPatientSessions(Peer("identity", client, asker))


async def test_a_session_that_the_website_opens_is_one_and_ends_the_one_before() -> None:
    identity, pseudoniem = Identity(), Pseudoniem(uuid4())
    async with identity.asked_by("website") as sessions:
        first = await sessions.open(pseudoniem, "", None)
        second = await sessions.open(pseudoniem, "Peter de Mol", first)
        assert await sessions.find(first) is None
        assert await sessions.find(second) == SignedInPatient(pseudoniem, "Peter de Mol")
    assert [event.type for event in identity.audit.events] == [PATIENT_SIGNED_IN] * 2


async def test_a_sign_in_that_failed_is_kept_by_a_word_of_ours_and_no_other() -> None:
    identity = Identity()
    async with identity.asked_by("website") as sessions:
        await sessions.refused("no_bsn")
        await sessions.refused("999990019")
    assert [event.fields for event in identity.audit.events] == [{"cause": "no_bsn"}, {"cause": "other"}]


@pytest.mark.parametrize("name", ["dossier", "pseudoniem", "reports"])
async def test_no_other_service_opens_a_session(name: str) -> None:
    identity = Identity()
    async with identity.asked_by(name) as sessions:
        with pytest.raises(Unavailable):
            await sessions.open(Pseudoniem(uuid4()), "Peter de Mol", None)
        with pytest.raises(Unavailable):
            await sessions.refused("no_bsn")
    assert (identity.store.kept, identity.audit.events) == ({}, [])
