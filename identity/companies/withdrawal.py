"""What an operator does about keys that a company published and should not have: another's, published first."""

from dataclasses import dataclass

from common.audit.catalogue import COMPANY_CHANGE_REFUSED, JWKS_URI_WITHDRAWN, KEY_WITHDRAWN
from common.audit.refusals import refusals
from common.errors import Conflict
from identity.companies.admission import Admission
from identity.companies.model import Company, Status
from keys.key_sets.model import KeySetStore


@dataclass(frozen=True, slots=True)
class KeyWithdrawal:
    """Frees what a suspended company holds by publishing it; what it uploaded or revoked stays its own."""

    admission: Admission
    sets: KeySetStore

    async def withdraw(self, company_id: str) -> Company:
        """Remove a suspended company's URL of keys, and have the keys that were only ever there be nobody's.

        Raises NotFound, or Conflict for a company that is not suspended: it would have them back with its next `PUT`.
        """
        audit, now, found = self.admission.audit, self.admission.clock(), await self.admission.find(company_id)
        whose, suspended = {"company_id": found.company_id}, Status.SUSPENDED
        async with refusals(audit, COMPANY_CHANGE_REFUSED, now, **whose), audit.unit_of_work():
            if not await self.admission.store.set_status(found.company_id, suspended, was=suspended):  # and stays so
                raise Conflict(f"The company is {found.status.value}: only a suspended company's keys are withdrawn.")
            await self.sets.remove(found.company_id)
            change = await self.sets.publish(found.company_id, [], now)
            await self.sets.free(found.company_id)
            dropped = [KEY_WITHDRAWN(now, **whose, kid=kid) for kid in change.dropped]
            await audit.write(JWKS_URI_WITHDRAWN(now, **whose), *dropped)
        return found
