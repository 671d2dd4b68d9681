"""What one request is, to the octet: the same whether it arrives whole or octet by octet (LIM-022)."""

import pytest

from tests.support.connection import Connection

HOST = "Host: localhost\r\n"
POST = f"POST /p HTTP/1.1\r\n{HOST}"
CHUNKED = f"{POST}Transfer-Encoding: chunked\r\n\r\n"
LENGTH = f"{POST}Content-Length: 2\r\n\r\n{{}}"
GET = f"GET /g HTTP/1.1\r\n{HOST}\r\n"
UPGRADE = f"{POST}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"

READ: dict[str, tuple[str, list[bytes]]] = {
    "a length": (LENGTH, [b"{}"]),
    "chunks": (f"{CHUNKED}1\r\n{{\r\n1;a=b\r\n}}\r\n0\r\n\r\n", [b"{}"]),
    "three, one after the other": (LENGTH + GET + LENGTH, [b"{}", b"", b"{}"]),
    "an upgrade is offered with a length": (f"{UPGRADE}Content-Length: 2\r\n\r\n{{}}{GET}", [b"{}", b""]),
    "an upgrade is offered with chunks": (
        f"{UPGRADE}Transfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n{GET}",
        [b"{}", b""],
    ),
    "an upgrade is offered twice": (f"{UPGRADE}\r\n{UPGRADE}\r\n", [b"", b""]),
    "a request for another address in the body": (f"{POST}Content-Length: {len(GET)}\r\n\r\n{GET}", [GET.encode()]),
    "white space round a header": (LENGTH.replace("Length: 2", "Length: \t 2 \t "), [b"{}"]),
    "63 KiB of headers": (GET.replace(HOST, f"{HOST}X: {'x' * 63 * 1024}\r\n"), [b""]),
    "200 KiB of body": (f"{POST}Content-Length: 204800\r\n\r\n{'x' * 204_800}", [b"x" * 204_800]),
}


