"""Requests to every endpoint with one to three things done to each."""

import gzip
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, Final
from urllib.parse import quote, urlencode

from tests.fuzz import odd_json
from tests.fuzz.service import Header, Request
from tests.support.bench import Bench
from tests.support.ehr import PROFESSIONAL
from tests.support.endpoints import JWK, SOMEWHERE
from tests.support.wire import session_of

_JSON: Final = "application/json"
_FORM: Final = "application/x-www-form-urlencoded"


@dataclass
class Draft:
    """A good request in parts. `members` are its body, as JSON or as a form; `octets` go instead of them."""

    method: str
    path: str
    query: bytes = b""
    headers: list[Header] = field(default_factory=list)
    members: Mapping[str, Any] | None = None
    octets: bytes | None = None
    chunks: int = 1

    def request(self, random: Random) -> Request:
        """Return it as it goes over the wire."""
        body = self.octets if self.octets is not None else self._body(random)
        size = max(1, -(-len(body) // self.chunks))
        chunks = [body[place : place + size] for place in range(0, len(body), size)]
        target = self.path.encode("utf-8", "surrogatepass")
        return Request(self.method, target, self.query, self.headers, chunks)

    def _body(self, random: Random) -> bytes:
        if self.members is None:
            return b""
        if (b"content-type", _FORM.encode()) in self.headers:
            return urlencode([(name, str(value)) for name, value in self.members.items()], errors="replace").encode()
        return odd_json.write(self.members, random)


@dataclass(frozen=True)
class Caller:
    """The credentials of one who may: a company's token and secret, and the cookie of a launch; and its dossier."""

    bearer: bytes
    basic: bytes
    cookie: bytes
    bsn: str
    dossier_id: str
    launch_id: str

    def drafts(self) -> list[Draft]:
        """Return a good request, or nearly one, to each endpoint."""
        key, bsn, launch = "A" * 43, self.bsn, f"/launch/{self.launch_id}"
        company = [
            ("GET", "/company", None),
            ("GET", "/company/keys", None),
            ("POST", "/company/keys", {"jwk": JWK, "label": "one"}),
            ("POST", "/company/keys", {"pem": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"}),
            ("DELETE", f"/company/keys/{key}", None),
            ("GET", "/company/secrets", None),
            ("POST", "/company/secrets", {"label": "one", "expiresInDays": 1}),
            ("DELETE", f"/company/secrets/{SOMEWHERE}", None),
            ("GET", "/dossier", None),
            ("POST", "/dossier", {"bsn": bsn}),
            ("POST", "/dossier/permission", {"bsn": bsn}),
            ("POST", "/dossier/permissions", {"bsns": [bsn, bsn]}),
            ("GET", f"/dossier/{self.dossier_id}", None),
            ("GET", f"/dossier/{bsn}/permission", None),
            ("DELETE", f"/dossier/{bsn}", None),
            ("GET", f"/pseudoniem/{bsn}", None),
            ("POST", "/pseudoniem", {"bsn": bsn}),
            ("POST", "/auth/token/professional", {"sub": "u", "profInfo": PROFESSIONAL, "patientInfo": {"bsn": bsn}}),
        ]
        anyone = [
            ("POST", "/company/register", {"companyName": "De Linde"}),
            ("POST", "/auth/token", {"companyId": SOMEWHERE, "companySecret": "x"}),
            ("POST", "/auth/login", {"bsn": bsn, "lastName": "Jansen"}),
            ("POST", "/sso/launch", {"token": "e30.e30.AAAA", "clientId": SOMEWHERE}),
            *(("GET", path, None) for path in ("/", "/register", "/sign-in", "/docs", "/openapi.json", "/simulator")),
            *(("GET", path, None) for path in ("/healthz", "/metrics", "/errors/not_found", "/static/style.css")),
            ("GET", "/.well-known/jwks.json", None),
        ]
        browser = [
            ("GET", "/sso/session", None),
            ("DELETE", "/sso/session", None),
            ("GET", launch, None),
            ("GET", f"{launch}/register", None),
        ]
        grant = {"grant_type": "client_credentials", "scope": "dossier:read"}
        forms: list[tuple[str, dict[str, Any]]] = [
            ("/auth/token", grant | {"client_id": SOMEWHERE, "client_secret": "x"}),
            ("/auth/token/internal", grant),
            ("/sso/launch", {"token": "e30.e30.AAAA", "clientId": SOMEWHERE}),
            (
                f"{launch}/register",
                {"code": "x", "csrfToken": "x", "firstname": "a", "lastname": "b", "email": "c@d.nl"},
            ),
            (f"{launch}/leave", {"csrfToken": "x"}),
            ("/register", {"bsn": bsn, "firstName": "a", "lastName": "b", "csrfToken": "x"}),
            ("/sign-in", {"bsn": bsn, "lastName": "b", "csrfToken": "x"}),
            ("/sign-out", {"csrfToken": "x"}),
            (f"/consents/{self.dossier_id}", {"choice": "approved", "csrfToken": "x"}),
            (
                f"/consents/{self.dossier_id}",
                {"choice": "declined", "csrfToken": "x", "latest": "0", "shown": "nl", "text": "0" * 64},
            ),
            ("/simulator", {"bsn": bsn, "sub": "profID1", "firstname": "a", "lastname": "b"}),
        ]
        body, cookie = (b"content-type", _JSON.encode()), (b"cookie", self.cookie)
        form = [(b"content-type", _FORM.encode()), cookie, (b"authorization", self.basic)]
        return [
            *(Draft(one, path, b"", [(b"authorization", self.bearer), body], sent) for one, path, sent in company),
            *(Draft(one, path, b"", [body], sent) for one, path, sent in anyone),
            *(Draft(one, path, b"", [cookie], sent) for one, path, sent in browser),
            Draft("GET", "/sso/continue", f"launchId={self.launch_id}".encode(), [cookie]),
            *(Draft("POST", path, b"", form, sent) for path, sent in forms),
        ]


async def caller(bench: Bench, bsn: str) -> Caller:
    """Return one who may, now."""
    company, world = bench.a, bench.world
    token = (await company.fetch_token()).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    dossier = (await world.client.post("/dossier", json={"bsn": bsn}, headers=bearer)).json()
    launched = await company.launch_in_browser(bench.good(patientInfo={"bsn": bsn}, profInfo=PROFESSIONAL))
    cookie = session_of(launched)["Cookie"]
    launch_id = launched.headers["location"].rpartition("/")[2]
    basic = company.basic["Authorization"].encode()
    return Caller(bearer["Authorization"].encode(), basic, cookie.encode(), bsn, dossier["dossierId"], launch_id)


_METHODS: Final = (
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "get",
    "X",
)
_TYPES: Final = (
    *("", "text/plain", "application/xml", "text/xml", "application/cbor", "application/yaml", "application/graphql"),
    *("application/json; charset=utf-16", "application/json;charset=utf-7", "application/json, text/plain", "*/*"),
    *("multipart/form-data; boundary=x", "multipart/form-data", "application/jwt", "application/jose+json", ";", "/"),
    *(f"{_FORM}; charset=utf-16", f"{_FORM};charset=iso-8859-1", "APPLICATION/JSON", _JSON, _FORM, "\xff"),
)
_NAMES: Final = (
    *("Accept", "Accept-Language", "Accept-Encoding", "Authorization", "Cookie", "Content-Type", "Content-Length"),
    *("Content-Encoding", "Transfer-Encoding", "Host", "X-Request-Id", "X-Forwarded-For", "X-Forwarded-Host"),
    *("X-HTTP-Method-Override", "Origin", "Referer", "Sec-Fetch-Site", "Range", "If-None-Match", "Expect", "Upgrade"),
    *("traceparent", "User-Agent", "Forwarded", "X-Original-URL", "Connection", "Content-Disposition"),
)
_VALUES: Final = (
    *(
        "",
        " ",
        "*",
        "*/*;q=x",
        "text/html",
        "text/html;q=0.0001,*/*",
        ",,,,",
        "a=b;" * 200,
        "Bearer",
        "Bearer ",
        "Bearer a b",
    ),
    *("Bearer " + "." * 3_000, "Basic !!!!", "Basic Og==", "Basic " + "QQ" * 900, "Digest x", "bearer e30.e30.AAAA"),
    *(
        "127.0.0.1",
        "localhost",
        "evil.example",
        "127.0.0.1:8080@evil.example",
        "[::1]:80",
        "::::",
        "0",
        "-1",
        "1e9",
        "9" * 30,
    ),
    *(
        "gzip",
        "br",
        "chunked",
        "identity",
        "null",
        "https://evil.example",
        "\xff\xfe",
        "\xc3\xa9",
        "\t",
        "bytes=0-",
        "%00",
    ),
    *(
        "__Host-sso-session=",
        "__Host-sso-session=x; __Host-sso-session=y",
        '__Host-sso-session="',
        "=;=;",
        "POST",
        "x" * 9_000,
    ),
)
_STEPS: Final = (
    *(
        "..",
        ".",
        "",
        "%2e%2e",
        "%00",
        "%2f",
        "%5c",
        "%ff",
        "%c0%af",
        "%u0041",
        "%",
        "%zz",
        ";x=y",
        "\u00e9",
        "x" * 3_000,
    ),
    *("~", "%0d%0aSet-Cookie:%20a=b", "*", "'", "{bsn}", "<svg>", "00000000", "111111110", "1e9", "null", "\ud800"),
)
_QUERIES: Final = (
    *(
        "a",
        "=",
        "&&&",
        "limit=x",
        "limit=0",
        "limit=-1",
        "limit=9" + "9" * 50,
        "limit=1&limit=2",
        "cursor=x",
        "cursor=%00",
    ),
    *(
        "cursor=" + "A" * 3_000,
        "cursor=%ff",
        "companyId=x",
        "access_token=x",
        "token=e30.e30.AAAA",
        "bsn=123456782",
        "%",
    ),
    *(
        "launchId=",
        "launchId=x",
        "launchId=%00",
        "code=" + "x" * 500,
        "next=//evil.example",
        "a=b&" * 500,
        "a[]=b",
        "\xff",
    ),
)


def _method(draft: Draft, random: Random) -> None:
    draft.method = random.choice(_METHODS)


def _path(draft: Draft, random: Random) -> None:
    steps = draft.path.split("/")
    place = random.randrange(1, len(steps) + 1)
    text = random.choice(odd_json.TEXTS) if random.random() < 0.3 else random.choice(_STEPS)
    step = quote(text, errors="replace") if random.random() < 0.3 else text.replace("\ud800", "%ed%a0%80")
    steps[place : place + random.randrange(2)] = [step]
    draft.path = "/".join(steps)


def _query(draft: Draft, random: Random) -> None:
    octets = random.choice(_QUERIES).encode("latin-1")
    draft.query = random.choice((octets, draft.query + b"&" + octets, random.randbytes(20)))


def _header(draft: Draft, random: Random) -> None:
    name, value = random.choice(_NAMES).encode(), random.choice(_VALUES).encode("latin-1")
    draft.headers.insert(random.randrange(len(draft.headers) + 1), (name, value))


def _changed_header(draft: Draft, random: Random) -> None:
    if draft.headers:
        place = random.randrange(len(draft.headers))
        name, value = draft.headers[place]
        cut = random.randrange(len(value) + 1)
        other = random.choice(
            (value[:cut], value + b"x", value.swapcase(), value[:cut] + b"\xff" + value[cut:], value * 2)
        )
        draft.headers[place : place + 1] = random.choice(([], [(name, other)], [(name, value)] * 2))


def _type(draft: Draft, random: Random) -> None:
    headers = [header for header in draft.headers if header[0] != b"content-type"]
    draft.headers = [*headers, (b"content-type", random.choice(_TYPES).encode("latin-1"))]


def _members(draft: Draft, random: Random) -> None:
    members: dict[str, Any] = json.loads(json.dumps(draft.members or {}))
    for _ in range(random.choice((1, 1, 2))):
        odd_json.spoil(members, random)
    draft.members = members


def _octets(draft: Draft, random: Random) -> None:
    body = draft.request(random).chunks
    octets = b"".join(body)
    place = random.randrange(len(octets) + 1)
    draft.octets = random.choice(
        (
            b"",
            octets[:place],
            octets[:place] + random.randbytes(3) + octets[place:],
            octets * 2,
            octets + b"&token=x&token=y",
            b"%" + octets,
            b"&".join([b"a=b"] * 300),
            gzip.compress(octets),
            random.randbytes(random.randrange(200)),
            b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
            b"a: &a [*a]",
            b"\xa1\x63bsn\x69123456782",
            b'--x\r\nContent-Disposition: form-data; name="token"; filename="a"\r\n\r\nb\r\n--x--\r\n',
            b'{"bsn":' + b"[" * 5_000,
            b'{"bsn":"' + b"1" * 66_000 + b'"}',
            b"token=" + b"%00" * 300,
            b"+".join([octets] * 2),
        )
    )
    draft.chunks = random.choice((1, 1, 2, 40))


def _length(draft: Draft, random: Random) -> None:
    value = random.choice((b"0", b"1", b"-1", b"x", b"65537", b"9" * 25, b"1,1", b"\xb2", b"+1", b""))
    draft.headers = [*draft.headers, (b"content-length", value)]


_MUTATIONS: Final[tuple[Callable[[Draft, Random], None], ...]] = (
    _method,
    _path,
    _path,
    _query,
    _header,
    _header,
    _changed_header,
    _type,
    _members,
    _members,
    _members,
    _octets,
    _octets,
    _length,
)


def mutated(drafts: list[Draft], random: Random) -> Request:
    """Return one of the requests, with something done to it."""
    good = random.choice(drafts)
    draft = replace(good, headers=list(good.headers))
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        random.choice(_MUTATIONS)(draft, random)
    return draft.request(random)
