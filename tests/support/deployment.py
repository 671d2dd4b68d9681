"""Production as its operators deploy it: in one process, or in four services, each with as many workers as wanted.

Every owner has a database of its own. Callers see one address, `https://sso.example`; where the services are apart, a
client of ours does what the reverse proxy does in front of them.
"""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx2

from common.clock import wall_clock
from common.key_files import make_key, read_key
from common.sql import Database
from identity.patients.sessions import PatientSessions
from identity.patients.store_sql import SqlPatientSessions
from keys.sealing import Sealer
from keys.service_keys import read_private_key
from schemas.identifiers import Pseudoniem
from tests.support import openid
from tests.support.command import Ended, sso
from tests.support.ehr import PROFESSIONAL, Ehr
from tests.support.memory import MemoryAudit
from tests.support.servers.loopback import HOST, die_with_parent, is_ready
from tests.support.servers.process import ServerProcess
from tests.support.service_assertions import service_assertion
from tests.support.world import Company
from website.patient_site import COOKIE as PATIENT_COOKIE

SSO = str(Path(sys.executable).with_name("sso"))
ISSUER = "https://sso.example"
OWNERS = ("identity", "pseudoniem", "dossier")
AT_OUR_NAME = {"Host": "sso.example"}
APART = ("pseudoniem", "identity", "dossier", "website")
OWN_SERVICES = ("dossier", "website")
"""Those that fetch internal tokens with a key of their own."""

_OWNERS = {"api": "dossier", "dossier": "dossier", "pseudoniem": "pseudoniem"} | dict.fromkeys(
    ["", "consents", "sign-in", "sign-out", "errors", "static", "openapi.json", "docs"], "website"
)
"""Whose a path is, by its first segment; all others are identity's."""


@dataclass(frozen=True)
class Shape:
    """What runs, in how many workers each, on which databases."""

    services: tuple[str, ...]
    workers: int
    databases: dict[str, str]


def claims_of(company: Company, **changes: object) -> dict[str, object]:
    """Return the claims of a good token, now."""
    return company.ehr.claims(wall_clock(), **{"profInfo": PROFESSIONAL, **changes})


class Service(ServerProcess):
    """One running `sso serve`."""

    def __init__(self, name: str, workers: int) -> None:
        super().__init__(None)
        self.name = name
        self.workers = workers
        self.settings: dict[str, str] = {}

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"http://{HOST}:{self.port}"

    def log(self) -> str:
        """Return what it has said so far."""
        return (self.folder / "log").read_text()

    def _command(self) -> list[str]:
        forgotten = [f"--unset={name}" for name in os.environ if name.startswith("SSO_")]
        environment = ["env", *forgotten, *(f"{name}={value}" for name, value in self.settings.items())]
        where = ["--host", HOST, "--port", str(self.port), "--workers", str(self.workers)]
        return [*die_with_parent("TERM"), *environment, SSO, "serve", self.name, *where]

    def _ready(self) -> bool:
        return "Ready: " in self.log() and is_ready(self.port, "sso.example")


