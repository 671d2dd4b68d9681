"""The databases of the three owners: one for all, or one each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import MetaData

import dossier
import identity
import identity.pseudoniem
from common.audit.counter import RefusalStore
from common.audit.events import AuditLog
from common.audit.store_sql import EVENTS, REFUSALS, SqlAuditLog, SqlRefusals
from common.settings import DatabaseSettings
from common.sql import DOSSIER, IDENTITY, PSEUDONIEM, Database


@dataclass(frozen=True, slots=True)
class Owner:
    """An owner of tables: its name, its tables, and the folder of its Alembic history."""

    name: str
    tables: MetaData
    history: Path

    @property
    def version_table(self) -> str:
        """Return the table that says at which revision the owner's schema is."""
        return f"{self.name}_version"


def _history(package_file: str | None) -> Path:
    return Path(package_file or "").parent / "migrations"


IDENTITY_OWNER: Final = Owner("identity", IDENTITY, _history(identity.__file__))
PSEUDONIEM_OWNER: Final = Owner("pseudoniem", PSEUDONIEM, _history(identity.pseudoniem.__file__))
DOSSIER_OWNER: Final = Owner("dossier", DOSSIER, _history(dossier.__file__))
OWNERS: Final = (IDENTITY_OWNER, PSEUDONIEM_OWNER, DOSSIER_OWNER)


@dataclass(frozen=True, slots=True)
class Databases:
    """A database per owner that runs here; where URLs are the same it is the same one, and then transactions join."""

    by_owner: Mapping[str, Database]

    @property
    def owners(self) -> Sequence[Owner]:
        """Return those that have one."""
        return [owner for owner in OWNERS if owner.name in self.by_owner]

    @property
    def identity(self) -> Database:
        """Return where companies, accounts, keys and launches are."""
        return self.by_owner["identity"]

    @property
    def pseudoniem(self) -> Database:
        """Return where pseudoniemen are."""
        return self.by_owner["pseudoniem"]

    @property
    def dossier(self) -> Database:
        """Return where dossiers and consents are."""
        return self.by_owner["dossier"]

    def audit(self, owner: Owner) -> AuditLog:
        """Return the audit of an owner that runs here."""
        return SqlAuditLog(self.by_owner[owner.name], EVENTS[owner.name])

    @property
    def refusals(self) -> RefusalStore | None:
        """Return where this process keeps the refusals that it counts: with the first owner that runs here, if any."""
        first = next(iter(self.owners), None)
        return SqlRefusals(self.by_owner[first.name], REFUSALS[first.name]) if first else None

    async def close(self) -> None:
        """Close every connection."""
        for database in set(self.by_owner.values()):
            await database.close()


def urls_of(settings: DatabaseSettings) -> dict[str, str]:
    """Return the URL of each owner's database; an owner without one is left out."""
    urls = {
        "identity": settings.identity_url or settings.url,
        "pseudoniem": settings.pseudoniem_url or settings.url,
        "dossier": settings.dossier_url or settings.url,
    }
    return {owner: url for owner, url in urls.items() if url is not None}


def open_databases(urls: Mapping[str, str], *, patient: bool = False) -> Databases:
    """Return the databases by owner; nothing is connected yet. A `patient` one waits for a statement for ever.

    Raises SettingsError for a URL that is none of ours.
    """
    kinds = {"statement_seconds": None} if patient else {}
    databases = {url: Database(url, **kinds) for url in set(urls.values())}
    return Databases({owner: databases[url] for owner, url in urls.items()})
