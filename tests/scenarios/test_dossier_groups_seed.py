"""The seed `dossier-groups.txt`, sentence by sentence, over HTTP."""

import re
from typing import Any
from urllib.parse import urljoin
from uuid import UUID, uuid4

import httpx2
import pytest

from tests.support.groups import HEADERS, create_dossier, create_group, listed, next_page
from tests.support.world import ISSUER, Company, World

JOHN = {"firstname": "john", "lastname": "doe", "birthdate": "1980-02-23", "gender": "M"}
FIFTEEN = {
    **JOHN,
    "initials": "J.",
    "email": "john@example.nl",
    "phone_home": "020-5550123",
    "phone_work": "020-5550124",
    "phone_cell": "06-55501234",
    "country_of_birth": "NL",
    "street": "Kerkstraat 1",
    "city": "Amsterdam",
    "zipcode": "1017 GA",
    "country": "NL",
    "subject_code": "S-17",
}
"""The table "Person info"."""


@pytest.fixture(scope="module")
async def company(world: World) -> Company:
    """A company that all of them share: each test makes a group of its own."""
    return await world.company(alg="ES256")


@pytest.fixture
async def alone(world: World) -> Company:
    """A company with nothing, for what is about all of a company's."""
    return await world.company(alg="ES256")


@pytest.fixture
async def its_group(alone: Company) -> str:
    return await create_group(alone)


@pytest.fixture
async def group(company: Company) -> str:
    return await create_group(company)


async def test_get_all_the_dossiers_the_user_has_access_to(world: World, alone: Company, its_group: str) -> None:
    first = await create_dossier(alone, its_group, **JOHN)
    world.clock.forward(seconds=1)
    second = await create_dossier(alone, await create_group(alone, "Astma"), firstname="jane")
    other = await world.company(alg="ES256")
    await create_dossier(other, await create_group(other), **JOHN)

    answer = await listed(alone)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json() == {
        "headers": ["id", "birth_year", "gender", "firstname", "lastnameid"],
        "rows": [[first, 1980, "M", "john", "doe"], [second, None, None, "jane", None]],
    }
    assert "link" not in answer.headers


async def test_search_for_dossiers_by_name(alone: Company, its_group: str) -> None:
    john = await create_dossier(alone, its_group, **JOHN)
    await create_dossier(alone, its_group, firstname="john", lastname="roe")
    assert (await listed(alone, name="john doe")).json() == {
        "headers": HEADERS,
        "rows": [[john, 1980, "M", "john", "doe"]],
    }
    written_as_in_the_seed = await alone.client.get("/api/v1/dossiers?name=john+doe", headers=alone.bearer)
    assert [row[0] for row in written_as_in_the_seed.json()["rows"]] == [john]


@pytest.mark.parametrize(
    ("searched", "found"),
    [
        ("john", 1),
        ("doe", 1),
        ("doe john", 1),
        ("JOHN Doe", 1),
        ("marie", 1),
        ("Anne-Marie", 1),
        ("marie anne doe", 1),
        ("van", 1),
        ("zoe", 1),
        ("zoë", 1),
        ("ZOE\u0308", 1),
        ("jose", 1),
        ("josé", 1),
        ("strasse", 1),
        ("jo", 0),
        ("ohn", 0),
        ("john doe smith", 0),
        ("annemarie", 0),
        ("johndoe", 0),
    ],
)
async def test_all_the_words_match_complete_words_of_either_name_whatever_the_order_and_casing(
    alone: Company, its_group: str, searched: str, found: int
) -> None:
    made = await create_dossier(
        alone, its_group, firstname="John  Anne-Marie Zoë Jose", lastname="van\tDoe\N{NON-BREAKING HYPHEN}Straße"
    )
    for answer in (await listed(alone, name=searched), await listed(alone, its_group, name=searched)):
        assert [row[0] for row in answer.json()["rows"]] == [made] * found


async def test_a_search_for_an_external_identifier_finds_it_in_its_group(company: Company, group: str) -> None:
    made = await create_dossier(company, group, {"external_identifier": "some_id"}, **JOHN)
    await create_dossier(company, group, {"external_identifier": "Some_id"})
    await create_dossier(company, await create_group(company), {"external_identifier": "some_id"})

    answer = await listed(company, group, external_identifier="some_id")

    assert answer.json() == {"headers": HEADERS, "rows": [[made, 1980, "M", "john", "doe"]]}
    both = await listed(company, group, external_identifier="some_id", name="doe")
    assert both.json() == answer.json()
    for nothing in ({"external_identifier": "some"}, {"external_identifier": "some_id", "name": "jane"}):
        assert (await listed(company, group, **nothing)).json()["rows"] == []


