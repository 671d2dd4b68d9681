"""How often a company and an address may ask (contract, section 1): what is counted, and round what.

Limits protect the others from one who asks too much. They keep no secret, so where they cannot be counted they let
pass (ADR 0013). What counts them is not known here.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from common.errors import (
    ConsentMissing,
    InvalidClient,
    NotAuthenticated,
    PermissionDenied,
    ServiceError,
    TokenRejected,
)


class Counted(StrEnum):
    """What is counted, per minute."""

    LAUNCHES = "launches"
    TOKEN_REQUESTS = "token_requests"
    REFUSALS = "refusals"
    KEY_SETS = "key_sets"
    SIGN_INS = "sign_ins"
    SIMULATIONS = "simulations"


class Limiter(Protocol):
    async def admit(self, counted: Counted, who: str) -> None:
        """Count one more. Raises RateLimited if that is one too many, or if `who` has been refused too often."""
        ...

    async def refused(self, who: str) -> None:
        """Count a refusal."""
        ...

    def require_not_told(self, who: str) -> None:
        """Raise RateLimited if `who` is known here to have been refused too often; asks nobody."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """Asks for room before something is done for a caller, and counts its refusals."""

    limiter: Limiter

    def of_address(self, address: str, counted: Counted) -> AbstractAsyncContextManager[None]:
        """Do the work inside if this address has room. Raises RateLimited."""
        return self._of(f"address:{address}", counted)

    def of_company(self, company_id: UUID, counted: Counted) -> AbstractAsyncContextManager[None]:
        """Do the work inside if this company has room. Raises RateLimited."""
        return self._of(f"company:{company_id}", counted)

    def of_service(self, name: str, counted: Counted) -> AbstractAsyncContextManager[None]:
        """Do the work inside if this service of ours has room. Raises RateLimited."""
        return self._of(f"service:{name}", counted)

    @asynccontextmanager
    async def of_bearer(self, address: str) -> AsyncIterator[None]:
        """Do the work inside for a caller with a bearer token; one that does not open this counts as a refusal.

        What goes well is not counted, and costs nothing. Raises RateLimited.
        """
        who = f"address:{address}"
        self.limiter.require_not_told(who)
        try:
            yield
        except ConsentMissing:
            raise  # the patient's no, and not the token's
        except (NotAuthenticated, PermissionDenied) as error:
            if isinstance(error, PermissionDenied) or error.error:  # a token was sent, and refused
                await self.limiter.refused(who)
            raise

    def of_client(self, address: str) -> AbstractAsyncContextManager[None]:
        """Do the work inside for a client that says who it is; one that cannot prove it counts as a refusal.

        What goes well is not counted, and costs nothing. Raises RateLimited.
        """
        return self._refusals(address, InvalidClient)

    def of_patient(self, address: str) -> AbstractAsyncContextManager[None]:
        """Do the work inside for a patient who says who they are; one whom it does not know counts as a refusal.

        What goes well is not counted, and costs nothing. Raises RateLimited.
        """
        return self._refusals(address, NotAuthenticated)

    @asynccontextmanager
    async def _refusals(self, address: str, refusal: type[ServiceError]) -> AsyncIterator[None]:
        who = f"address:{address}"
        self.limiter.require_not_told(who)
        try:
            yield
        except refusal:
            await self.limiter.refused(who)
            raise

    @asynccontextmanager
    async def _of(self, who: str, counted: Counted) -> AsyncIterator[None]:
        await self.limiter.admit(counted, who)
        try:
            yield
        except (TokenRejected, NotAuthenticated, InvalidClient):
            await self.limiter.refused(who)
            raise
