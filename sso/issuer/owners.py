"""Whose a token is that somebody asks about: who may introspect and revoke, and what its owner's tokens are.

A company's own are its access tokens, those of its launches, and the professional tokens that it signed or had us sign.
Every other token, another company's or nobody's, looks like one that is no good: nothing can be learned from it.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from starlette.requests import Request

from common.audit.catalogue import COMPANY_TOKEN_REFUSED
from common.audit.events import AuditLog
from common.audit.refusals import refusals
from common.clock import Clock
from common.errors import InvalidInput
from common.http.address import client_address
from common.http.bearer import authorization, bearer_token
from common.limits import Limits
from schemas.callers import CompanyAccess
from schemas.claims import CompanyClaims, LaunchClaims
from schemas.identifiers import CompanyId
from sso.issuer.clients import Client, ClientAuthentication, from_form
from sso.issuer.endpoint import parameters_of


class OwnAccess(CompanyAccess, Protocol):
    async def of_company(self, token: str, company_id: CompanyId, now: datetime) -> CompanyClaims | LaunchClaims | None:
        """Return the claims of an access token of this company, its own or a launch's, if it would be let in."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """Who asks, about which token, and when; `token_type_hint` is not needed to tell what a token is."""

    client: Client
    token: str = field(repr=False)
    now: datetime


@dataclass(frozen=True, slots=True)
class TokenOwners:
    """Lets companies in that ask about a token.

    They prove who they are as at the token endpoint, or by an access token of their own (RFC 7662 2.1). What is asked
    rightly counts against no limit here.
    """

    limits: Limits
    clients: ClientAuthentication
    access: OwnAccess
    audit: AuditLog
    clock: Clock

    @asynccontextmanager
    async def asking(self, request: Request) -> AsyncIterator[Question]:
        """Give what is asked. Raises InvalidClient or NotAuthenticated, PermissionDenied, InvalidInput, RateLimited.

        Whoever turns out inside to have used their assertion before counts as refused, like those who have none.
        """
        sent = authorization(request)
        if sent[0] == "bearer":
            caller = await self.access.company(bearer_token(request), None)
            given = await parameters_of(request)
            if not given.keys().isdisjoint({"client_secret", "client_assertion"}):
                raise InvalidInput("Authenticate in one way: by an access token or as a client.")
            yield _question(Client(caller.company_id, ""), given, self.clock())
            return
        given = await parameters_of(request)
        async with self.limits.of_client(client_address(request)):
            now = self.clock()
            client = await self.clients.of(from_form(sent, given), now)
            async with refusals(self.audit, COMPANY_TOKEN_REFUSED, now, company_id=client.company_id):
                yield _question(client, given, now)


def _question(client: Client, given: Mapping[str, str], now: datetime) -> Question:
    if "token" not in given:
        raise InvalidInput("The parameter token is missing.")
    return Question(client, given["token"], now)
