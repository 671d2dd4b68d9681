"""A whole scenario with a known BSN, token, secret and names; then a search for them in all that is left behind."""

import asyncio
import base64
import hashlib
import json
import logging
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
import structlog

from services.logs import configure_logs
from tests.support.audit import TABLES, counted, events
from tests.support.bsns import fresh_bsn
from tests.support.diagnosis import diagnose
from tests.support.ehr import flip
from tests.support.groups import create_group, path_of
from tests.support.patient import choose
from tests.support.servers.postgres_binaries import find_programs
from tests.support.servers.postgres_server import PostgresServer
from tests.support.servers.redis_server import RedisServer
from tests.support.wire import session_of
from tests.support.world import PAGE, Company, World, open_world

PROFESSIONAL = {"firstname": "Wilhelmina", "lastname": "van Zuylenburg", "email": "w.zuylenburg@canary.example"}
PATIENT = {"firstname": "Bartholomeus", "lastname": "Kanariepiet", "email": "b.kanariepiet@canary.example"}
PERSON = {
    "firstname": "Ferdinandus",
    "lastname": "van Papegaaienburg",
    "initials": "F.P.Q.R.",
    "email": "f.papegaaienburg@canary.example",
    "phone_home": "020-5559876",
    "phone_work": "020-5559877",
    "phone_cell": "06-55598765",
    "birthdate": "1931-08-17",
    "country_of_birth": "Kanarische Eilanden",
    "street": "Volièrelaan 77",
    "city": "Vogelenzang",
    "zipcode": "2114 ZZ",
    "country": "Koninkrijk",
    "subject_code": "onderzoek-4711",
}
IDENTIFIER, GROUP_NAME = "extern-kenmerk-0815", "Familie Papegaaienburg"
NAMES = sorted({*PROFESSIONAL.values(), *PATIENT.values()})


@dataclass
class Traces:
    """What the scenario left: where it was found, and its octets."""

    bsn: str
    company: Company
    launch_tokens: list[str]
    logs: bytes = b""
    answers: dict[str, bytes] = field(default_factory=dict)
    redis: dict[str, bytes] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    audit: set[str] = field(default_factory=set)
    refusals: dict[tuple[str, str], int] = field(default_factory=dict)

    def everywhere(self) -> dict[str, bytes]:
        return {"the log": self.logs, **self.answers, **self.redis, **self.files}


def forms_of(bsn: str) -> dict[str, bytes]:
    """Return the forms in which a BSN could be hidden in plain sight."""
    forms = {"plain": bsn.encode(), "in UTF-16": bsn.encode("utf-16-le"), "reversed": bsn[::-1].encode()}
    forms |= {"dotted": f"{bsn[:3]}.{bsn[3:6]}.{bsn[6:]}".encode(), "a number": int(bsn).to_bytes(4)}
    for digits in (bsn, bsn.lstrip("0")):
        octets = digits.encode()
        forms[f"{len(digits)} digits"] = octets
        forms[f"{len(digits)} digits, base64"] = base64.b64encode(octets).rstrip(b"=")
        forms[f"{len(digits)} digits, hex"] = octets.hex().encode()
        for name in ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b"):
            digest = hashlib.new(name, octets, usedforsecurity=False).digest()
            forms[f"{len(digits)} digits, {name}"] = digest
            forms[f"{len(digits)} digits, {name} in hex"] = digest.hex().encode()
            forms[f"{len(digits)} digits, {name} in base64"] = base64.b64encode(digest)[:-4]
    return forms


