"""The patient's site: what a patient sees, and which forms change a choice (attacks WEB-007, WEB-008, WEB-015)."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from common import errors
from common.errors import Fault, ServiceError
from common.sessions import csrf_token
from dossier.model import Choice, ChoiceOutcome, Chosen, Consent, Dossier, Seen, Shown
from dossier.permissions import outcome_of, permission_of
from identity.patients.sessions import PatientSession, PatientSessions
from schemas.bodies import Permission
from schemas.identifiers import CompanyId, DossierId, Pseudoniem
from tests.support.memory import MemoryAudit
from tests.support.patient import form_on
from website.language import Language
from website.offers import offers
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
    seen: list[Seen | None] = field(default_factory=list)
    meanwhile: list[Choice] = field(default_factory=list)
    """What comes in elsewhere, after the page was made and before its choice is kept."""

    async def held_on(self, pseudoniem: Pseudoniem) -> Sequence[Dossier]:
        return [dossier for dossier in self.held if dossier.pseudoniem == pseudoniem]

    async def choose(
        self, pseudoniem: Pseudoniem, dossier_id: DossierId, choice: Choice, seen: Seen | None = None
    ) -> ChoiceOutcome:
        if dossier_id not in {dossier.dossier_id for dossier in await self.held_on(pseudoniem)}:
            raise errors.NotFound("There is no such dossier.")
        for earlier in self.meanwhile:
            self.keep(earlier)
        outcome = outcome_of(choice, self.held[0].consent, seen)
        if outcome is ChoiceOutcome.KEPT:
            self.keep(choice)
            self.choices.append((dossier_id, choice))
            self.seen.append(seen)
        return outcome

    def keep(self, choice: Choice) -> None:
        dossier = self.held[0]
        number = dossier.consent.number + 1 if dossier.consent else 1
        consent = Consent(choice, NOW, dossier.pseudoniem, number)
        self.held[0] = replace(dossier, consent=consent, history=(Chosen(consent, None), *dossier.history))


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

    async def get(self, language: str = "en") -> str:
        return text(await self.site.home(request("GET", {}, token=self.token, **{"accept-language": language})))

    async def form(self, choice: str, language: str = "en") -> dict[str, str]:
        """Return what the form on the page with this choice sends."""
        return form_on(await self.get(language), choice)

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
    chosen = Consent(consent, NOW, pseudoniem, 1) if consent else None
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


BUTTONS = {
    None: {"en": ["Approve", "Decline"], "nl": ["Toestemming geven", "Geen toestemming geven"]},
    Choice.APPROVED: {"en": ["Withdraw"], "nl": ["Toestemming intrekken"]},
    Choice.DECLINED: {"en": ["Approve"], "nl": ["Toestemming geven"]},
}


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("consent", [None, *Choice])
async def test_the_page_says_what_each_choice_does_before_it_is_made_and_offers_none_that_is_made(
    consent: Choice | None, language: Language
) -> None:
    patient = await visitor(consent=consent)
    page = await patient.get(language)
    assert re.findall(r'<button name="choice"[^>]*>([^<]+)<', page) == BUTTONS[consent][language]
    permission = permission_of(patient.dossiers.held[0])
    for offer in offers(permission, language, "De Linde"):
        described = re.search(rf'<p id="([^"]+)">{re.escape(offer.markup)}</p>\s*<button[^>]*>', page)
        assert described is not None
        assert f'aria-describedby="{described[1]}"' in described[0]


async def test_a_choice_is_kept_with_the_text_that_was_shown_in_its_language() -> None:
    patient = await visitor()
    answer = await patient.choose(await patient.form("approved", "nl"), **{"accept-language": "en"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    (approve, _) = offers(Permission.PENDING, Language.DUTCH, "De Linde")
    assert patient.dossiers.seen == [Seen(0, approve.shown)]
    assert approve.shown.text.startswith("Als u toestemming geeft: vanaf dat moment mag “De Linde” uw dossier delen")


async def test_a_form_that_says_no_more_than_the_contract_is_kept_without_a_text() -> None:
    patient = await visitor()
    await patient.choose({"choice": "approved", "csrfToken": csrf_token(patient.token)})
    assert patient.dossiers.seen == [None]


async def test_a_form_sent_twice_is_kept_once_and_leads_to_the_page_both_times() -> None:
    patient = await visitor()
    form = await patient.form("approved")
    answers = [await patient.choose(form), await patient.choose(form)]
    assert [(answer.status_code, answer.headers["location"]) for answer in answers] == [(303, "/")] * 2
    assert len(patient.dossiers.choices) == 1


@pytest.mark.parametrize("late", [False, True], ids=["before the form comes in", "while it is handled"])
async def test_a_choice_made_meanwhile_is_shown_and_not_overwritten(late: bool) -> None:  # noqa: FBT001
    patient = await visitor()
    form = await patient.form("declined")
    if late:
        patient.dossiers.meanwhile = [Choice.APPROVED]
    else:
        patient.dossiers.keep(Choice.APPROVED)
    answer = await patient.choose(form)
    assert answer.status_code == 409
    page = text(answer)
    assert "<h1>Your choice was not kept</h1>" in page
    alert = page.partition('role="alert">')[2].partition("</div>")[0]
    assert re.search(r"<bdi>De Linde</bdi>:\s+You approved on <time [^>]+>4 March 2026, 06:06</time>", alert)
    assert ">Approved<" in page
    assert re.findall(r'<button name="choice"[^>]*>([^<]+)<', page) == ["Withdraw"]
    assert patient.dossiers.choices == []


async def test_the_same_choice_made_meanwhile_is_no_conflict() -> None:
    patient = await visitor()
    form = await patient.form("declined")
    patient.dossiers.keep(Choice.DECLINED)
    assert (await patient.choose(form)).status_code == 303
    assert patient.dossiers.choices == []


@pytest.mark.parametrize("change", [{"text": "0" * 64}, {"shown": "nl"}, {"name": "De Nieuwe Linde"}])
async def test_a_choice_that_reads_otherwise_now_is_shown_anew(change: dict[str, str]) -> None:
    patient = await visitor()
    form = await patient.form("approved")
    if "name" in change:  # the company has another name now
        patient.site = replace(patient.site, companies=NamedCompanies(change["name"]))
        change = {}
    answer = await patient.choose({**form, **change})
    assert answer.status_code == 409
    assert "is said in other words now" in text(answer)
    assert patient.dossiers.choices == []
    assert (await patient.choose(await patient.form("approved"))).status_code == 303


@pytest.mark.parametrize("left_out", ["latest", "shown", "text"])
async def test_half_a_form_changes_nothing(left_out: str) -> None:
    patient = await visitor()
    form = await patient.form("approved")
    del form[left_out]
    with pytest.raises(errors.InvalidInput) as refused:
        await patient.choose(form)
    assert refused.value.faults == (Fault(f"/{left_out}", "missing"),)
    assert patient.dossiers.choices == []


@pytest.mark.parametrize(
    "change", [{"latest": "-1"}, {"latest": ""}, {"latest": "9" * 30}, {"shown": "fr"}, {"text": "0" * 65}]
)
async def test_a_form_with_what_no_page_sends_changes_nothing(change: dict[str, str]) -> None:
    patient = await visitor()
    with pytest.raises(errors.InvalidInput):
        await patient.choose({**await patient.form("approved"), **change})
    assert patient.dossiers.choices == []


class Silent(MemoryDossiers):
    """A store that does not answer whether it kept a choice."""

    async def choose(self, *_: object) -> ChoiceOutcome:
        raise errors.Unavailable("the dossier service", retry_after=2)


async def test_where_nobody_knows_whether_a_choice_was_kept_the_page_says_so() -> None:
    patient = await visitor()
    silent = Silent(patient.dossiers.held)
    patient.site = replace(patient.site, dossiers=silent)
    answer = await patient.choose(await patient.form("approved"))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "It may have kept your choice, or not." in text(answer)


async def test_the_history_has_every_choice_with_what_was_shown_then() -> None:
    patient = await visitor()
    dossier = patient.dossiers.held[0]
    made = [
        Chosen(Consent(Choice.APPROVED, NOW, dossier.pseudoniem, 4), Shown("nl", f"Als u {SCRIPT}")),
        Chosen(Consent(Choice.DECLINED, NOW, dossier.pseudoniem, 3), None),
        Chosen(Consent(Choice.APPROVED, NOW, dossier.pseudoniem, 2), None),
        Chosen(Consent(Choice.DECLINED, NOW, dossier.pseudoniem, 1), None),
    ]
    patient.dossiers.held[0] = replace(dossier, consent=made[0].consent, history=tuple(made))
    page = await patient.get()
    details = page.partition("<details>")[2].partition("</details>")[0]
    said = re.findall(r"<li value=\"(\d)\">\s*(You [a-z ]+) on <time", details)
    assert said == [
        ("4", "You approved"),
        ("3", "You withdrew your approval"),
        ("2", "You approved"),
        ("1", "You declined"),
    ]
    assert '<q lang="nl">Als u &lt;script&gt;alert(1)&lt;/script&gt;</q>' in details
    assert details.count("We did not keep what you read then.") == 3
    assert "Older choices" not in details
    patient.dossiers.held[0] = replace(dossier, consent=made[0].consent, history=tuple(made[:2]))
    cut_off = await patient.get()
    assert "Older choices" in cut_off
    assert "You withdrew your approval" in cut_off, "choices take turns, so before it was an approval"
    patient.dossiers.held[0] = replace(dossier, consent=made[0].consent, history=())
    assert "Older choices" in await patient.get()


async def test_a_page_to_print_has_all_of_it_open() -> None:
    patient = await visitor()
    assert "history=whole" not in await patient.get()
    patient.dossiers.keep(Choice.APPROVED)
    assert 'href="/?history=whole"' in await patient.get()
    asked = request("GET", {}, token=patient.token)
    asked.scope["query_string"] = b"history=whole"
    page = text(await patient.site.home(asked))
    assert "<details open>" in page
    assert "<details>" not in page
