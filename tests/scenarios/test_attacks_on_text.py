"""What a company's token can carry in its texts: shown as they are to people, and nothing more than texts to us.

The names in front are those of `docs/attacks.md`.
"""

import html
import json
import re
import uuid
from typing import Any

import pytest

from tests.support.bench import Bench
from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL
from tests.support.logs import log_of
from tests.support.state import changed, state_of
from tests.support.wire import problem, session_of
from tests.support.world import PAGE

TEXTS = {
    "a script": "<script>alert(1)</script>",
    "an attribute": '"><img src=x onerror=alert(1)>',
    "an end of the page": "</bdi></dd></main><h1>Hallo</h1>",
    "a template": "{{7*7}}{% raw %}${7*7}#{7*7}",
    "a template of this language": "{{ self.__init__.__globals__ }}",
    "a look-up": "${jndi:ldap://127.0.0.1/a}",
    "a formula": '=HYPERLINK("http://evil.example")',
    "a command": "$(id)`id`;id|id",
    "a statement": "'; DROP TABLE accounts; --",
    "a pattern": "%_*?[a-z]\\",
    "a format": "%s%n{0}{company}",
    "a path": "../../../../etc/passwd",
    "a header": "x\r\nSet-Cookie: a=b",
    "a line of the log": 'x\n{"event": "accepted"}',
    "an order of writing": "\u202eevil\u202c",
    "letters of all scripts": "\u00e9\u6f22\U0001f600",
    "an address of script": "javascript:alert(1)",
}


def shown(page: str) -> str:
    """Return what a page says to a reader."""
    return html.unescape(re.sub(r"<[^>]*>", "", page))


@pytest.mark.parametrize("case", TEXTS)
async def test_what_a_company_writes_is_shown_as_it_is_and_does_nothing(bench: Bench, case: str) -> None:
    """CLM-019, on the launch page and on the form that is filled in for the professional."""
    text = TEXTS[case]
    patient = {"bsn": fresh_bsn(), "firstname": text, "lastname": text}
    sub = f"{text} {uuid.uuid4()}"
    token = bench.good(sub=sub, profInfo={"firstname": text}, patientInfo=patient, treatmentRelationshipId=sub)
    opened = await bench.a.launch_in_browser(token)
    assert opened.status_code == 303, opened.text
    plain = await bench.world.client.get(opened.headers["location"], headers={**PAGE, **session_of(opened)})
    assert plain.status_code == 200
    for page in (plain.text, await form_for(bench, plain.text)):
        assert "<script>" not in page
        assert "<img" not in page
        assert "<h1>Hallo" not in page
        assert not re.search(r'href="(javascript|data|http:)', page)
        assert "49" not in re.sub(r"[0-9a-f-]{36}|code=[\w-]+|value=\"[\w-]+\"", "", page)
    words = " ".join(shown(plain.text).split())
    for expected in (sub, f"{text} {text}"):
        assert " ".join(expected.split()) in words
    assert "set-cookie" not in plain.headers


async def form_for(bench: Bench, page: str) -> str:
    """Return the registration form that the launch page leads to."""
    address = re.search(r'href="(/launch/[^"]+)"', page)
    assert address is not None
    form = await bench.world.client.get(html.unescape(address[1]), headers=PAGE)
    assert form.status_code == 200
    return form.text


@pytest.mark.parametrize("case", ["a statement", "a pattern", "a format", "a path", "a header"])
async def test_an_id_is_any_text_and_no_pattern(bench: Bench, case: str) -> None:
    """CLM-019: two ids that a pattern, a path or a statement would bring together are two."""
    own = f"{TEXTS[case]} {uuid.uuid4()}"
    first = await bench.a.launch(bench.good(sub=own, profInfo=PROFESSIONAL))
    other = await bench.a.launch(bench.good(sub=f"{own}\u00a0", profInfo={}))
    again = await bench.a.launch(bench.good(sub=own))
    assert first.json()["professional"]["sub"] == own
    assert other.json()["professional"]["status"] == "registration_required"
    assert again.json()["professional"]["status"] == "linked"
    assert again.json()["professional"]["accountId"] == first.json()["professional"]["accountId"]
    unknown = await bench.a.launch(bench.good(treatmentRelationshipId=own))
    problem(unknown, 422, "treatment_relationship_unknown")


UNKNOWN: dict[str, Any] = {
    "__proto__": {"admin": True, "mark": "MARK"},
    "__class__": "MARK",
    "constructor": {"prototype": "MARK"},
    "options": ["MARK"],
    "value": "MARK",
    "role": "Internal MARK",
    "scope": "keys:manage MARK",
    "client_id": "MARK",
    "companyId": "MARK",
    "company_id": "MARK",
    "pseudoniem": "MARK",
    "accountId": "MARK",
    "launchId": "MARK",
    "prof_info": {"agb": "MARK"},
    "patient_info": {"bsn": "MARK"},
    "cnf": {"jkt": "MARK"},
    "azp": "MARK",
    "act": {"sub": "MARK"},
    "cty": "MARK",
    "crit": ["MARK"],
}


