"""Groups and the dossiers in them: `/api/v1` (seed `dossier-groups.txt`; contract, section 5, "Groups")."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from common.errors import Fault, InvalidInput
from common.http.answer import json_answer
from common.http.bearer import bearer_token
from common.http.body import json_object
from common.http.page import after, limit, link_to_next
from common.http.query import parameters
from common.http.routing import Resource
from dossier.groups.model import Asked, GroupDossier
from dossier.groups.records.words import searched_words
from dossier.groups.service import Groups
from keys import base64url
from schemas.base import MAX_TEXT, Rules, is_blank
from schemas.callers import DossierAccess
from schemas.groups import (
    HEADERS,
    GroupAnswer,
    GroupCreation,
    GroupDossierAnswer,
    GroupDossierCreation,
    GroupDossierRows,
    Row,
)
from schemas.identifiers import GroupId
from schemas.scopes import Scope

_GROUPS: Final = "/api/v1/dossier_groups"
_DOSSIERS: Final = "/api/v1/dossiers"

_LONGEST: Final = {"name": 2 * MAX_TEXT + 1, "external_identifier": MAX_TEXT}
"""Characters of what can be searched: a first and a last name, and an identifier, cannot be kept longer."""

_MOST_WORDS: Final = 32
"""Words that can be searched at once: each costs the database a look, and nobody's name has more."""


@dataclass(frozen=True, slots=True)
class GroupEndpoints:
    """The endpoints of the seed `dossier-groups.txt`. Companies write; they and launches read."""

    groups: Groups
    access: DossierAccess
    rules: Rules

    def routes(self) -> list[Resource]:
        """Return the routes of these endpoints."""
        of_group = f"{_GROUPS}/{{dossier_group_id}}/dossiers"
        return [
            Resource(_GROUPS, wire="fields", GET=self.index, POST=self.create),
            Resource(of_group, wire="fields", GET=self.dossiers_of_group, POST=self.create_dossier),
            Resource(_DOSSIERS, wire="fields", GET=self.dossiers),
        ]

    async def index(self, request: Request) -> Response:
        """List the company's groups, page by page."""
        caller = await self.access.company_or_launch(bearer_token(request), Scope.DOSSIER_READ)
        query = parameters(request)
        shown, more = await self.groups.page_of_groups(caller, after(query, _id_of), limit(query))
        answers = [GroupAnswer(id=group.group_id, name=group.name).wire() for group in shown]
        return JSONResponse(answers, headers=_links(_GROUPS, query, more))

    async def create(self, request: Request) -> Response:
        """Make a group."""
        caller = await self.access.company(bearer_token(request), Scope.DOSSIER_WRITE)
        given = GroupCreation.parse(await json_object(request), self.rules)
        group = await self.groups.create(caller, given.name)
        return json_answer(GroupAnswer(id=group.group_id, name=group.name), 201)

    async def dossiers(self, request: Request) -> Response:
        """List or search the dossiers that the caller may see, page by page."""
        caller = await self.access.company_or_launch(bearer_token(request), Scope.DOSSIER_READ)
        query = parameters(request)
        shown, more = await self.groups.page(caller, _asked(query), after(query, _id_of), limit(query))
        return JSONResponse(_rows(shown), headers=_links(_DOSSIERS, query, more))

    async def dossiers_of_group(self, request: Request) -> Response:
        """List or search those of one group."""
        caller = await self.access.company_or_launch(bearer_token(request), Scope.DOSSIER_READ)
        query, group_id = parameters(request), _group_id(request)
        shown, more = await self.groups.page_of_group(
            caller, group_id, _asked(query), after(query, _id_of), limit(query)
        )
        return JSONResponse(_rows(shown), headers=_links(f"{_GROUPS}/{group_id}/dossiers", query, more))

    async def create_dossier(self, request: Request) -> Response:
        """Make a dossier in a group."""
        caller = await self.access.company(bearer_token(request), Scope.DOSSIER_WRITE)
        given = GroupDossierCreation.parse(await json_object(request), self.rules)
        dossier_id = await self.groups.add(caller, _group_id(request), given)
        return json_answer(GroupDossierAnswer(id=dossier_id))


def _group_id(request: Request) -> GroupId | None:
    try:
        return GroupId(UUID(request.path_params["dossier_group_id"]))
    except ValueError:
        return None  # it names no group


def _id_of(cursor: str) -> UUID:
    """Return the id where a page ended."""
    return UUID(bytes=base64url.decode(cursor))


def _asked(query: Mapping[str, str]) -> Asked:
    """Return what is searched for. A name without a word in it asks for nothing in particular, as if it were absent.

    So does an empty external identifier: no dossier has one.
    """
    too_long = {name for name, most in _LONGEST.items() if len(query.get(name, "")) > most}
    words = frozenset[str]() if "name" in too_long else searched_words(query.get("name"))
    if len(words) > _MOST_WORDS:
        too_long.add("name")
    if too_long:
        raise InvalidInput("No name is that long.", [Fault(name, "too_long") for name in sorted(too_long)])
    identifier = query.get("external_identifier", "")
    return Asked(words=words, external_identifier=None if is_blank(identifier) else identifier)


def _links(path: str, query: Mapping[str, str], more: UUID | None) -> dict[str, str]:
    """Return the header that leads to the next page, if there is one: the same query from there on."""
    if more is None:
        return {}
    asked = {name: query[name] for name in ("name", "external_identifier", "limit") if name in query}
    return link_to_next(path, {**asked, "cursor": base64url.encode(more.bytes)})


def _rows(dossiers: Sequence[GroupDossier]) -> dict[str, object]:
    return GroupDossierRows(headers=list(HEADERS), rows=[_row(dossier) for dossier in dossiers]).wire()


def _row(dossier: GroupDossier) -> Row:
    person = dossier.person
    birth_year = int(person.birthdate[:4]) if person.birthdate else None
    return [str(dossier.dossier_id), birth_year, person.gender, person.firstname, person.lastname]
