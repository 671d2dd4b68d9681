"""The pages: they escape what others wrote, and every template renders with what its page gives it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest
from starlette.requests import Request
from starlette.routing import Router
from starlette.testclient import TestClient

from common import errors
from common.errors import Fault, ServiceError
from common.http.frames import require_own_window
from common.http.problems import TABLE
from dossier.model import Dossier
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
from services.demo.examples import EXAMPLES
from services.demo.faults import FAULTS
from sso.launch.session import PatientShown
from website.errors import error_page, next_step
from website.held import held_dossier
from website.language import Language
from website.pages import Pages
from website.static import static_routes

SCRIPT = "<script>alert(1)</script>"
PAGES = Pages()
REQUEST = Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []})


def shown(template: str, **values: Any) -> str:
    return bytes(Pages("services.demo").show(REQUEST, template, **values).body).decode()


@pytest.mark.parametrize("error", TABLE, ids=lambda error: error.__name__)
def test_there_is_a_next_step_for_every_error(error: type[ServiceError]) -> None:
    assert next_step(error)


def test_an_error_page_has_the_status_the_code_and_the_reference_and_no_more() -> None:
    error = errors.InvalidInput(SCRIPT, [Fault("/bsn", "the-broken-rule")], private="the-cause")
    page = error_page(REQUEST, error, "the-request-id", pages=PAGES)
    assert page.status_code == 422
    for part in ("The request breaks a rule", "invalid_request", "the-request-id", "&lt;script&gt;"):
        assert part in bytes(page.body).decode()
    for part in (SCRIPT, "the-broken-rule", "the-cause"):
        assert part not in bytes(page.body).decode()


def test_an_error_page_brings_the_headers_of_its_error() -> None:
    page = error_page(REQUEST, errors.Unavailable("Redis", retry_after=3), "id", pages=PAGES)
    assert (page.status_code, page.headers["retry-after"]) == (503, "3")


def test_an_error_page_in_a_frame_may_be_shown_there_and_leads_nowhere() -> None:
    headers = [(b"sec-fetch-dest", b"iframe"), (b"accept-language", b"nl")]
    framed = Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers})
    with pytest.raises(errors.PermissionDenied) as refused:
        require_own_window(framed)
    page = error_page(framed, refused.value, "the-request-id", pages=Pages("services.demo"))
    assert "frame-ancestors *" in page.headers["content-security-policy"]
    shown = bytes(page.body).decode()
    assert "in een nieuw venster of een nieuw tabblad" in shown
    assert "the-request-id" in shown
    assert not re.search("<form|<a href", shown.replace('<a class="skip"', ""))


def test_what_is_not_there_in_dutch_is_said_in_english_and_marked_as_such() -> None:
    headers = [(b"accept-language", b"nl")]
    dutch = Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers})
    page = bytes(error_page(dutch, errors.RateLimited(7), "id", pages=PAGES).body).decode()
    assert "<h1>Te veel aanvragen</h1>" in page
    assert '<dd lang="en">Too many requests: try again in 7 seconds.</dd>' in page


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


EMPTY_FORM: Mapping[str, object] = {"typed": {}, "problem": "", "messages": {}, "examples": EXAMPLES}
EMPTY_SITE: Mapping[str, object] = {
    "name": SCRIPT,
    "held": [],
    "csrf_token": "c",
    "notice": None,
    "about": None,
    "whole": False,
}
BAD_FORM: Mapping[str, object] = {
    "typed": {"lastName": SCRIPT},
    "problem": SCRIPT,
    "messages": {"bsn": SCRIPT, "lastName": SCRIPT},
    "examples": EXAMPLES,
}
EHR: Mapping[str, object] = {"company_name": SCRIPT, "faults": FAULTS, "fault": "none", "peter": "1", "anna": "2"}


@pytest.mark.parametrize(
    ("template", "values"),
    [
        ("left.html", {}),
        ("still_open.html", {}),
        ("signing_out.html", {"place": None}),
        ("signing_out.html", {"place": SCRIPT}),
        ("front.html", {"simulator_url": "http://localhost:8080/simulator", "peter": "1"}),
        ("patient.html", EMPTY_SITE),
        ("not_sure.html", {"reference": SCRIPT}),
        ("signed_out.html", {"can_sign_in": False}),
        ("signed_out.html", {"can_sign_in": True}),
        ("register.html", EMPTY_FORM),
        ("register.html", BAD_FORM),
        ("sign_in.html", EMPTY_FORM),
        ("sign_in.html", BAD_FORM),
        *[
            ("simulator.html", {**EHR, "example": example, "typed": None, "messages": {}})
            for example in ("", "2", "3", "4", SCRIPT)
        ],
        (
            "simulator.html",
            {
                **EHR,
                "example": SCRIPT,
                "typed": dict.fromkeys(("sub", "clock", "fault"), SCRIPT),
                "messages": {"clock": SCRIPT},
            },
        ),
        ("token_gone.html", {"company_name": SCRIPT}),
    ],
)
def test_every_template_renders_as_one_accessible_page_without_script(
    template: str, values: Mapping[str, object]
) -> None:
    page = shown(template, **values)
    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert page.count("<h1>") == 1
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=", page)
    fields = set(re.findall(r'<(?:input|textarea|select) id="([^"]+)"', page))
    assert fields == set(re.findall(r'<label for="([^"]+)"', page))
    named = " ".join(re.findall(r'aria-(?:describedby|labelledby)="([^"]+)"', page)).split()
    assert all(f'id="{name}"' in page for name in named)


def test_the_static_files_may_be_kept_for_an_hour() -> None:
    client = TestClient(Router(static_routes()))
    for path, media_type in {"/static/style.css": "text/css", "/static/icon.svg": "image/svg+xml"}.items():
        answer = client.get(path)
        assert answer.headers["cache-control"] == "public, max-age=3600"
        assert answer.headers["content-type"].startswith(media_type)
        assert answer.content


def test_a_page_names_its_stylesheet_by_content_which_may_be_kept_and_is_not_kept_under_another_releases_name() -> None:
    client = TestClient(Router(static_routes()))
    (named,) = re.findall(r'<link rel="stylesheet" href="([^"]+)">', shown("left.html"))
    kept, others = client.get(named), client.get("/static/style.css?v=of-another-release")
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert others.headers["cache-control"] == "no-cache"
    assert kept.content == others.content
    assert named == f"/static/style.css?v={sha256(kept.content).hexdigest()[:12]}"


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 7, 1, 22, 30, tzinfo=UTC), "2 July 2026, 00:30"),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "25 October 2026, 02:30, Central European Summer Time"),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "25 October 2026, 02:30, Central European Standard Time"),
        (datetime(2026, 10, 25, 2, 30, tzinfo=UTC), "25 October 2026, 03:30"),
    ],
)
def test_a_moment_is_told_from_every_other_also_when_the_clocks_go_back(at: datetime, words: str) -> None:
    held = Dossier(DossierId(uuid4()), CompanyId(uuid4()), Pseudoniem(uuid4()), at)
    page = shown("patient.html", **{**EMPTY_SITE, "held": [held_dossier(held, "De Linde", Language.ENGLISH)]})
    assert f'<time datetime="{at:%Y-%m-%dT%H:%M:%SZ}">{words}</time>' in page
