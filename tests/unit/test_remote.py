"""Fetching a key set from a server that a company named (attacks SSR-…): a public address, TLS for the name, bounds."""

import asyncio
import gzip
import json
import ssl
import threading
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import pytest

from common.errors import JwksUriRejected, Unavailable
from keys.key_sets.location import is_public, locate
from keys.remote import DEFAULT_AGE, MAX_AGE, MAX_BYTES, MIN_AGE, SECONDS, Fetcher, SystemResolver
from tests.support.characters import full_width
from tests.support.key_server import (
    NAME,
    Answer,
    Authority,
    KeyServer,
    answer,
    endlessly,
    octets,
    open_broken_tls,
    open_key_server,
)


@dataclass
class Names:
    """What names resolve to, the next answer each time, the last for ever; `asked` is what was resolved."""

    answers: list[Sequence[str]]
    asked: list[str] = field(default_factory=list)

    async def __call__(self, host: str, port: int) -> Sequence[str]:  # noqa: ARG002 - the protocol's
        self.asked.append(host)
        if not self.answers:
            raise OSError("no such name")
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
async def server(authority: Authority) -> AsyncIterator[KeyServer]:
    """A server with a good certificate for NAME."""
    async with open_key_server(authority.server()) as opened:
        opened.answers = answer(b"{}")
        yield opened


def reaching(authority: Authority, *addresses: str) -> Fetcher:
    """Return a fetcher that trusts the authority and may connect to this machine, where NAME is."""
    return Fetcher(authority.trusted(), Names([list(addresses or ("127.0.0.1",))]), public=False)


def strict(tls: ssl.SSLContext, *addresses: str) -> Fetcher:
    """Return a fetcher as production has it, for whom every name has these addresses."""
    return Fetcher(tls, Names([list(addresses)] if addresses else []), public=True)


async def refused(fetcher: Fetcher, uri: str) -> str:
    with pytest.raises(JwksUriRejected) as caught:
        await fetcher.fetch(uri)
    return caught.value.reason


URIS = {
    "http": ("http://ehr.example/jwks.json", "scheme"),
    "a file": ("file://ehr.example/etc/passwd", "scheme"),
    "another scheme": ("gopher://ehr.example/", "scheme"),
    "in upper case": ("HTTPS://ehr.example/", "url"),
    "another port": ("https://ehr.example:8443/jwks.json", "port"),
    "the port of Redis": ("https://ehr.example:6379/", "port"),
    "port 0": ("https://ehr.example:0/", "port"),
    "a user": ("https://user@ehr.example/", "url"),
    "a password": ("https://ehr.example:443@127.0.0.1/", "url"),
    "a fragment": ("https://ehr.example/#x", "url"),
    "a backslash": ("https://ehr.example\\@127.0.0.1/", "url"),
    "white space": ("https://ehr.example/ x", "url"),
    "a line break": ("https://ehr.example/\r\nX: y", "url"),
    "a line break at the end": ("https://ehr.example/\n", "url"),
    "no host": ("https:///jwks.json", "url"),
    "no slashes": ("https:ehr.example", "url"),
    "an empty text": ("", "url"),
    "nothing but a path": ("/jwks.json", "url"),
    "a name that is not ASCII": ("https://éhr.example/", "url"),
    "full-width characters": (full_width("https://127.0.0.1/"), "url"),
    "a name that ends with a dot": ("https://ehr.example./", "url"),
    "an empty label": ("https://ehr..example/", "url"),
    "an address in one number": ("https://2130706433/", "url"),
    "an address in hexadecimal": ("https://0x7f000001/", "url"),
    "an address in octal": ("https://0177.0.0.1/", "url"),
    "an address in two parts": ("https://127.1/", "url"),
    "an address with a zone": ("https://[fe80::1%25eth0]/", "url"),
    "a mapped address in a name": ("https://[::ffff:127.0.0.1/", "url"),
    "too long a text": ("https://ehr.example/" + "x" * 2000, "url"),
}


@pytest.mark.parametrize("case", URIS)
async def test_a_url_of_another_form_is_refused_before_its_name_is_resolved(case: str) -> None:
    uri, reason = URIS[case]
    names = Names([["93.184.216.34"]])
    assert await refused(Fetcher(ssl.create_default_context(), names, public=True), uri) == reason
    assert names.asked == []


def test_a_plain_url_is_taken_apart_as_it_is() -> None:
    location = locate("https://EHR.Example:443/keys/a%20b.json?v=1", public=True)
    assert (location.host, location.port, location.target) == ("ehr.example", 443, "/keys/a%20b.json?v=1")
    assert (location.authority, locate("https://ehr.example", public=True).target) == ("ehr.example", "/")


NOT_PUBLIC = """
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.255.255.254
    168.63.129.16 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1
    198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
    :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:93.184.216.34 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe
    64:ff9b:1::1 100::1 2001::1 2001:0:53aa:64c:0:0:80ff:fffe 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1::1
    2002:a9fe:a9fe::1 3fff::1 4000::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 2a00::1%lo fec0::1 ff02::1
    localhost 127.1 2130706433 0x7f000001 1.2.3.4.5 1.2.3.04
"""
PUBLIC = """
    1.1.1.1 93.184.216.34 100.63.255.255 100.128.0.1 172.15.0.1 172.32.0.1 223.255.255.254
    2a00:1450::1 2606:4700::1111
"""