async def test_when_searching_for_external_identifier_the_dossier_group_must_be_specified(company: Company) -> None:
    for query in ({"external_identifier": "some_id"}, {"external_identifier": "some_id", "name": "doe"}):
        answer = await listed(company, **query)
        assert (answer.status_code, answer.json()) == (422, {"errors": {"dossier_group": ["required"]}})


async def test_an_external_identifier_is_unique_within_a_dossier_group_only(company: Company, group: str) -> None:
    dossier = {"external_identifier": "EPD-1"}
    await create_dossier(company, group, dossier)
    again = await company.client.post(
        f"/api/v1/dossier_groups/{group}/dossiers", json={"dossier": dossier}, headers=company.bearer
    )
    assert (again.status_code, again.json()) == (422, {"errors": {"external_identifier": ["taken"]}})
    assert len((await listed(company, group)).json()["rows"]) == 1
    await create_dossier(company, await create_group(company), dossier)


async def test_create_a_dossier(company: Company, group: str) -> None:
    answer = await company.client.post(
        f"/api/v1/dossier_groups/{group}/dossiers",
        json={"dossier": {"external_identifier": "EPD-1"}, "person": FIFTEEN},
        headers=company.bearer,
    )
    assert answer.status_code == 200
    assert answer.json() == {"id": str(UUID(answer.json()["id"]))}
    assert (await listed(company, group)).json()["rows"] == [[answer.json()["id"], 1980, "M", "john", "doe"]]


@pytest.mark.parametrize("body", [{}, {"dossier": {}, "person": {}}, {"person": {}}, {"dossier": {}}], ids=str)
async def test_no_field_is_required(company: Company, group: str, body: dict[str, Any]) -> None:
    answer = await post(company, group, body)
    assert answer.status_code == 200
    assert (await listed(company, group)).json()["rows"] == [[answer.json()["id"], None, None, None, None]]


@pytest.mark.parametrize("name", FIFTEEN)
async def test_each_field_of_a_person_is_a_string(company: Company, group: str, name: str) -> None:
    assert (await post(company, group, {"person": {name: FIFTEEN[name]}})).status_code == 200
    wrong: list[Any] = [1, None, True, [], {}]
    for value in wrong:
        refused(await post(company, group, {"person": {name: value}}), {name: ["invalid_type"]})
    if name not in {"birthdate", "gender", "email"}:
        assert (await post(company, group, {"person": {name: "é" * 255}})).status_code == 200
        refused(await post(company, group, {"person": {name: "é" * 256}}), {name: ["too_long"]})


WRONG = [
    ({"person": {"gender": "m"}}, {"gender": ["invalid_gender"]}),
    ({"person": {"gender": "X"}}, {"gender": ["invalid_gender"]}),
    ({"person": {"birthdate": "1980-02-30"}}, {"birthdate": ["invalid_date"]}),
    ({"person": {"birthdate": "23-02-1980"}}, {"birthdate": ["invalid_date"]}),
    ({"person": {"birthdate": "19800223"}}, {"birthdate": ["invalid_date"]}),
    ({"person": {"birthdate": "1980-W08-6"}}, {"birthdate": ["invalid_date"]}),
    ({"person": {"birthdate": "٢٠٢٠-01-01"}}, {"birthdate": ["invalid_date"]}),
    ({"person": {"birthdate": ""}}, {"birthdate": ["invalid_date"]}),
    ({"person": {"email": "john"}}, {"email": ["invalid_email"]}),
    ({"person": {"email": "", "gender": "", "bsn": ""}},
     {"email": ["invalid_email"], "gender": ["invalid_gender"], "bsn": ["invalid_bsn"]}),
    ({"person": {"email": "x" * 250 + "@example.nl"}}, {"email": ["too_long"]}),
    ({"person": {"bsn": "12345678x"}}, {"bsn": ["invalid_bsn"]}),
    ({"person": {"bsn": 999990019}}, {"bsn": ["invalid_type"]}),
    ({"person": {"firstname": "\x00"}}, {"firstname": ["invalid_characters"]}),
    ({"person": {"firstName": "john"}}, {"firstName": ["unknown_member"]}),
    ({"person": {"pseudoniem": "x"}}, {"pseudoniem": ["unknown_member"]}),
    ({"dossier": {"external_identifier": 1}}, {"external_identifier": ["invalid_type"]}),
    ({"dossier": {"external_identifier": "x" * 256}}, {"external_identifier": ["too_long"]}),
    ({"dossier": {"dossier_group": "x"}}, {"dossier_group": ["unknown_member"]}),
    ({"dossier": "x"}, {"dossier": ["invalid_type"]}),
    ({"person": None}, {"person": ["invalid_type"]}),
    ({"company_id": "x"}, {"company_id": ["unknown_member"]}),
    ({"123456782": "x"}, {"body": ["unknown_member"]}),
    ([], {"body": ["invalid_type"]}),
    ({"person": {"email": 1, "gender": "x"}, "x": 1},
     {"email": ["invalid_type"], "gender": ["invalid_gender"], "x": ["unknown_member"]}),
]  # fmt: skip


