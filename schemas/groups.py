"""The bodies of `/api/v1`: groups, and the dossiers in them (seed `dossier-groups.txt`). They are snake_case."""

import re
from datetime import date
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field

from schemas.base import Answer, FilledText, Omittable, Schema, broken
from schemas.claims import Name
from schemas.identifiers import Bsn, Email

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_GENDERS: Final = frozenset({"M", "F"})


def _is_date(text: str) -> str:
    try:
        if _DATE.fullmatch(text):
            date.fromisoformat(text)
            return text
    except ValueError:
        pass
    raise broken("date")


def _is_gender(text: str) -> str:
    if text not in _GENDERS:
        raise broken("gender")
    return text


Birthdate = Annotated[str, AfterValidator(_is_date)]
"""A day of the calendar, as `1980-02-23` (RFC 3339 full-date)."""

Gender = Annotated[str, AfterValidator(_is_gender)]
"""`M` for male, `F` for female."""


class _SnakeCase(Schema):
    model_config = ConfigDict(alias_generator=None)


class GroupCreation(_SnakeCase):
    name: FilledText


class GroupAnswer(Answer):
    id: UUID
    name: str


class Person(_SnakeCase):
    """The person whom a dossier is about, as it is kept.

    An empty text counts as absent where any text will do. An e-mail address, a birth date and a gender are checked, and
    empty they are none: each is refused under its own rule, as an empty BSN is (contract, section 2, "Refusals").
    """

    firstname: Omittable[Name] = None
    lastname: Omittable[Name] = None
    initials: Omittable[Name] = None
    email: Omittable[Email] = None
    phone_home: Omittable[Name] = None
    phone_work: Omittable[Name] = None
    phone_cell: Omittable[Name] = None
    birthdate: Omittable[Birthdate] = None
    gender: Omittable[Gender] = None
    country_of_birth: Omittable[Name] = None
    street: Omittable[Name] = None
    city: Omittable[Name] = None
    zipcode: Omittable[Name] = None
    country: Omittable[Name] = None
    subject_code: Omittable[Name] = None


class GivenPerson(Person):
    """The person as a company gives it; the BSN becomes a pseudoniem at the door."""

    bsn: Omittable[Bsn] = None

    def kept(self) -> Person:
        """Return what is kept of it: all but the BSN."""
        return Person.model_construct(**{name: getattr(self, name) for name in Person.model_fields})


class GivenDossier(_SnakeCase):
    external_identifier: Omittable[Name] = None


class GroupDossierCreation(_SnakeCase):
    """A dossier to be made. Nothing is required, neither of its two parts."""

    dossier: Omittable[GivenDossier] = None
    person: Omittable[GivenPerson] = None


class GroupDossierAnswer(Answer):
    id: UUID


Header = Literal["id", "birth_year", "gender", "firstname", "lastnameid"]
HEADERS: Final[tuple[Header, ...]] = ("id", "birth_year", "gender", "firstname", "lastnameid")
"""The columns of the seed, its `lastnameid` included: that is the last name."""


Row = Annotated[list[str | int | None], Field(min_length=len(HEADERS), max_length=len(HEADERS))]


class GroupDossierRows(Answer):
    """`rows` have a value under each of the `headers`, null where there is none."""

    headers: list[Header]
    rows: list[Row]