class Deployment:
    """Everything that runs."""

    def __init__(
        self,
        folder: Path,
        databases: Mapping[str, str],
        redis_url: str,
        names: Sequence[str],
        workers: int,
        **settings: str,
    ) -> None:
        self.folder = folder
        self.further = settings
        self.provider: str | None = None
        """The provider at which patients sign in."""
        self.databases = databases
        self.redis_url = redis_url
        self.services = {name: Service(name, workers) for name in names}

    def start(self) -> None:
        """Make keys and secrets, bring the schema up, start every service. Raises RuntimeError if one does not start.

        From the main thread, outside an event loop: `sso migrate` runs one of its own.
        """
        make_key(self._dossier_key)
        keys = ["--out", str(self.folder / "keys")]
        pairs = [["keys", "service", name, *keys] for name in OWN_SERVICES]
        for command in (["keys", "init", *keys], *pairs, ["migrate"]):
            ended = sso(*command, **self._all_settings())
            if ended.code:
                raise RuntimeError(ended.err)
        for service in self.services.values():
            service.settings = self._settings_of(service.name)
            service.begin()
        for service in self.services.values():
            service.wait_until_ready()

    def close(self) -> None:
        """End every service and remove its data."""
        for service in self.services.values():
            service.ask_to_stop()
        for service in self.services.values():
            service.close()

    async def sso(self, *arguments: str) -> Ended:
        """Run another command of `sso`, under the settings of all services."""
        return await asyncio.to_thread(sso, *arguments, **self._all_settings())

    def client(self) -> httpx2.AsyncClient:
        """Return a client of its own, a browser say, that sees one service at one address."""
        proxy = _ReverseProxy({name: service.address for name, service in self.services.items()})
        return httpx2.AsyncClient(transport=proxy, base_url=ISSUER, timeout=20)

    async def company(self, client: httpx2.AsyncClient, name: str = "Huisartsenpraktijk De Linde") -> Company:
        """Register a company, fetch its token and register its EHR's key."""
        registered = (await client.post("/company/register", json={"companyName": name})).json()
        company = Company(client, registered["companyId"], registered["companySecret"], Ehr())
        company.token = (await company.fetch_token()).json()["access_token"]
        answer = await client.post("/company/keys", json={"jwk": company.ehr.public_jwk()}, headers=company.bearer)
        assert answer.status_code == 201, answer.text
        return company

    async def internal(self, client: httpx2.AsyncClient, service: str) -> dict[str, str]:
        """Return the header with an internal token of one of our services."""
        signed = service_assertion(service, read_private_key(self._key(service, "private")), ISSUER, wall_clock())
        answer = await client.post("/auth/token/internal", data=signed)
        return {"Authorization": f"Bearer {answer.raise_for_status().json()['access_token']}"}

    async def sign_in(self, client: httpx2.AsyncClient, bsn: str) -> None:
        """Give a client the session of a patient, as it has after signing in with an identity provider."""
        made = await client.post("/pseudoniem", json={"bsn": bsn}, headers=await self.internal(client, "website"))
        pseudoniem = Pseudoniem(UUID(made.raise_for_status().json()["pseudoniem"]))
        database = Database(self.databases["identity"])
        sealer = Sealer(read_key(self.folder / "keys" / "sealing.key"))
        try:
            sessions = PatientSessions(SqlPatientSessions(database, sealer), MemoryAudit(), wall_clock)
            client.cookies.set(PATIENT_COOKIE.name, await sessions.open(pseudoniem, "J. de Vries", None))
        finally:
            await database.close()

    def _settings_of(self, name: str) -> dict[str, str]:
        """Return what a service is given: nothing that is another's."""
        everything = self._all_settings()
        own = {"SSO_ISSUER__URL", "SSO_REDIS__URL"}
        peers: tuple[str, ...]
        match name:
            case "all":
                return everything | self.further
            case "identity":
                own |= {name for name in everything if name.startswith(("SSO_SERVICES", "SSO_COMPANIES"))}
                own |= {"SSO_DATABASE__IDENTITY_URL", "SSO_KEYS__SEALING_FILE"}
                peers = ("PSEUDONIEM", "DOSSIER")
            case "pseudoniem":
                own |= {"SSO_DATABASE__PSEUDONIEM_URL", "SSO_KEYS__DIGEST_FILE"}
                peers = ("IDENTITY",)
            case "dossier":
                own |= {"SSO_DATABASE__DOSSIER_URL", "SSO_SERVICES__DOSSIER__PRIVATE_KEY_FILE"}
                peers = ("IDENTITY", "PSEUDONIEM")
            case _:
                own |= {"SSO_SERVICES__WEBSITE__PRIVATE_KEY_FILE", *self._sign_in()}
                peers = ("IDENTITY", "DOSSIER", "PSEUDONIEM")
        own |= {f"SSO_PEERS__{peer}_URL" for peer in peers}
        private = {
            f"SSO_SERVICES__{service.upper()}__PRIVATE_KEY_FILE": str(self._key(service, "private"))
            for service in OWN_SERVICES
        }
        if name == "dossier":
            everything = everything | {"SSO_KEYS__SEALING_FILE": str(self._dossier_key)}
            own |= {"SSO_KEYS__SEALING_FILE"}
        return {setting: (everything | private)[setting] for setting in own}

    def _all_settings(self) -> dict[str, str]:
        keys = self.folder / "keys"
        return {
            "SSO_ISSUER__URL": ISSUER,
            "SSO_REDIS__URL": self.redis_url,
            "SSO_COMPANIES__REGISTRATION": "open",
            "SSO_KEYS__SEALING_FILE": str(keys / "sealing.key"),
            "SSO_KEYS__DIGEST_FILE": str(keys / "digest.key"),
            **self._sign_in(),
            **{f"SSO_DATABASE__{owner.upper()}_URL": url for owner, url in self.databases.items()},
            **{
                f"SSO_SERVICES__{name.upper()}__PUBLIC_KEY_FILE": str(self._key(name, "public"))
                for name in OWN_SERVICES
            },
            **{f"SSO_PEERS__{name.upper()}_URL": service.address for name, service in self.services.items()},
        }

    def _sign_in(self) -> dict[str, str]:
        if self.provider is None:
            return {}
        file = self.folder / "oidc.secret"
        file.write_text(openid.SECRET)
        settings = {"ISSUER": self.provider, "CLIENT_ID": openid.CLIENT, "CLIENT_SECRET_FILE": str(file)}
        return {f"SSO_PATIENTS__OIDC__{name}": value for name, value in settings.items()}

    def _key(self, service: str, half: str) -> Path:
        return self.folder / "keys" / f"{service}.{half}.pem"

    @property
    def _dossier_key(self) -> Path:
        return self.folder / "dossier-sealing.key"


def workers_of(pid: int) -> list[int]:
    """Return the processes that serve: children of the one from which Python forks them."""
    [forks] = [child for child in _children(pid) if b"forkserver" in Path(f"/proc/{child}/cmdline").read_bytes()]
    return _children(forks)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


class _ReverseProxy(httpx2.AsyncBaseTransport):
    """Sends each request to the service whose path it is, under the name that the caller asked for."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = {name: httpx2.URL(address) for name, address in addresses.items()}
        self._transport = httpx2.AsyncHTTPTransport(verify=False)  # plain HTTP: no certificates to load

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        address = self._addresses[self._service_of(request.url.path)]
        url = request.url.copy_with(scheme=address.scheme, host=address.host, port=address.port)
        stream, extensions = request.stream, request.extensions
        forwarded = httpx2.Request(request.method, url, headers=request.headers, stream=stream, extensions=extensions)
        return await self._transport.handle_async_request(forwarded)

    async def aclose(self) -> None:
        await self._transport.aclose()

    def _service_of(self, path: str) -> str:
        if "all" in self._addresses:
            return "all"
        if path.startswith("/api/v1/treatment_relationships"):
            return "identity"
        return _OWNERS.get(path.split("/")[1], "identity")
