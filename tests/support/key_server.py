"""A vendor's server for its key set, on loopback, which can get anything wrong; and certificates of a CA of its own."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.support.ehr import Ehr

NAME = "ehr.example"
"""Under which the server is known to those who resolve names in tests."""

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def answer(content: bytes, status: str = "200 OK", **headers: str) -> Answer:
    """Return an answer with these octets; `Content_Type=…` is a header."""
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    if "Content_Length" not in headers and "Transfer_Encoding" not in headers:
        lines.append(f"Content-Length: {len(content)}")
    head = ("\r\n".join(lines) + "\r\n\r\n").encode()
    return octets(head + content)


def octets(content: bytes) -> Answer:
    """Return an answer of just these octets."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        await writer.drain()

    return write


def endlessly(begin: bytes, part: bytes, seconds: float = 0.0) -> Answer:
    """Return an answer that goes on for ever, with so many seconds between the parts."""

    async def write(writer: asyncio.StreamWriter) -> None:
        writer.write(begin)
        while True:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(seconds)

    return write


def key_set(*keys: Ehr | dict[str, Any], **headers: str) -> Answer:
    """Return an answer with these keys; an EHR's under its own name."""
    listed = [{**key.public_jwk(), "kid": key.kid} if isinstance(key, Ehr) else key for key in keys]
    return answer(json.dumps({"keys": listed}).encode(), Content_Type="application/jwk-set+json", **headers)


@dataclass
class KeyServer:
    """Answers everything with `answers`; `asked` are the heads of the requests, `names` those that TLS came for."""

    answers: Answer = field(default_factory=lambda: answer(b"", "404 Not Found"))
    asked: list[str] = field(default_factory=list)
    names: list[str | None] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    connections: int = 0
    port: int = 0

    @property
    def uri(self) -> str:
        """Return its URL by http."""
        return f"http://127.0.0.1:{self.port}/jwks.json"

    @property
    def tls_uri(self) -> str:
        """Return its URL by https, under its name."""
        return f"https://{NAME}:{self.port}/jwks.json"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
            self.arrived.set()
            await self.answers(writer)


@asynccontextmanager
async def open_key_server(tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> AsyncIterator[KeyServer]:
    """Give a server, with TLS if it has a context for it."""
    server, tasks = KeyServer(), set[asyncio.Task[None]]()
    if tls is not None:
        tls.sni_callback = lambda _connection, name, _context: server.names.append(name)

    def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def ended(task: asyncio.Task[None]) -> None:
            tasks.discard(task)
            writer.close()

        task = asyncio.ensure_future(server.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(ended)

    listening = await asyncio.start_server(connected, host, 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def open_broken_tls(tls: ssl.SSLContext) -> AsyncIterator[str]:
    """Give the URL of a server that shakes hands, is asked, and then sends a record that nobody sealed."""

    def serve() -> None:
        with suppress(OSError):
            while True:
                with tls.wrap_socket(listening.accept()[0], server_side=True) as connection, suppress(OSError):
                    connection.settimeout(5)
                    connection.recv(65536)
                    socket.socket.sendall(connection, b"\x17\x03\x03\x00\x40" + b"x" * 64)  # past TLS
                    connection.recv(1)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        served = asyncio.get_running_loop().run_in_executor(None, serve)
        yield f"https://{NAME}:{listening.getsockname()[1]}/jwks.json"
        listening.shutdown(socket.SHUT_RDWR)
    await served


@dataclass
class Authority:
    """A CA that nobody knows but those who are told."""

    folder: Path
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def trusted(self) -> ssl.SSLContext:
        """Return a client's context that trusts this CA alone."""
        own = self._sign(None, self.key, days=1)
        return ssl.create_default_context(cadata=own.public_bytes(Encoding.PEM).decode())

    def server(self, name: str = NAME, days: int = 1) -> ssl.SSLContext:
        """Return a server's context with a certificate for this name or address; expired if `days` is negative."""
        own = ec.generate_private_key(ec.SECP256R1())
        pem = self._sign(name, own, days).public_bytes(Encoding.PEM)
        private = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file = self.folder / f"{name.replace(':', '-')}{days}.pem"
        file.write_bytes(pem + private)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _sign(self, name: str | None, key: ec.EllipticCurvePrivateKey, days: int) -> x509.Certificate:
        now = datetime.now(UTC)
        authority = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) if name else authority
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(authority)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=10))
            .not_valid_after(now + timedelta(days=days))
            .add_extension(x509.BasicConstraints(ca=name is None, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False)
        )
        if name is not None:
            builder = builder.add_extension(x509.SubjectAlternativeName([_general(name)]), critical=False)
        return builder.sign(self.key, SHA256())


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
