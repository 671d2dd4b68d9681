"""The pages: they escape what others wrote, and every template renders with what its page gives it."""

import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from common import errors
from common.errors import Fault, ServiceError
from common.http.problems import TABLE
from common.http.routing import Resource
from common.sessions import csrf_token
from dossier.model import Choice, Consent, Dossier
from identity.patients.sessions import PatientSession, PatientSessions
from schemas.bodies import (
    LaunchCompany,
    LaunchContext,
    LaunchDossier,
    LaunchPatient,
    LaunchProfessional,
    Permission,
)
from schemas.facts import AdmissionStatus
from schemas.identifiers import AccountId, CompanyId, DossierId, Pseudoniem
from sso.launch.session import PatientShown
from website.errors import error_page, next_step
from website.pages import Pages
from website.patient_site import COOKIE, PatientSite
from website.static import static_routes

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
SCRIPT = "<script>alert(1)</script>"
ORIGIN = "http://127.0.0.1:8080"


@dataclass
class MemorySessions:
    kept: dict[bytes, PatientSession] = field(default_factory=dict)

    async def open(self, session: PatientSession) -> None:
        self.kept[session.digest] = session

    async def find(self, digest: bytes) -> PatientSession | None:
        return self.kept.get(digest)

    async def touch(self, session: PatientSession) -> None:
        self.kept[session.digest] = session

    async def close(self, digest: bytes) -> None:
        self.kept.pop(digest, None)


@dataclass
class MemoryDossiers:
    held: list[Dossier]
    choices: list[tuple[DossierId, Choice]] = field(default_factory=list)

    async def held_on(self, pseudoniem: Pseudoniem) -> Sequence[Dossier]:
        return [dossier for dossier in self.held if dossier.pseudoniem == pseudoniem]

    async def choose(self, pseudoniem: Pseudoniem, dossier_id: DossierId, choice: Choice) -> None:
        if dossier_id not in {dossier.dossier_id for dossier in await self.held_on(pseudoniem)}:
            raise errors.NotFound("There is no such dossier.")
        self.choices.append((dossier_id, choice))


@dataclass
class NamedCompanies:
    name: str

    async def names(self, company_ids: Collection[CompanyId]) -> Mapping[CompanyId, str]:
        return dict.fromkeys(company_ids, self.name)


async def front(_request: Request) -> Response:
    return HTMLResponse("front")


@dataclass
class Visitor:
    """A patient with one dossier, signed in, and the site."""

    site: PatientSite
    dossiers: MemoryDossiers
    token: str

    async def get(self) -> str:
        return text(await self.site.home(request("GET", {}, token=self.token)))

    async def choose(self, fields: Mapping[str, str], dossier_id: object = None, **headers: str) -> Response:
        asked = request("POST", fields, token=self.token, **headers)
        asked.scope["path_params"] = {"dossierId": str(dossier_id or self.dossiers.held[0].dossier_id)}
        return await self.site.choose(asked)


def request(method: str, fields: Mapping[str, str], *, token: str | None = None, **headers: str) -> Request:
    body = "&".join(f"{name}={value}" for name, value in fields.items()).encode()
    given = {"content-type": "application/x-www-form-urlencoded", **headers}
    if token is not None:
        given["cookie"] = f"{COOKIE.name}={token}"

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    raw = [(name.encode(), value.encode()) for name, value in given.items()]
    return Request({"type": "http", "method": method, "headers": raw, "path_params": {}}, receive)


def text(response: Response) -> str:
    return bytes(response.body).decode()


def shown(template: str, **values: object) -> str:
    return text(Pages("services.demo").show(template, **values))