@pytest.fixture(scope="module")
def journal() -> Iterator[RedisServer]:
    """A Redis that writes all it does to a file."""
    with RedisServer(private=True, appendonly=True) as server:
        yield server


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
async def traces(
    request: pytest.FixtureRequest,
    journal: RedisServer,
    postgres_server: PostgresServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Traces:
    folder = tmp_path_factory.mktemp("leaks")
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{folder / 'sso.db'}" if sqlite else await postgres_server.create_database()
    with logs_into(folder / "log.txt"):
        async with open_world(folder, url, journal.url) as world:
            found = await scenario(world)
            found.audit = {event["event"] for table in TABLES for event in await events(world, table)}
            found.refusals = await counted(world)
            redis = world.service.ground.redis
            found.redis = {f"Redis {key!r}": key + b" " + await redis.get(key) async for key in redis.scan_iter()}
            found.files = files(folder / "sso.db") | files(journal.folder)
        found.files |= {f"{name}, closed": octets for name, octets in files(folder / "sso.db").items()}
    if not sqlite:
        found.files |= {"a dump": await asyncio.to_thread(dumped, url, folder)}
    found.logs = (folder / "log.txt").read_bytes()
    return found


@contextmanager
def logs_into(path: Path) -> Iterator[None]:
    """Log as in production, but into a file."""
    before = structlog.get_config()
    with path.open("w") as file:
        configure_logs()
        structlog.configure(logger_factory=structlog.PrintLoggerFactory(file), cache_logger_on_first_use=False)
        libraries = logging.StreamHandler(file)
        libraries.setLevel(logging.WARNING)
        logging.getLogger().addHandler(libraries)
        try:
            yield
        finally:
            logging.getLogger().removeHandler(libraries)
            structlog.configure(**before)


def dumped(url: str, folder: Path) -> bytes:
    """Return what pg_dump says of a database, and once more the octets that it writes as hexadecimal digits."""
    program = find_programs(folder).folder / "pg_dump"
    dump = subprocess.run([program, url], capture_output=True, timeout=60, check=True).stdout
    return dump + b"\n".join(bytes.fromhex(digits.decode()) for digits in re.findall(rb"\\\\x([0-9a-f]+)", dump))


def files(path: Path) -> dict[str, bytes]:
    """Return the files that begin with this path, or lie in this folder."""
    pattern = "**/*" if path.is_dir() else f"{path.name}*"
    folder = path if path.is_dir() else path.parent
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.glob(pattern) if file.is_file()}


async def scenario(world: World) -> Traces:
    """Do everything with the canaries in it, right and wrong."""
    company = await world.company()
    bsn = fresh_bsn()
    traces = Traces(bsn, company, [])

    def sign(**claims: object) -> str:
        claims = {"profInfo": PROFESSIONAL, "patientInfo": {"bsn": bsn, **PATIENT}, **claims}
        traces.launch_tokens.append(company.ehr.sign(world.claims(company, **claims)))
        return traces.launch_tokens[-1]

    async def noted(answer: httpx2.Response) -> httpx2.Response:
        await answer.aread()
        head = json.dumps([(name, value) for name, value in answer.headers.items()])
        name = f"answer {len(traces.answers)} to {answer.request.method}"
        traces.answers[name] = head.encode() + b"\n" + answer.content
        return answer

    world.client.event_hooks = {"response": [noted]}
    dossier = (await company.create_dossier(bsn)).json()
    await company.create_dossier(bsn[1:])
    await company.permission(bsn)
    await choose(world, bsn, dossier["dossierId"], "approved")
    await company.permission(bsn)
    await groups(world, company, bsn)
    token = sign(treatmentRelationshipId="1532")
    for _ in range(2):
        await diagnose(company, token)
        await company.launch(token)
    for refused in (
        flip(sign(), 1),
        sign(iat=1),
        sign(aud=bsn),
        sign(patientInfo={"bsn": f"{bsn}0", **PATIENT}),
        token,
    ):
        await diagnose(company, refused)
    browser = session_of(await company.launch_in_browser(sign()))
    await world.client.get("/sso/session", headers=browser)
    await world.client.get("/sso/session", headers={**browser, **PAGE})
    await company.launch(flip(sign(), 1))
    await company.launch(sign(iat=1))
    await company.launch(sign(sub=""))
    await company.launch_in_browser(sign(patientInfo={"bsn": f"{bsn}0", **PATIENT}))
    await company.launch(sign(treatmentRelationshipId="1532", patientInfo={"bsn": fresh_bsn(), **PATIENT}))
    await world.client.get("/sso/launch", params={"token": sign()})
    for wrong in ({"bsn": bsn, "x": bsn}, {bsn: 1}, {"bsn": f"{bsn}1"}, {"bsn": int(bsn)}, [bsn], {"bsn": [bsn]}):
        await world.client.post("/dossier", json=wrong, headers=company.bearer)
    await world.client.post("/dossier", content=f'{{"bsn":"{bsn}","bsn":"{bsn}"}}', headers=company.bearer)
    await world.client.post("/dossier", content=f'{{"bsn":"{bsn}', headers=company.bearer)
    for path in (f"/dossier/{bsn}", f"/dossier/{bsn}/", f"/dossier/{bsn}1/permission", f"/{bsn}", f"/dossier/{bsn}x"):
        for method in ("GET", "DELETE", "PUT"):
            await world.client.request(method, f"{path}?bsn={bsn}", headers={"X-Request-Id": bsn, **company.bearer})
            await world.client.request(method, path, headers=PAGE)
    await company.fetch_token(scope=bsn)
    credentials = {"companyId": company.company_id, "companySecret": f"{company.secret}x"}
    await world.client.post("/auth/token", json=credentials)
    await world.client.post("/auth/token", data={"grant_type": company.secret}, headers=company.basic)
    await world.client.post(
        "/company/keys", json={"jwk": company.ehr.key.as_dict(private=True)}, headers=company.bearer
    )
    await world.client.delete("/sso/session", headers=browser)
    await world.client.delete(f"/dossier/{bsn}", headers=company.bearer)
    await company.launch_in_browser(sign())  # a session that stays open
    return traces


