"""The patient's site: what a patient sees, and which forms change a choice (attacks WEB-007, WEB-008, WEB-015)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from common import errors
from common.errors import ServiceError
from common.sessions import csrf_token
from dossier.model import Choice, Consent, Dossier
from identity.patients.sessions import PatientSession, PatientSessions
from schemas.identifiers import CompanyId, DossierId, Pseudoniem
from tests.support.memory import MemoryAudit
from website.pages import Pages
from website.patient_site import COOKIE, PatientSite

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
    scope = {"type": "http", "method": method, "path": "/", "query_string": b"", "headers": raw, "path_params": {}}
    return Request(scope, receive)


def text(response: Response) -> str:
    return bytes(response.body).decode()


async def visitor(company_name: str = "De Linde", consent: Choice | None = None) -> Visitor:
    pseudoniem = Pseudoniem(uuid4())
    chosen = Consent(consent, NOW, pseudoniem) if consent else None
    dossiers = MemoryDossiers([Dossier(DossierId(uuid4()), CompanyId(uuid4()), pseudoniem, NOW, chosen)])
    sessions = PatientSessions(MemorySessions(), MemoryAudit(), lambda: NOW)
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
    assert page.count('<time datetime="2026-03-04T05:06:07Z">4 March 2026, 06:06</time>') == (2 if consent else 1)


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


class Gone(MemorySessions):
    """A store that does not answer."""

    async def close(self, digest: bytes) -> None:  # noqa: ARG002 - it does not come to that
        raise errors.Unavailable("the database", retry_after=2)


async def test_where_the_session_cannot_be_ended_the_browser_forgets_it_and_the_page_says_so() -> None:
    sessions = PatientSessions(Gone(), MemoryAudit(), lambda: NOW)
    token = await sessions.open(Pseudoniem(uuid4()), "Peter de Mol", None)
    site = replace((await visitor()).site, sessions=sessions)
    answer = await site.sign_out(request("POST", {}, token=token, origin=ORIGIN))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert f'{COOKIE.name}=""' in answer.headers["set-cookie"]
    assert "the session may stay open" in text(answer)


async def test_signing_out_ends_the_session_and_takes_the_cookie() -> None:
    patient = await visitor()
    answer = await patient.site.sign_out(request("POST", {}, token=patient.token, origin=ORIGIN))
    assert answer.status_code == 303
    assert f'{COOKIE.name}=""' in answer.headers["set-cookie"]
    assert await patient.get() == "front"
