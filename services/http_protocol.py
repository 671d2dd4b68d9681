"""HTTP/1.1 as it comes in: httptools, within bounds that it does not have, and refusing what can be read in two ways.

Why not h11, and what either of them makes of what: ADR 0039.
"""

import re
from typing import Final

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from common.http.context import METHODS

_REFUSAL: Final = STATUS_LINE[400] + (
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s"
)
_FRAMING: Final = 64 * 1024
"""Octets of one request that are not its body: request line, headers, the sizes and extensions of chunks, trailers."""
_SLICE: Final = 16 * 1024
"""What is read at once can hold many requests; only between slices of so many octets is the bound looked at."""
_WAITING: Final = 8
"""Requests on one connection that have come before the one before them was answered."""


_METHOD: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ")
_KNOWN: Final = {method.encode() for method in METHODS} | {b"CONNECT"}
_NOBODY_HAS: Final = b"UNLINK"
"""A method that the parser knows and no resource has."""


class HttpProtocol(HttpToolsProtocol):
    """One connection. What is refused here gets one sentence, and the connection ends."""

    _framing = 0
    _within = False
    """A request has begun and has not ended."""
    _refused = False

    def data_received(self, data: bytes) -> None:
        """Read what has come; nothing any more after what was refused."""
        if self._refused:
            return
        self._unset_keepalive_if_required()
        if not self._within:
            data = _of_a_known_method(data)
        try:
            for start in range(0, len(data), _SLICE):
                self._read(data[start : start + _SLICE])
        except _TooLarge:
            self._refuse("The headers, or what goes with the body, are too large.")
        except httptools.HttpParserError:
            self._refuse("This is no HTTP request, or one that can be read in two ways.")

    def _read(self, data: bytes) -> None:
        self._framing += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            again = self._head_without_upgrade() + data[upgrade.args[0] :]
            self.parser = httptools.HttpRequestParser(self)  # after such a head the other one may read nothing more
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            self._read(again)
        if self._framing > _FRAMING:
            raise _TooLarge

    def _head_without_upgrade(self) -> bytes:
        """Return the head as if no other protocol had been offered, as Java's client does with every request.

        The parser leaves off after such a head, and would take the request's body for the next request.
        """
        line = b"%s %s HTTP/%s\r\n" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        kept = (b"%s: %s\r\n" % header for header in self.headers if header[0] != b"upgrade")
        return line + b"".join(kept) + b"\r\n"

    def _should_upgrade(self) -> bool:
        return True  # uvicorn then leaves such a head alone, until it comes back without the offer

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._within = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header, without the white space after it, which is no part of it (RFC 9112 5.1)."""
        value = value.rstrip(b" \t")
        super().on_header(name, value)
        if self.headers[-1][0] == b"transfer-encoding" and value.lower() != b"chunked":
            raise _Unreadable

    def on_headers_complete(self) -> None:
        """Begin to answer, unless this is no request of ours."""
        if (
            self.parser.get_method() == b"CONNECT"
            or self.parser.get_http_version() not in {"1.0", "1.1"}
            or not self.url.startswith(b"/")
            or b"#" in self.url
            or len(self.pipeline) == _WAITING
        ):
            raise _Unreadable
        if self.parser.get_http_version() == "1.0":
            self.expect_100_continue = False  # RFC 9110 10.1.1
        if not self.parser.should_upgrade():
            super().on_headers_complete()
            self.headers = []  # for trailers, which nobody reads: no header of the request can come after its body

    def on_body(self, body: bytes) -> None:
        """Take a piece of the body."""
        self._framing -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Be ready for the next request."""
        self._framing, self._within = 0, False
        super().on_message_complete()

    def _refuse(self, why: str) -> None:
        """End the connection, and say why where that can be taken for nothing but the answer to what is refused."""
        self._refused = True
        self.logger.warning(why)
        request = self.cycle
        own = request is not None and self._within and request.scope is self.scope
        if request is not None and not own and not request.response_complete:
            request.keep_alive = False  # the one before is carried out: it gets its own answer, and ends the connection
            return
        if not (own and request.response_started) and not self.pipeline:
            self.transport.write(_REFUSAL % (len(why), why.encode()))
        self.transport.close()


def _of_a_known_method(data: bytes) -> bytes:
    """Return what begins a request with a method that the parser knows.

    It stops at any other word, and then nobody could be told which methods the address has (405, `Allow`).
    """
    found = _METHOD.match(data)
    if found is None or found[1] in _KNOWN:
        return data
    return _NOBODY_HAS + data[found.end(1) :]


class _Unreadable(Exception):
    """What can be read in two ways, or is not for us. The parser makes an HttpParserError of it."""


class _TooLarge(Exception):
    """Too many octets that are no body."""