async def groups(world: World, company: Company, bsn: str) -> None:
    """Make a dossier in a group and search it, right and wrong."""
    group = await create_group(company, GROUP_NAME)
    of_group, about = path_of(group), {"person": {**PERSON, "bsn": bsn}, "dossier": {"external_identifier": IDENTIFIER}}
    wrong: list[Any] = [{bsn: 1}, {"bsn": f"{bsn}1"}, {"bsn": [bsn]}]
    for body in (about, about, {bsn: {}}, *({"person": person} for person in wrong)):
        await world.client.post(of_group, json=body, headers=company.bearer)
    for query in ({"name": "papegaaienburg"}, {"name": bsn}, {"external_identifier": bsn}, {"cursor": bsn}, {bsn: bsn}):
        for path in (of_group, path_of(None)):
            await world.client.get(path, params=query, headers=company.bearer)
    await world.client.get(path_of(bsn), headers=company.bearer)


def test_there_is_something_to_search(traces: Traces) -> None:
    assert traces.logs.count(b'"event": "request"') > 40
    assert len(traces.answers) > 40
    assert len(traces.redis) >= 3
    assert traces.audit >= {
        "launch.accepted",
        "launch.refused",
        "token.diagnosed",
        "key.refused",
        "dossier.withheld",
        "permission.withheld",
        "group_dossier.created",
        "group_dossiers.searched",
    }
    assert sum(traces.refusals.values()) > 5
    assert sum(name.startswith("sso.db-wal") or name == "a dump" for name in traces.files) == 1
    assert b"sso:spent:" in b"".join(octets for name, octets in traces.files.items() if name.endswith(".aof"))
    company_id, found = traces.company.company_id, b"".join(traces.files.values())
    assert company_id.encode() in found or company_id.replace("-", "").encode() in found


def test_the_bsn_is_nowhere_in_any_form(traces: Traces) -> None:
    for form, octets in forms_of(traces.bsn).items():
        assert not [place for place, found in traces.everywhere().items() if octets.lower() in found.lower()], form


def test_no_launch_token_and_no_part_of_one_is_anywhere(traces: Traces) -> None:
    for token in traces.launch_tokens:
        for part in (token.encode(), token.split(".")[1].encode(), token.split(".")[2].encode()):
            assert not [place for place, found in traces.everywhere().items() if part in found]


def test_names_and_addresses_are_sealed_and_said_to_nobody(traces: Traces) -> None:
    for name in NAMES:
        octets = name.encode()
        assert not [place for place, found in traces.everywhere().items() if octets.lower() in found.lower()], name


def test_nothing_of_a_person_in_a_group_is_in_a_log_or_lies_open(traces: Traces) -> None:
    """What is told to its own company is in its answers, and nowhere else."""
    places = {"the log": traces.logs, **traces.redis, **traces.files}
    words = [word for name in ("firstname", "lastname") for word in PERSON[name].split() if len(word) > 4]
    for told in (*PERSON.values(), *words, IDENTIFIER, GROUP_NAME):
        octets = told.encode()
        assert not [place for place, found in places.items() if octets.lower() in found.lower()], told


def test_secrets_and_bearer_tokens_are_in_no_log_and_no_store(traces: Traces) -> None:
    company = traces.company
    places = {"the log": traces.logs, **traces.redis, **traces.files}
    private = company.ehr.key.as_dict(private=True)
    for secret in (company.secret, company.token, company.token.split(".")[2], str(private["d"])):
        assert not [place for place, found in places.items() if secret.encode() in found]


def test_a_private_key_or_a_secret_does_not_come_back(traces: Traces) -> None:
    private = traces.company.ehr.key.as_dict(private=True)
    for member in ("d", "p", "q", "dp", "dq", "qi"):
        assert not [place for place, found in traces.answers.items() if str(private[member]).encode() in found]
    assert not [place for place, found in traces.answers.items() if traces.company.secret.encode() in found]


def test_every_log_line_is_one_json_object(traces: Traces) -> None:
    for line in traces.logs.splitlines():
        assert isinstance(json.loads(line), dict), line