@pytest.mark.parametrize("form", READ)
@pytest.mark.parametrize("step", [1, 7, 1_000_000])
async def test_a_request_is_the_same_in_whatever_pieces_it_arrives(form: str, step: int) -> None:
    text, bodies = READ[form]
    octets = text.encode()
    step = max(step, len(octets) // 1_000)  # a thousand pieces say as much as a hundred thousand
    connection = Connection()
    await connection.send(*(octets[start : start + step] for start in range(0, len(octets), step)))
    assert [asked.body for asked in connection.asked] == bodies
    assert connection.statuses == [200] * len(bodies)
    assert not connection.ended


REFUSED: dict[str, str] = {
    "a length, then chunks": f"{POST}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n",
    "chunks, then a length": f"{POST}Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n",
    "the same length twice": LENGTH.replace("\r\n\r\n", "\r\nContent-Length: 2\r\n\r\n"),
    "a list of lengths": LENGTH.replace("Length: 2", "Length: 2, 2"),
    "a length with a sign": LENGTH.replace("Length: 2", "Length: +2"),
    "a length beyond 64 bits": LENGTH.replace("Length: 2", "Length: 18446744073709551618"),
    "chunks after another coding": f"{POST}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n",
    "chunks before another coding": f"{POST}Transfer-Encoding: chunked, identity\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n",
    "chunks in a second header": f"{POST}Transfer-Encoding: identity\r\n{CHUNKED.removeprefix(POST)}0\r\n\r\n",
    "chunks after a comma": f"{POST}Transfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n",
    "chunks behind a vertical tab": f"{POST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "no coding at all": f"{POST}Transfer-Encoding: identity\r\n\r\n{GET}",
    "a coding that is folded": f"{POST}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "a size in C": f"{CHUNKED}0x2\r\n{{}}\r\n0\r\n\r\n",
    "a size beyond 64 bits": f"{CHUNKED}10000000000000002\r\n{{}}\r\n0\r\n\r\n",
    "a size with a space": f"{CHUNKED}2 \r\n{{}}\r\n0\r\n\r\n",
    "a chunk that is longer than its size": f"{CHUNKED}2\r\n{{}}}}\r\n0\r\n\r\n",
    "a chunk that ends with a line feed": f"{CHUNKED}2\r\n{{}}\n0\r\n\r\n",
    "a line feed after a chunk's size": f"{CHUNKED}2\n{{}}\r\n0\r\n\r\n",
    "a carriage return in an extension": f"{CHUNKED}2;a\rb\r\n{{}}\r\n0\r\n\r\n",
    "a length as a trailer": f"{CHUNKED}2\r\n{{}}\r\n0\r\nContent-Length: 2\r\n\r\n",
    "a line feed for the end of a line": LENGTH.replace("localhost\r\n", "localhost\n"),
    "a line feed for the end of the headers": LENGTH.replace("\r\n\r\n", "\r\n\n"),
    "a carriage return for the end of a line": LENGTH.replace("localhost\r\n", "localhost\r"),
    "a space in a name": LENGTH.replace("Host:", "Ho st:"),
    "a tab before the colon": LENGTH.replace("Length:", "Length\t:"),
    "NUL in a name": LENGTH.replace("Host:", "Ho\0st:"),
    "DEL in a header": LENGTH.replace("localhost", "local\x7fhost"),
    "an octet beyond ASCII in the path": GET.replace("/g", "/\xe9"),
    "a carriage return in the path": GET.replace("/g", "/\rg"),
    "all addresses": GET.replace("GET /g", "OPTIONS *"),
    "a tunnel to a path": GET.replace("GET", "CONNECT"),
    "a method that is no word": GET.replace("GET", "GE(T"),
    "HTTP/0.9": f"GET /g\r\n{HOST}\r\n",
    "HTTP/2": GET.replace("HTTP/1.1", "HTTP/2.0"),
}


@pytest.mark.parametrize("flaw", REFUSED)
async def test_what_can_be_read_in_two_ways_is_refused_and_nothing_after_it_is_read(flaw: str) -> None:
    octets = (REFUSED[flaw] + GET).encode("latin-1")
    for pieces in ([octets], [bytes([octet]) for octet in octets]):
        connection = Connection()
        await connection.send(*pieces)
        assert connection.asked == []
        assert connection.statuses == [400]
        assert connection.ended


TOO_LARGE: dict[str, list[bytes]] = {
    "one header": [GET.replace(HOST, f"{HOST}X: {'x' * 90_000}\r\n").encode()],
    "many headers": [GET.replace(HOST, HOST + "X: y\r\n" * 20_000).encode()],
    "a header that does not end": [POST.encode(), b"X: ", *([b"x" * 1_000] * 90)],
    "a name that does not end": [POST.encode(), *([b"x" * 1_000] * 90)],
    "white space that does not end": [POST.encode(), b"X:", *([b" " * 1_000] * 90)],
    "a path that does not end": [b"GET /", *([b"x" * 1_000] * 90)],
    "lines before the request": [b"\r\n" * 500] * 90,
    "a size that does not end": [CHUNKED.encode(), *([b"0" * 1_000] * 90)],
    "an extension that does not end": [CHUNKED.encode(), b"2;", *([b"x" * 1_000] * 90)],
    "an octet in each chunk": [CHUNKED.encode(), *([b"1\r\nx\r\n" * 1_000] * 90)],
    "a trailer that does not end": [CHUNKED.encode(), b"0\r\nX: ", *([b"x" * 1_000] * 90)],
    "headers with an upgrade": [UPGRADE.encode(), *([b"X: y\r\n" * 1_000] * 20)],
}


@pytest.mark.parametrize("what", TOO_LARGE)
async def test_what_is_no_body_is_at_most_64_kib(what: str) -> None:
    connection = Connection()
    await connection.send(*TOO_LARGE[what])
    assert connection.asked == []
    assert connection.statuses == [400]
    assert connection.ended


@pytest.mark.parametrize("method", ["BREW", "get", "TRACE", "PROPFIND", "M-SEARCH"])
async def test_a_method_that_nobody_has_is_told_so_by_the_address(method: str) -> None:
    connection = Connection()
    await connection.send(LENGTH.encode(), GET.replace("GET", method).encode())
    assert [asked.method for asked in connection.asked] == ["POST", "UNLINK"]
    assert connection.statuses == [200, 200]


async def test_what_comes_within_a_request_is_no_method() -> None:
    connection = Connection()
    head, body = f"{POST}Content-Length: 9\r\nX: ".encode(), b"BREW tea "
    await connection.send(LENGTH.encode() + head, body + b"\r\n\r\n", body)
    assert [asked.body for asked in connection.asked] == [b"{}", body]
    assert connection.asked[1].headers["x"] == "BREW tea"


async def test_a_trailer_is_no_header() -> None:
    connection = Connection()
    await connection.send(f"{CHUNKED}2\r\n{{}}\r\n0\r\nAuthorization: Bearer x\r\nHost: other\r\n\r\n".encode())
    (asked,) = connection.asked
    assert asked.headers == {"host": "localhost", "transfer-encoding": "chunked"}


async def test_an_address_is_taken_apart_as_ever() -> None:
    connection = Connection()
    await connection.send(GET.replace("/g", "//g/%C3%A9/%2e%2e?a?b").encode())
    (asked,) = connection.asked
    assert asked.path == "//g/é/.."


async def test_of_a_hundred_requests_at_once_a_few_are_answered_and_the_connection_ends() -> None:
    connection = Connection()
    await connection.send(GET.encode() * 100)
    assert len(connection.asked) == 9
    assert connection.statuses == [200] * 9
    assert connection.ended


AFTER_ANOTHER = {
    "octets that are no request": b"\0\0\r\n\r\n",
    "a body that is longer than its length": b"}",
    "a tunnel": GET.replace("GET", "CONNECT").encode(),
    "the beginning of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "two lengths": LENGTH.replace("\r\n\r\n", "\r\nContent-Length: 2\r\n\r\n").encode(),
}


@pytest.mark.parametrize("flaw", AFTER_ANOTHER)
async def test_what_is_refused_does_not_take_the_answer_of_the_request_before_it(flaw: str) -> None:
    for pieces in ([LENGTH.encode() + AFTER_ANOTHER[flaw]], [LENGTH.encode(), AFTER_ANOTHER[flaw], GET.encode()]):
        connection = Connection()
        await connection.send(*pieces)
        assert [asked.body for asked in connection.asked] == [b"{}"]
        assert connection.statuses[0] == 200
        assert connection.statuses[1:] in ([], [400])
        assert connection.ended


async def test_an_answer_that_came_before_the_whole_request_is_the_only_one() -> None:
    connection = Connection(early=True)
    await connection.send(CHUNKED.encode(), b"zz\r\n")
    assert connection.statuses == [200]
    assert connection.ended


@pytest.mark.parametrize(
    "head", [UPGRADE.replace("Connection: ", "Connection: close, "), UPGRADE.replace("HTTP/1.1", "HTTP/1.0")]
)
async def test_an_upgrade_that_is_offered_on_a_connection_that_ends_is_ignored_too(head: str) -> None:
    connection = Connection()
    await connection.send(f"{head}Content-Length: 2\r\n\r\n".encode(), b"{}")
    assert [asked.body for asked in connection.asked] == [b"{}"]
    assert connection.statuses == [200]
    assert connection.ended


@pytest.mark.parametrize(("version", "statuses"), [("1.0", [200]), ("1.1", [100, 200])])
async def test_who_waits_to_be_told_to_go_on_is_told_in_a_version_that_knows_it(
    version: str, statuses: list[int]
) -> None:
    connection = Connection()
    head = (
        LENGTH.removesuffix("{}")
        .replace("HTTP/1.1", f"HTTP/{version}")
        .replace(HOST, f"{HOST}Expect: 100-continue\r\n")
    )
    await connection.send(head.encode(), b"{}")
    assert connection.statuses == statuses


async def test_an_answer_that_is_half_out_is_left_to_whoever_is_writing_it() -> None:
    connection = Connection(halfway=True)
    await connection.send(LENGTH.encode(), b"\0\r\n\r\n")
    assert connection.statuses == [200]
    assert not connection.ended  # by the refusal; the answer ends it when it is whole