@pytest.mark.parametrize("address", NOT_PUBLIC.split())
async def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_public(address)
    assert await refused(strict(ssl.create_default_context(), address), "https://ehr.example/jwks.json") == "address"


@pytest.mark.parametrize("address", PUBLIC.split())
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("uri", ["https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest/meta-data/"])
async def test_an_address_in_the_url_is_looked_at_like_any_other(uri: str) -> None:
    assert await refused(Fetcher(ssl.create_default_context(), SystemResolver(), public=True), uri) == "address"


async def test_a_name_of_this_machine_is_refused_whatever_it_resolves_to() -> None:
    fetcher = Fetcher(ssl.create_default_context(), SystemResolver(), public=True)
    assert await refused(fetcher, "https://localhost/jwks.json") == "address"


async def test_one_address_that_is_not_public_among_others_is_enough_to_refuse() -> None:
    tls = ssl.create_default_context()
    assert await refused(strict(tls, "93.184.216.34", "10.0.0.1"), "https://ehr.example/") == "address"
    assert await refused(strict(tls, "2a00:1450::1", "::ffff:127.0.0.1"), "https://ehr.example/") == "address"


async def test_a_name_that_nobody_knows_is_refused_in_the_same_words() -> None:
    tls = ssl.create_default_context()
    with pytest.raises(JwksUriRejected) as unknown:
        await strict(tls).fetch("https://nobody.example/")
    with pytest.raises(JwksUriRejected) as inside:
        await strict(tls, "10.0.0.1").fetch("https://redis.example/")
    assert (unknown.value.reason, unknown.value.detail) == (inside.value.reason, inside.value.detail)


async def test_the_connection_goes_to_the_address_that_was_looked_at_and_to_no_later_one(authority: Authority) -> None:
    async with open_key_server(authority.server()) as first, open_key_server(authority.server(), "127.0.0.2") as second:
        first.answers = answer(b'{"keys": []}')
        names = Names([["127.0.0.1"], ["127.0.0.2"]])
        fetched = await Fetcher(authority.trusted(), names, public=False).fetch(first.tls_uri)
        assert fetched.content == b'{"keys": []}'
        assert (names.asked, first.connections, second.connections) == ([NAME], 1, 0)