async def visitor(company_name: str = "De Linde", consent: Choice | None = None) -> Visitor:
    pseudoniem = Pseudoniem(uuid4())
    chosen = Consent(consent, NOW, pseudoniem) if consent else None
    dossiers = MemoryDossiers([Dossier(DossierId(uuid4()), CompanyId(uuid4()), pseudoniem, NOW, chosen)])
    sessions = PatientSessions(MemorySessions(), lambda: NOW)
    token = await sessions.open(pseudoniem, "Peter de Mol", None)
    site = PatientSite(sessions, dossiers, NamedCompanies(company_name), Pages(), front, frozenset({ORIGIN}))
    return Visitor(site, dossiers, token)


async def test_what_a_company_called_itself_is_escaped() -> None:
    page = await (await visitor(SCRIPT)).get()
    assert SCRIPT not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize(
    ("consent", "word"), [(None, "Not yet decided"), (Choice.APPROVED, "Approved"), (Choice.DECLINED, "Declined")]
)
async def test_a_patient_sees_what_was_chosen_and_when(consent: Choice | None, word: str) -> None:
    page = await (await visitor(consent=consent)).get()
    assert f">{word}<" in page
    assert page.count('<time datetime="2026-03-04T05:06:07Z">4 March 2026, 05:06 UTC</time>') == (2 if consent else 1)


async def test_who_is_not_signed_in_sees_the_front_page() -> None:
    site = (await visitor()).site
    for token in (None, "", "of nobody"):
        assert text(await site.home(request("GET", {}, token=token))) == "front"


async def test_a_choice_is_kept_and_the_list_shown_again() -> None:
    patient = await visitor()
    answer = await patient.choose({"choice": "approved", "csrfToken": csrf_token(patient.token)}, origin=ORIGIN)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert patient.dossiers.choices == [(patient.dossiers.held[0].dossier_id, Choice.APPROVED)]


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"csrfToken": "wrong"}, errors.PermissionDenied),
        ({"csrfToken": csrf_token("another session")}, errors.PermissionDenied),
        ({"choice": "perhaps"}, errors.InvalidInput),
        ({"choice": ""}, errors.InvalidInput),
        ({"extra": "1"}, errors.InvalidInput),
    ],
)
async def test_a_bad_form_changes_nothing(change: Mapping[str, str], refusal: type[ServiceError]) -> None:
    patient = await visitor()
    with pytest.raises(refusal):
        await patient.choose({"choice": "approved", "csrfToken": csrf_token(patient.token), **change})
    assert patient.dossiers.choices == []


async def test_a_form_without_a_csrf_token_or_from_another_site_changes_nothing() -> None:
    patient = await visitor()
    with pytest.raises(errors.PermissionDenied):
        await patient.choose({"choice": "approved"})
    with pytest.raises(errors.PermissionDenied):
        await patient.choose({"choice": "approved", "csrfToken": csrf_token(patient.token)}, origin="null")
    assert patient.dossiers.choices == []


@pytest.mark.parametrize("dossier_id", [uuid4(), "1", "426308505"])
async def test_a_dossier_on_someone_else_is_not_found(dossier_id: object) -> None:
    patient = await visitor()
    with pytest.raises(errors.NotFound):
        await patient.choose({"choice": "approved", "csrfToken": csrf_token(patient.token)}, dossier_id)


async def test_signing_out_ends_the_session_and_takes_the_cookie() -> None:
    patient = await visitor()
    answer = await patient.site.sign_out(request("POST", {}, token=patient.token, origin=ORIGIN))
    assert answer.status_code == 303
    assert f'{COOKIE.name}=""' in answer.headers["set-cookie"]
    assert await patient.get() == "front"


@pytest.mark.parametrize("error", TABLE, ids=lambda error: error.__name__)
def test_there_is_a_next_step_for_every_error(error: type[ServiceError]) -> None:
    assert next_step(error)


def test_an_error_page_has_the_status_the_code_and_the_reference_and_no_more() -> None:
    error = errors.InvalidInput(SCRIPT, [Fault("/bsn", "the-broken-rule")], private="the-cause")
    page = error_page(request("GET", {}), error, "the-request-id")
    assert page.status_code == 422
    for part in ("The request breaks a rule", "invalid_request", "the-request-id", "&lt;script&gt;"):
        assert part in text(page)
    for part in (SCRIPT, "the-broken-rule", "the-cause"):
        assert part not in text(page)


