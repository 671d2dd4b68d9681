"""What companies and launched professionals can do with groups and the dossiers in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from common.audit.dossier_events import (
    GROUP_CREATED,
    GROUP_DOSSIER_CREATED,
    GROUP_DOSSIERS_LISTED,
    GROUP_DOSSIERS_SEARCHED,
    GROUP_WITHHELD,
    GROUPS_LISTED,
)
from common.audit.events import AuditLog
from common.audit.refusals import because, refusals
from common.clock import Clock
from common.errors import Fault, InvalidInput, NotFound, SettingsError
from common.page import cut
from dossier.access import Allowed, Caller, Held, Kind, decide, patient_of, reach
from dossier.groups.model import Asked, Group, GroupDossier, GroupDossierStore, GroupStore, new_id
from schemas.callers import CompanyCaller, LaunchCaller
from schemas.groups import GroupDossierCreation, Person
from schemas.identifiers import Bsn, GroupDossierId, GroupId, Pseudoniem

_TAKEN: Final = Fault("/dossier/external_identifier", "taken")
_WITHOUT_GROUP: Final = Fault("dossier_group", "required")


class Pseudoniemen(Protocol):
    async def make(self, bsn: Bsn) -> Pseudoniem:
        """Return the pseudoniem of this BSN, made on first sight."""
        ...


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of all companies. Nothing is answered whose event has not been kept."""

    groups: GroupStore
    dossiers: GroupDossierStore
    pseudoniemen: Pseudoniemen
    audit: AuditLog
    clock: Clock

    async def require_right_key(self) -> None:
        """Raise SettingsError if something lies sealed with a key that is not there, or Unavailable."""
        if await self.groups.has_foreign_key():
            raise SettingsError(
                "The groups of dossiers were sealed with another key. Put back the sealing key that belongs to this "
                "database of dossiers."
            )

    async def create(self, caller: CompanyCaller, name: str) -> Group:
        """Make a group."""
        now = self.clock()
        group = Group(GroupId(new_id(now)), caller.company_id, name)
        async with self.audit.unit_of_work():
            await self.groups.add(group)
            await self.audit.write(GROUP_CREATED(now, company_id=caller.company_id, group_id=group.group_id))
        return group

    async def page_of_groups(
        self, caller: Caller, after: UUID | None, limit: int
    ) -> tuple[Sequence[Group], UUID | None]:
        """Return the next groups that the caller may see, and where to go on; None when there are no more."""
        within = reach(caller, Kind.GROUP)
        shown, last = cut(await self.groups.page(within, after, limit + 1), limit)
        await self.audit.write(
            GROUPS_LISTED(self.clock(), **_caller(caller), count=len(shown), ground=within.ground.value)
        )
        return shown, last.group_id if last else None

    async def add(self, caller: CompanyCaller, group_id: GroupId | None, given: GroupDossierCreation) -> GroupDossierId:
        """Make a dossier in a group of the company, linked to the patient if the BSN is given; return its id.

        Raises NotFound, and InvalidInput if the group has a dossier of this external identifier.
        """
        group, now = await self._group(caller, group_id), self.clock()
        name = given.dossier.external_identifier if given.dossier else None
        if name is not None and await self.dossiers.is_taken(group.group_id, name):
            raise _taken()  # before a patient gets a pseudoniem
        bsn = given.person.bsn if given.person else None
        dossier = GroupDossier(
            dossier_id=GroupDossierId(new_id(now)),
            group_id=group.group_id,
            company_id=group.company_id,
            pseudoniem=await self.pseudoniemen.make(bsn) if bsn is not None else None,
            external_identifier=name,
            person=given.person.kept() if given.person else Person(),
        )
        async with self.audit.unit_of_work():
            if not await self.dossiers.add(dossier):
                raise _taken()
            await self.audit.write(
                GROUP_DOSSIER_CREATED(
                    now,
                    company_id=dossier.company_id,
                    group_id=dossier.group_id,
                    group_dossier_id=dossier.dossier_id,
                    pseudoniem=dossier.pseudoniem,
                )
            )
        return dossier.dossier_id

    async def page(
        self, caller: Caller, asked: Asked, after: UUID | None, limit: int
    ) -> tuple[Sequence[GroupDossier], UUID | None]:
        """Return the next dossiers that are asked for and that the caller may see, and where to go on; None at the end.

        Raises NotFound for a group that is not there or is another company's, and InvalidInput for an external
        identifier without a group: it is unique within one only.
        """
        if asked.external_identifier is not None and asked.group_id is None:
            raise InvalidInput("An external identifier is searched within a group.", [_WITHOUT_GROUP])
        within = reach(caller, Kind.GROUP_DOSSIER)
        shown, last = cut(await self.dossiers.page(within, asked, after, limit + 1), limit)
        event = GROUP_DOSSIERS_SEARCHED if asked.is_search else GROUP_DOSSIERS_LISTED
        found = {"group_id": asked.group_id, "pseudoniem": patient_of(caller), "count": len(shown)}
        await self.audit.write(event(self.clock(), **_caller(caller), **found, ground=within.ground.value))
        return shown, last.dossier_id if last else None

    async def page_of_group(
        self, caller: Caller, group_id: GroupId | None, asked: Asked, after: UUID | None, limit: int
    ) -> tuple[Sequence[GroupDossier], UUID | None]:
        """Return the same of one group. Raises NotFound for one that is not there or is another company's."""
        group = await self._group(caller, group_id)
        return await self.page(caller, Asked(group.group_id, asked.words, asked.external_identifier), after, limit)

    async def _group(self, caller: Caller, group_id: GroupId | None) -> Group:
        group = await self.groups.find(group_id) if group_id else None
        decision = decide(caller, Held(Kind.GROUP, group.company_id) if group else None)
        if group is not None and isinstance(decision, Allowed):
            return group
        about = {**_caller(caller), "group_id": group.group_id if group else None}
        async with refusals(self.audit, GROUP_WITHHELD, self.clock(), **about):
            raise because(NotFound("There is no such group."), decision.because.value)


def _taken() -> InvalidInput:
    return InvalidInput("The group has a dossier with this external identifier.", [_TAKEN])


def _caller(caller: Caller) -> dict[str, UUID | None]:
    launch_id = caller.launch_id if isinstance(caller, LaunchCaller) else None
    return {"company_id": caller.company_id, "launch_id": launch_id}