async def test_claims_that_we_do_not_know_are_neither_kept_nor_told(bench: Bench) -> None:
    """CLM-016: not at the top, nor beside the names that we know."""
    mark = f"mark-{uuid.uuid4()}"

    def marked(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: marked(member) for name, member in value.items()}
        if isinstance(value, list):
            return [marked(member) for member in value]
        return value.replace("MARK", mark) if isinstance(value, str) else value

    unknown = marked(UNKNOWN)
    claims = {
        **unknown,
        "profInfo": {**PROFESSIONAL, **unknown},
        "patientInfo": {"bsn": fresh_bsn(), **unknown},
    }
    before = await state_of(bench.world)
    plain, opened = (await bench.a.launch(bench.good(**claims)), await bench.a.launch_in_browser(bench.good(**claims)))
    assert plain.status_code == 200, plain.text
    assert opened.status_code == 303
    page = await bench.world.client.get(opened.headers["location"], headers={**PAGE, **session_of(opened)})
    kept = await changed(bench.world, before)
    assert kept["launches"]
    assert mark not in plain.text + page.text + str(kept) + str(opened.headers)
    company = {"companyId": bench.a.company_id, "companyName": "Huisartsenpraktijk De Linde"}
    assert plain.json()["company"] == company


MORE: dict[str, tuple[dict[str, Any], str, str]] = {
    "CLM-003 sub of a tab": ({"sub": "\t"}, "sub", "blank"),
    "CLM-003 sub of a space that does not break": ({"sub": "\u00a0"}, "sub", "blank"),
    "CLM-003 sub of a space without a width": ({"sub": "\u200b"}, "sub", "blank"),
    "CLM-003 sub of marks of direction": ({"sub": "\u200e\u202e\u2066"}, "sub", "blank"),
    "CLM-003 sub of a byte order mark": ({"sub": "\ufeff"}, "sub", "blank"),
    "CLM-003 jti of a tab": ({"jti": "\t"}, "jti", "format"),
    "CLM-003 jti of a space that does not break": ({"jti": "\u00a0"}, "jti", "format"),
    "CLM-003 jti of a space without a width": ({"jti": "\u200b"}, "jti", "format"),
    "CLM-003 jti with a space in front": ({"jti": " a"}, "jti", "format"),
    "CLM-003 jti with a delete character": ({"jti": "a\x7f"}, "jti", "format"),
    "CLM-010 jti decomposed": ({"jti": "cafe\u0301"}, "jti", "format"),
    "CLM-010 jti with a letter that only looks Latin": ({"jti": "\u0430bc"}, "jti", "format"),
    "CLM-002 a null within profInfo": ({"profInfo": {"agb": None}}, "profInfo.agb", "null"),
    "CLM-004 profInfo a list of pairs": ({"profInfo": [["firstname", "John"]]}, "profInfo", "type"),
    "CLM-004 a name that is an object": ({"profInfo": {"firstname": {"$ne": ""}}}, "profInfo.firstname", "type"),
    "CLM-004 a BSN in a list": ({"patientInfo": {"bsn": ["123456782"]}}, "patientInfo.bsn", "type"),
    "CLM-022 BSN with dots": ({"patientInfo": {"bsn": "123.456.782"}}, "patientInfo.bsn", "bsn"),
    "CLM-022 BSN with spaces": ({"patientInfo": {"bsn": "123 456 782"}}, "patientInfo.bsn", "bsn"),
    "CLM-022 BSN with a sign": ({"patientInfo": {"bsn": "-12345678"}}, "patientInfo.bsn", "bsn"),
    "CLM-022 BSN in Arabic digits": ({"patientInfo": {"bsn": "\u0661" * 9}}, "patientInfo.bsn", "bsn"),
    "CLM-022 BSN of eight noughts": ({"patientInfo": {"bsn": "00000000"}}, "patientInfo.bsn", "bsn"),
    "TYP-014 iss an object": ({"iss": {"A": 1}}, "iss", "type"),
    "TYP-014 iss a number": ({"iss": 1}, "iss", "type"),
    "TYP-014 aud an object": ({"aud": {"http://127.0.0.1:8080": 1}}, "aud", "type"),
    "TYP-014 aud a list within a list": ({"aud": [["http://127.0.0.1:8080"]]}, "aud", "type"),
    "TYP-011 aud with user information": ({"aud": "http://127.0.0.1:8080@evil.example"}, "aud", "audience"),
    "TYP-011 aud that begins as ours": ({"aud": "http://127.0.0.1:8080.evil.example"}, "aud", "audience"),
    "TYP-011 aud with white space": ({"aud": " http://127.0.0.1:8080"}, "aud", "audience"),
}


@pytest.mark.parametrize("case", MORE)
async def test_a_claim_that_only_looks_right_is_named_with_the_rule(bench: Bench, case: str) -> None:
    change, claim, rule = MORE[case]
    members = problem(await bench.a.launch(bench.good(**change), clientId=bench.a.company_id), 401, "claim_rejected")
    assert (members["claim"], members["rule"]) == (claim, rule)


async def test_no_token_writes_a_line_of_the_log_or_into_one(bench: Bench) -> None:
    """HDR-021: what comes before a signature has verified is any stranger's text."""
    mark = f"mark{uuid.uuid4().hex}"
    texts = [
        f"{TEXTS[name]}{mark}" for name in ("a header", "a line of the log", "a template", "an order of writing")
    ] + [f'{mark}\r\n{{"event": "{mark}"}}\r\n', f"{mark}\x1b[2J\0"]
    with log_of() as log:
        for text in texts:
            for token in (bench.kid(text), bench.alg(text), bench.typ(text), bench.good(iss=text), text, f"{text}..."):
                problem(await bench.a.launch(token), 401, "token_rejected")
            problem(await bench.a.launch(bench.good(), clientId=text), 401, "token_rejected")
            problem(await bench.a.launch(bench.good(aud=text)), 401, "claim_rejected")
            problem(await bench.a.launch(bench.good(jti=f"{text} ")), 401, "claim_rejected")
            assert (await bench.a.launch(bench.good(sub=text.replace("\0", "")))).status_code == 200
    lines = log.getvalue().splitlines()
    assert len(lines) >= 10 * len(texts)
    assert all("event" in json.loads(line) for line in lines)
    assert mark not in log.getvalue()