@pytest.mark.parametrize(("body", "errors"), WRONG, ids=lambda part: str(part)[:60])
async def test_what_is_given_is_checked(company: Company, group: str, body: Any, errors: dict[str, list[str]]) -> None:
    refused(await post(company, group, body), errors)
    assert (await listed(company, group)).json()["rows"] == []


async def test_a_group_is_made_and_listed(world: World, alone: Company) -> None:
    names = ["Diabetes", "Astma", "Diabetes"]
    made = []
    for name in names:
        world.clock.forward(seconds=1)
        made.append(await alone.client.post("/api/v1/dossier_groups", json={"name": name}, headers=alone.bearer))
    assert [(answer.status_code, answer.json()["name"]) for answer in made] == [(201, name) for name in names]
    groups = await alone.client.get("/api/v1/dossier_groups", headers=alone.bearer)
    assert (groups.status_code, groups.json()) == (200, [answer.json() for answer in made])
    other = await world.company(alg="ES256")
    assert (await alone.client.get("/api/v1/dossier_groups", headers=other.bearer)).json() == []


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"name": ["required"]}),
        ({"name": " "}, {"name": ["required"]}),
        ({"name": 1}, {"name": ["invalid_type"]}),
        ({"name": "x" * 256}, {"name": ["too_long"]}),
        ({"name": "x", "id": "y"}, {"id": ["unknown_member"]}),
    ],
    ids=str,
)
async def test_a_group_has_a_name(company: Company, body: dict[str, Any], errors: dict[str, list[str]]) -> None:
    refused(await company.client.post("/api/v1/dossier_groups", json=body, headers=company.bearer), errors)


@pytest.mark.parametrize("query", [{}, {"name": "doe"}], ids=["index", "search"])
@pytest.mark.parametrize("of_group", ["of a group", ""], ids=lambda which: which or "of all")
async def test_the_pages_follow_each_other_by_their_links(
    alone: Company, its_group: str, query: dict[str, str], of_group: str
) -> None:
    made = [await create_dossier(alone, its_group, lastname=f"doe n{number}") for number in range(5)]
    page = await listed(alone, its_group if of_group else None, limit="2", **query)
    pages = [page]
    while "link" in page.headers:
        page = await next_page(alone, page)
        pages.append(page)
    assert [len(one.json()["rows"]) for one in pages] == [2, 2, 1]
    assert [row[0] for one in pages for row in one.json()["rows"]] == sorted(made)  # made at one moment


async def test_groups_have_pages_too(alone: Company) -> None:
    made = [await create_group(alone, f"n{number}") for number in range(3)]
    page = await alone.client.get("/api/v1/dossier_groups?limit=2", headers=alone.bearer)
    rest = await next_page(alone, page)
    assert [one["id"] for one in page.json() + rest.json()] == sorted(made)


async def test_a_link_is_an_address_that_a_client_can_follow(company: Company, group: str) -> None:
    for _ in range(2):
        await create_dossier(company, group, firstname="Zoë", lastname="a&b")
    page = await listed(company, group, limit="1", name="zoë a&b")
    target = re.fullmatch(r'<(.+)>; rel="next"', page.headers["link"])
    assert target
    assert target[1].isascii()
    answer = await company.client.get(urljoin(ISSUER, target[1]), headers=company.bearer)
    assert len(answer.json()["rows"]) == 1


