"""Groups of dossiers, as a company asks for them."""

from typing import Any

import httpx2

from tests.support.world import Company

HEADERS = ["id", "birth_year", "gender", "firstname", "lastnameid"]


async def create_group(company: Company, name: str = "Diabetes") -> str:
    """Make a group; return its id."""
    answer = await company.client.post("/api/v1/dossier_groups", json={"name": name}, headers=company.bearer)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def create_dossier(company: Company, group: str, dossier: dict[str, Any] | None = None, /, **person: Any) -> str:
    """Make a dossier in a group; return its id."""
    body = {"dossier": dossier or {}, "person": person}
    path = f"/api/v1/dossier_groups/{group}/dossiers"
    answer = await company.client.post(path, json=body, headers=company.bearer)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def listed(company: Company, group: str | None = None, /, **query: str) -> httpx2.Response:
    """List or search the dossiers of a group, or of all."""
    return await company.client.get(path_of(group), params=query, headers=company.bearer)


def path_of(group: str | None) -> str:
    """Return where the dossiers of a group are, or all."""
    return "/api/v1/dossiers" if group is None else f"/api/v1/dossier_groups/{group}/dossiers"


async def next_page(company: Company, page: httpx2.Response) -> httpx2.Response:
    """Follow a page's link."""
    return await company.client.get(page.links["next"]["url"], headers=company.bearer)
