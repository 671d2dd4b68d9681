"""A patient who chooses: what the consent pages do, without the pages; and what the forms on these send."""

import re
from uuid import UUID

from dossier.model import Choice
from schemas.identifiers import Bsn, DossierId, Pseudoniem
from tests.support.world import World


async def pseudoniem_of(world: World, bsn: str) -> Pseudoniem:
    """Return who this patient is inside the service."""
    return await world.service.pseudoniemen.make(Bsn(bsn))


async def choose(world: World, bsn: str, dossier_id: str, choice: str) -> None:
    """Let the patient choose `approved` or `declined` for a dossier."""
    pseudoniem = await pseudoniem_of(world, bsn)
    await world.service.dossiers.choose(pseudoniem, DossierId(UUID(dossier_id)), Choice(choice))


def form_on(page: str, choice: str, dossier_id: str = "") -> dict[str, str]:
    """Return what the form on a patient's page sends with which this is chosen; for a dossier, if there are more."""
    forms = re.findall(rf'<form method="post" action="/consents/{dossier_id}.*?</form>', page, re.DOTALL)
    (form,) = [form for form in forms if f'value="{choice}"' in form]
    return {**dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form)), "choice": choice}