@pytest.mark.parametrize("path", ["/api/v1/dossiers", "/api/v1/dossier_groups", "group"])
@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("limit=0", {"limit": ["invalid_range"]}),
        ("limit=501", {"limit": ["invalid_range"]}),
        ("limit=", {"limit": ["invalid_range"]}),
        ("limit=1.5", {"limit": ["invalid_range"]}),
        ("cursor=x", {"cursor": ["invalid_format"]}),
        ("cursor=", {"cursor": ["invalid_format"]}),
    ],
)
async def test_a_limit_is_from_1_to_500_and_a_cursor_one_of_ours(
    company: Company, group: str, path: str, query: str, errors: dict[str, list[str]]
) -> None:
    at = f"/api/v1/dossier_groups/{group}/dossiers" if path == "group" else path
    refused(await company.client.get(f"{at}?{query}", headers=company.bearer), errors)


async def test_a_page_has_100_dossiers_or_as_many_as_are_asked_for_up_to_500(alone: Company, its_group: str) -> None:
    for _ in range(101):
        await create_dossier(alone, its_group)
    assert len((await listed(alone)).json()["rows"]) == 100
    all_of_them = await listed(alone, limit="500")
    assert (len(all_of_them.json()["rows"]), "link" in all_of_them.headers) == (101, False)


async def test_what_is_searched_is_no_longer_than_what_can_be_kept(company: Company, group: str) -> None:
    refused(await listed(company, name="x" * 512), {"name": ["too_long"]})
    refused(await listed(company, group, external_identifier="x" * 256), {"external_identifier": ["too_long"]})
    many = [chr(0x4E00 + number) for number in range(33)]
    refused(await listed(company, name=" ".join(many)), {"name": ["too_long"]})
    made = await create_dossier(company, group, firstname=" ".join(many))
    assert [row[0] for row in (await listed(company, name=" ".join(many[1:]))).json()["rows"]] == [made]


async def test_a_name_without_a_word_asks_for_all(alone: Company, its_group: str) -> None:
    made = await create_dossier(alone, its_group)
    for name in ("", " ", "-"):
        assert [row[0] for row in (await listed(alone, name=name)).json()["rows"]] == [made]


async def test_an_empty_text_counts_as_absent(company: Company, group: str) -> None:
    for _ in range(2):  # so it is not taken either
        await create_dossier(company, group, {"external_identifier": ""}, firstname="", lastname=" ")
    assert [row[1:] for row in (await listed(company, group)).json()["rows"]] == [[None] * 4] * 2


@pytest.mark.parametrize("empty", ["", " "])
async def test_an_empty_external_identifier_asks_for_all(alone: Company, its_group: str, empty: str) -> None:
    made = [await create_dossier(alone, its_group, {"external_identifier": name}, lastname="doe") for name in "12"]
    for answer in (
        await listed(alone, external_identifier=empty),
        await listed(alone, external_identifier=empty, name="doe"),
        await listed(alone, its_group, external_identifier=empty),
    ):
        assert sorted(row[0] for row in answer.json()["rows"]) == sorted(made)
    begin = await listed(alone, its_group, external_identifier=empty, limit="1")
    rest = await next_page(alone, begin)
    assert [row[0] for page in (begin, rest) for row in page.json()["rows"]] == sorted(made)


async def test_what_is_not_json_is_a_problem_document_as_elsewhere(company: Company, group: str) -> None:
    for content, status in (("{", 400), ('{"person": {}, "person": {}}', 400)):
        answer = await company.client.post(
            f"/api/v1/dossier_groups/{group}/dossiers",
            content=content,
            headers={**company.bearer, "Content-Type": "application/json"},
        )
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


async def test_a_group_that_is_not_there_is_not_found(company: Company) -> None:
    for one in (str(uuid4()), "x"):
        path = f"/api/v1/dossier_groups/{one}/dossiers"
        for answer in (
            await company.client.get(path, headers=company.bearer),
            await company.client.post(path, json={}, headers=company.bearer),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def post(company: Company, group: str, body: Any) -> httpx2.Response:
    return await company.client.post(f"/api/v1/dossier_groups/{group}/dossiers", json=body, headers=company.bearer)


def refused(answer: httpx2.Response, errors: dict[str, list[str]]) -> None:
    """Check that this is what `/api/v1` says of fields that break a rule."""
    assert (answer.status_code, answer.json()) == (422, {"errors": errors})
    assert answer.headers["content-type"] == "application/json"
