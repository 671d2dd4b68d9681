"""Registration of a professional of whom the EHR told too little: a short form, for ten minutes, for one account.

The code in the form's address is a keyed digest of the launch, so nothing is kept for it: it is good while the launch
is young and has no account yet.
"""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from common.audit.catalogue import PROFESSIONAL_REGISTERED
from common.audit.events import AuditLog
from common.audit.refusals import because
from common.clock import Clock
from common.errors import NotAuthenticated
from keys.sealing import Sealer
from schemas.claims import ProfInfo
from schemas.identifiers import AccountId, CompanyId, LaunchId
from sso.launch.flow import Launch, Launches
from sso.launch.ports import Relationships
from sso.verifier.trust import Companies

VALID: Final = timedelta(minutes=10)
_PURPOSE: Final = "registration code"
_CODE_DIGITS: Final = 32
"""Hexadecimal: 128 bits."""


class Professionals(Protocol):
    async def register(self, company_id: CompanyId, sub: str, info: ProfInfo, now: datetime) -> AccountId:
        """Return the account of this company and `sub`: the one that is linked, or a new one."""
        ...


@dataclass(frozen=True, slots=True)
class RegistrationCodes:
    """Makes and checks the codes."""

    sealer: Sealer

    def address(self, launch: Launch) -> str | None:
        """Return where a launch is registered, None if there is nothing to register."""
        if launch.account_id is not None:
            return None
        code = _code(self.sealer.digest(_PURPOSE, str(launch.launch_id)))
        return f"/launch/{launch.launch_id}/register?code={code}"

    def is_code(self, launch: Launch, given: str, now: datetime) -> bool:
        """Return whether this is the launch's code, and still good."""
        fresh = launch.account_id is None and now < launch.launched_at + VALID
        codes = [_code(digest) for digest in self.sealer.digests(_PURPOSE, str(launch.launch_id))]
        octets = given.encode("utf-8", "surrogatepass")
        return fresh and any(hmac.compare_digest(code.encode(), octets) for code in codes)


@dataclass(frozen=True, slots=True)
class Registrations:
    """Registers professionals."""

    clock: Clock
    codes: RegistrationCodes
    audit: AuditLog
    launches: Launches
    companies: Companies
    professionals: Professionals
    relationships: Relationships

    async def open(self, launch_id: str, code: str) -> Launch:
        """Return the launch that a code registers. Raises NotAuthenticated, the same for every cause."""
        launch = await self._find(launch_id)
        if launch is None or launch.ended or not self.codes.is_code(launch, code, self.clock()):
            raise _ended()
        if await self.companies.signer(launch.company_id) is None:
            raise _ended()
        return launch

    async def register(self, launch_id: str, code: str, info: ProfInfo) -> Launch:
        """Return the launch with its account; however often the form is sent, it is one. Raises NotAuthenticated.

        The form's own words match nobody: only an account of this company and `sub`, or a new one. What the EHR told
        besides, an AGB code say, goes along.
        """
        now, launch = self.clock(), await self.open(launch_id, code)
        told = launch.told or ProfInfo()
        complete = info.model_copy(update={"agb": told.agb})
        async with self.audit.unit_of_work():
            account_id = await self.professionals.register(launch.company_id, launch.sub, complete, now)
            relationship_id = launch.relationship_id
            if relationship_id is not None and not await self.relationships.enter(relationship_id, account_id, now):
                raise _ended()  # in this very moment: the account that was made goes with the transaction
            registered = replace(launch, account_id=account_id, status="created", told=None)
            await self.launches.registered(registered)
            await self.audit.write(
                PROFESSIONAL_REGISTERED(
                    now,
                    company_id=launch.company_id,
                    launch_id=launch.launch_id,
                    account_id=account_id,
                    pseudoniem=launch.pseudoniem,
                )
            )
        return registered

    async def _find(self, launch_id: str) -> Launch | None:
        try:
            return await self.launches.find(LaunchId(UUID(launch_id)))
        except ValueError:
            return None


def _code(digest: bytes) -> str:
    return digest.hex()[:_CODE_DIGITS]


def _ended() -> NotAuthenticated:
    ended = NotAuthenticated("This registration has ended, or has been done. Start again from your EHR.")
    return because(ended, "registration_ended")