async def test_the_server_is_asked_under_its_name_and_told_nothing_else(
    server: KeyServer, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    fetcher = reaching(authority)
    server.answers = answer(b"{}", Set_Cookie="a=b; Path=/")
    for _ in range(2):
        await fetcher.fetch(server.tls_uri)
    assert server.names == [NAME, NAME]
    for head in server.asked:
        lines = head.strip().split("\r\n")
        assert lines[0] == "GET /jwks.json HTTP/1.1"
        sent = {line.partition(": ")[0].lower(): line.partition(": ")[2] for line in lines[1:]}
        assert sent.keys() == {"host", "accept", "accept-encoding", "user-agent", "connection"}
        assert (sent["host"], sent["accept-encoding"]) == (f"{NAME}:{server.port}", "identity")


async def test_a_certificate_that_is_not_good_for_the_name_is_refused(authority: Authority, server: KeyServer) -> None:
    system = Fetcher(ssl.create_default_context(), Names([["127.0.0.1"]]), public=False)
    assert await refused(system, server.tls_uri) == "certificate"
    for tls in (authority.server("other.example"), authority.server("127.0.0.1"), authority.server(days=-1)):
        async with open_key_server(tls) as other:
            other.answers = answer(b"{}")
            assert await refused(reaching(authority), other.tls_uri) == "certificate"
            assert other.asked == []


async def test_a_server_without_tls_or_without_a_word_of_http_is_no_server(authority: Authority) -> None:
    async with open_key_server() as plain:
        assert await refused(reaching(authority), plain.tls_uri) in {"certificate", "connection"}
        assert plain.asked == []
    assert await refused(reaching(authority), plain.tls_uri) == "connection"


async def test_where_nobody_listens_at_the_first_address_the_next_one_is_asked(
    authority: Authority, server: KeyServer
) -> None:
    fetched = await reaching(authority, "127.0.0.77", "127.0.0.1").fetch(server.tls_uri)
    assert fetched.content == b"{}"


CHUNK = b"8000\r\n" + b" " * 0x8000 + b"\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
ANSWERS: dict[str, tuple[Answer, str]] = {
    "a redirect to ourselves": (answer(b"", "302 Found", Location="http://127.0.0.1:9/"), "redirect"),
    "a redirect to metadata": (answer(b"", "307 x", Location="http://169.254.169.254/"), "redirect"),
    "not modified": (answer(b"", "304 Not Modified"), "redirect"),
    "not found": (answer(b'{"keys": []}', "404 Not Found"), "status"),
    "a fault": (answer(b'{"keys": []}', "500 x"), "status"),
    "half of it": (answer(b'{"keys": []}', "206 Partial Content"), "status"),
    "a gzip bomb": (answer(gzip.compress(b" " * 10**7), Content_Encoding="gzip"), "packed"),
    "packed twice": (answer(b"x", Content_Encoding="gzip, gzip"), "packed"),
    "packed by another way": (answer(b"x", Content_Encoding="br"), "packed"),
    "50 MB": (answer(b" " * 50_000_000), "too_large"),
    "one octet too many": (answer(b" " * (MAX_BYTES + 1)), "too_large"),
    "no end, in chunks": (endlessly(HEAD, CHUNK), "too_large"),
    "no end, without a length": (endlessly(b"HTTP/1.1 200 OK\r\n\r\n", b" " * 4096), "too_large"),
    "no end of headers": (endlessly(b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * 4000 + b"\r\n"), "connection"),
    "less than announced": (answer(b"{}", Content_Length="100"), "connection"),
    "no HTTP": (octets(b"220 smtp.example ESMTP\r\n"), "connection"),
    "nothing at all": (octets(b""), "connection"),
    "two lengths": (octets(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{} "), "connection"),
}


@pytest.mark.parametrize("case", ANSWERS)
async def test_an_answer_that_is_none_is_refused(server: KeyServer, authority: Authority, case: str) -> None:
    server.answers, reason = ANSWERS[case]
    assert await refused(reaching(authority), server.tls_uri) == reason
    assert server.connections == 1


async def test_tls_that_breaks_after_the_handshake_is_an_answer_that_is_none(authority: Authority) -> None:
    async with open_broken_tls(authority.server()) as uri:
        assert await refused(reaching(authority), uri) == "connection"


async def test_a_name_server_that_does_not_answer_takes_a_thread_and_nobody_waits_in_line_for_one() -> None:
    """The thread is taken until the system gives up, however long ago we did; another resolver has its own."""
    answers, waits = threading.Event(), threading.Event()

    def look_up(host: str, port: int, **_: object) -> Sequence[object]:
        if host == "slow.example":
            waits.set()
            answers.wait(10)
        return [(0, 0, 0, "", ("127.0.0.1", port))]

    resolver, another = SystemResolver(1, look_up), SystemResolver(1, look_up)
    given_up = asyncio.ensure_future(resolver("slow.example", 443))
    await asyncio.to_thread(waits.wait, 10)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    with pytest.raises(Unavailable):
        await Fetcher(ssl.create_default_context(), resolver, public=True).fetch("https://ehr.example/")
    assert await another("ehr.example", 443) == ["127.0.0.1"]
    answers.set()
    async with asyncio.timeout(10):
        while True:
            try:
                assert await resolver("ehr.example", 443) == ["127.0.0.1"]
                break
            except Unavailable:
                await asyncio.sleep(0)


async def test_whoever_takes_his_time_is_not_waited_for(authority: Authority) -> None:
    """One octet at a time, nothing at all, or a name server that never answers: all at once, five seconds."""
    slow = [
        endlessly(HEAD, b"1\r\n \r\n", 0.2),
        endlessly(b"HTTP/1.1 200 OK\r\nX: ", b"y", 0.2),
        endlessly(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.05),
        endlessly(b"", b"", 0.2),
    ]

    async def one(answers: Answer) -> str:
        async with open_key_server(authority.server()) as server:
            server.answers = answers
            return await refused(reaching(authority), server.tls_uri)

    async def unresolved(_host: str, _port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    began = time.monotonic()
    nameless = refused(Fetcher(authority.trusted(), unresolved, public=False), f"https://{NAME}/")
    reasons = await asyncio.gather(*map(one, slow), nameless)
    assert reasons == ["timeout"] * 5
    assert SECONDS - 0.5 < time.monotonic() - began < SECONDS + 2


AGES = {
    "max-age=600": 600,
    "public, max-age=120": 120,
    "MAX-AGE=120": 120,
    'max-age="120"': 120,
    "max-age=0": MIN_AGE,
    "max-age=1": MIN_AGE,
    "max-age=999999999": MAX_AGE,
    "max-age=99999999999999999999": MAX_AGE,
    "max-age=-5": DEFAULT_AGE,
    "max-age=soon": DEFAULT_AGE,
    "x-max-age=5": DEFAULT_AGE,
    "s-maxage=5": DEFAULT_AGE,
    "no-store": MIN_AGE,
    "max-age=3000, no-cache": MIN_AGE,
    "": DEFAULT_AGE,
}


async def test_an_answer_is_kept_as_long_as_it_says_within_bounds(server: KeyServer, authority: Authority) -> None:
    for directives, seconds in AGES.items():
        server.answers = answer(b"{}", Cache_Control=directives)
        assert (await reaching(authority).fetch(server.tls_uri)).max_age == seconds, directives


async def test_what_is_said_of_the_media_type_is_without_effect(server: KeyServer, authority: Authority) -> None:
    content = json.dumps({"keys": []}).encode()
    for media_type in ("text/html", "application/json; charset=utf-16", "image/png", ""):
        server.answers = answer(content, Content_Type=media_type)
        assert (await reaching(authority).fetch(server.tls_uri)).content == content
