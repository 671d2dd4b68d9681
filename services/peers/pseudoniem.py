"""The pseudoniem service, which alone has the digest key: as identity and dossier see it, and what it answers them.

`POST /pseudoniem`, which makes one, is part of the public contract; what is here beside it has no effect.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from common.errors import Unavailable
from common.http.answer import json_answer
from common.http.body import json_object
from common.http.routing import Resource
from identity.pseudoniem.service import Pseudoniemen
from schemas.base import Rules
from schemas.bodies import OfPatients
from schemas.callers import InternalAccess
from schemas.identifiers import Bsn, Pseudoniem
from services.peers.bodies import KnownPseudoniemen, MadePseudoniem
from services.peers.callers import require_service
from services.peers.client import Peer

_KNOWN = "/internal/pseudoniemen"


@dataclass(frozen=True, slots=True)
class PeerPseudoniemen:
    """`Pseudoniemen` of launches and dossiers. All calls may happen twice: a BSN keeps its pseudoniem."""

    peer: Peer

    async def find(self, bsn: Bsn) -> Pseudoniem | None:
        """Return the pseudoniem of this BSN, if it has one already. Raises Unavailable."""
        return (await self.find_many([bsn]))[0]

    async def find_many(self, bsns: Sequence[Bsn]) -> Sequence[Pseudoniem | None]:
        """Return the pseudoniem of each BSN, at most 1,000, in the order asked. Raises Unavailable."""
        answer = await self.peer.ask(_KNOWN, {"bsns": [bsn.reveal() for bsn in bsns]}, safe=True)
        known = KnownPseudoniemen.of(answer).pseudoniemen
        if len(known) != len(bsns):
            raise Unavailable("the pseudoniem service", private="not as many answers as questions")
        return [Pseudoniem(one) if one is not None else None for one in known]

    async def make(self, bsn: Bsn) -> Pseudoniem:
        """Return the pseudoniem of this BSN, made on first sight. Raises Unavailable."""
        answer = await self.peer.ask("/pseudoniem", {"bsn": bsn.reveal()}, safe=True)
        return Pseudoniem(MadePseudoniem.of(answer).pseudoniem)


@dataclass(frozen=True, slots=True)
class PseudoniemAnswers:
    """What the pseudoniem service answers our other services."""

    pseudoniemen: Pseudoniemen
    access: InternalAccess
    rules: Rules

    def routes(self) -> list[Resource]:
        """Return the routes of these answers."""
        return [Resource(_KNOWN, POST=self.known)]

    async def known(self, request: Request) -> Response:
        """Answer `find_many`."""
        service = await require_service(self.access, request, "identity", "dossier")
        asked = OfPatients.parse(await json_object(request), self.rules)
        found = await self.pseudoniemen.give_known(asked.bsns, service)
        return json_answer(KnownPseudoniemen(pseudoniemen=list(found)))