def test_an_error_page_brings_the_headers_of_its_error() -> None:
    page = error_page(request("GET", {}), errors.Unavailable("Redis", retry_after=3), "id")
    assert (page.status_code, page.headers["retry-after"]) == (503, "3")


@pytest.mark.parametrize("status", ["linked", "matched", "created", "registration_required"])
@pytest.mark.parametrize("permission", [None, *Permission])
def test_the_launch_page_says_who_and_whom_in_words(status: AdmissionStatus, permission: Permission | None) -> None:
    page = shown("launch.html", context=launch(status, permission), told=PatientShown(SCRIPT, "Mol"), csrf_token="c")
    assert SCRIPT not in page
    assert ("Registration required" in page) == (status == "registration_required")
    assert ("holds no dossier" in page) == (permission is None)


def launch(status: AdmissionStatus, permission: Permission | None) -> LaunchContext:
    return LaunchContext(
        launch_id=uuid4(),
        company=LaunchCompany(company_id=uuid4(), company_name=SCRIPT),
        professional=LaunchProfessional(account_id=AccountId(uuid4()), sub=SCRIPT, status=status),
        patient=LaunchPatient(pseudoniem=uuid4()),
        treatment_relationship_id=SCRIPT,
        dossier=LaunchDossier(dossier_id=uuid4(), permission=permission) if permission else None,
        access_token="the-access-token",
        expires_in=900,
    )


PAGES: Mapping[str, Callable[[], Awaitable[str]]] = {}
EMPTY_FORM: Mapping[str, object] = {"typed": {}, "problem": "", "messages": {}}
BAD_FORM: Mapping[str, object] = {
    "typed": {"lastName": SCRIPT},
    "problem": SCRIPT,
    "messages": {"bsn": SCRIPT, "lastName": SCRIPT},
}


@pytest.mark.parametrize(
    ("template", "values"),
    [
        ("left.html", {}),
        ("patient.html", {"name": SCRIPT, "held": [], "csrf_token": "c"}),
        ("front.html", {"simulator_url": "http://localhost:8080/simulator"}),
        ("register.html", EMPTY_FORM),
        ("register.html", BAD_FORM),
        ("sign_in.html", EMPTY_FORM),
        ("sign_in.html", BAD_FORM),
        *[("simulator.html", {"company_name": SCRIPT, "example": example}) for example in ("", "2", "3", "4", SCRIPT)],
        (
            "signed.html",
            {"company_name": SCRIPT, "header": SCRIPT, "claims": SCRIPT, "token": "a.b.c", "launch_url": "/sso/launch"},
        ),
    ],
)
def test_every_template_renders_as_one_accessible_page_without_script(template: str, values: dict[str, object]) -> None:
    page = shown(template, **values)
    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert page.count("<h1>") == 1
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=", page)
    fields = set(re.findall(r'<(?:input|textarea) id="([^"]+)"', page))
    assert fields == set(re.findall(r'<label for="([^"]+)"', page))
    described = re.findall(r'aria-(?:describedby|labelledby)="([^"]+)"', page)
    assert all(f'id="{name}"' in page for name in described)


async def test_the_static_files_may_be_kept_for_an_hour() -> None:
    for route in static_routes():
        assert isinstance(route, Resource)
        sent: list[Mapping[str, object]] = []

        async def send(message: Mapping[str, object], sent: list[Mapping[str, object]] = sent) -> None:
            sent.append(message)

        asked = request("GET", {})
        await route.app(asked.scope, asked.receive, send)
        headers = dict(sent[0]["headers"])  # type: ignore[call-overload]
        assert headers[b"cache-control"] == b"public, max-age=3600"
        assert sent[1]["body"]
