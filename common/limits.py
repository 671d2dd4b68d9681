"""How often a company and an address may ask (contract, section 1): what is counted, and round what.

Limits protect the others from one who asks too much. They keep no secret, so where they cannot be counted they let
pass (ADR 0013). What counts them is not known here.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from common.errors import (
    ConsentMissing,
    InvalidClient,
    NotAuthenticated,
    PermissionDenied,
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
        return _Watched(self.limiter, f"address:{address}", counted, _is_of_either)

    def of_company(self, company_id: UUID, counted: Counted) -> AbstractAsyncContextManager[None]:
        """Do the work inside if this company has room. Raises RateLimited."""
        return _Watched(self.limiter, f"company:{company_id}", counted, _is_of_either)

    def of_service(self, name: str, counted: Counted) -> AbstractAsyncContextManager[None]:
        """Do the work inside if this service of ours has room. Raises RateLimited."""
        return _Watched(self.limiter, f"service:{name}", counted, _is_of_either)

    def of_bearer(self, address: str) -> AbstractAsyncContextManager[None]:
        """Do the work inside for a caller with a bearer token; one that does not open this counts as a refusal.

        What goes well is not counted, and costs nothing. Raises RateLimited.
        """
        return _Watched(self.limiter, f"address:{address}", None, _is_of_token)

    def of_client(self, address: str) -> AbstractAsyncContextManager[None]:
        """Do the work inside for a client that says who it is; one that cannot prove it counts as a refusal.

        What goes well is not counted, and costs nothing. Raises RateLimited.
        """
        return _Watched(self.limiter, f"address:{address}", None, _is_of_client)

    def of_patient(self, address: str) -> AbstractAsyncContextManager[None]:
        """Do the work inside for a patient who says who they are; one whom it does not know counts as a refusal.

        What goes well is not counted, and costs nothing. Raises RateLimited.
        """
        return _Watched(self.limiter, f"address:{address}", None, _is_of_patient)


@dataclass(slots=True)
class _Watched(AbstractAsyncContextManager[None]):
    """Work for a caller. A class: what `asynccontextmanager` makes would cost every request several times as much."""

    limiter: Limiter
    who: str
    counted: Counted | None
    is_refusal: Callable[[BaseException | None], bool]

    async def __aenter__(self) -> None:
        """Count the work, or else only see that the caller has not been told to wait. Raises RateLimited."""
        if self.counted is None:
            self.limiter.require_not_told(self.who)
        else:
            await self.limiter.admit(self.counted, self.who)

    async def __aexit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        """Count a refusal; what was raised inside goes on."""
        if self.is_refusal(error):
            await self.limiter.refused(self.who)


def _is_of_either(error: BaseException | None) -> bool:
    return isinstance(error, TokenRejected | NotAuthenticated | InvalidClient)


def _is_of_client(error: BaseException | None) -> bool:
    return isinstance(error, InvalidClient)


def _is_of_patient(error: BaseException | None) -> bool:
    return isinstance(error, NotAuthenticated)


def _is_of_token(error: BaseException | None) -> bool:
    """Return whether a bearer token was sent, and refused; a patient's no is not the token's."""
    if isinstance(error, NotAuthenticated):
        return bool(error.error)
    return isinstance(error, PermissionDenied) and not isinstance(error, ConsentMissing)
