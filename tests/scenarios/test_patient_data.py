"""What a patient may ask for (GDPR articles 15 and 17): all that is kept on them, and that it is erased."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Table

from common.audit.store_sql import EVENTS
from common.sql import DOSSIER, IDENTITY, PSEUDONIEM
from services.databases import PSEUDONIEM_OWNER
from services.patient_data import PLACES
from tests.support.audit import events
from tests.support.bsns import fresh_bsn
from tests.support.command import Ended, sso
from tests.support.ehr import PROFESSIONAL
from tests.support.patient import form_on
from tests.support.servers.redis_server import RedisServer
from tests.support.state import state_of
from tests.support.wire import problem, session_of
from tests.support.world import PAGE, Company, World, open_world


@pytest.fixture(scope="module")
async def world(redis_server: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """A world of its own, whose commands are run beside it."""
    folder = tmp_path_factory.mktemp("patients")
    async with open_world(folder, f"sqlite:///{folder / 'sso.db'}", redis_server.url) as opened:
        yield opened


async def command(world: World, monkeypatch: pytest.MonkeyPatch, name: str, *arguments: str, bsn: str = "") -> Ended:
    """Run `sso patient` beside the service, with a BSN on its standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{bsn}\n"))
    keys = {
        "SSO_KEYS__SEALING_FILE": str(world.folder / "sealing.key"),
        "SSO_KEYS__DIGEST_FILE": str(world.folder / "digest.key"),
    }
    waits = ["--wait", "0"] if name == "erase" else []
    return await asyncio.to_thread(
        sso, "patient", name, *arguments, *waits, SSO_DATABASE__URL=world.database_url, **keys
    )


async def filled(world: World, company: Company) -> tuple[str, dict[str, str]]:
    """Have something kept on a new patient everywhere; return the BSN and the cookie of a launched browser."""
    bsn = fresh_bsn()
    dossier = (await company.create_dossier(bsn)).json()["dossierId"]
    async with world.another_client() as patient:
        signed_in = await patient.post("/register", data={"bsn": bsn, "firstName": "Geertruida", "lastName": "Zwart"})
        cookie = {"Cookie": signed_in.headers["set-cookie"].partition(";")[0], **PAGE}
        form = form_on((await patient.get("/", headers=cookie)).text, "approved", dossier)
        assert (await patient.post(f"/consents/{dossier}", data=form, headers=cookie)).status_code == 303
    claims = world.claims(
        company, profInfo=PROFESSIONAL, treatmentRelationshipId=f"of {bsn[-4:]}",
        patientInfo={"bsn": bsn, "firstname": "Geertruida", "lastname": "Zwart", "email": "truus@example.nl"},
    )  # fmt: skip
    launched = await company.launch_in_browser(company.ehr.sign(claims))
    group = (await company.client.post("/api/v1/dossier_groups", json={"name": "Oost"}, headers=company.bearer)).json()
    person = {"bsn": bsn, "firstname": "Geertruida", "city": "Appelscha", "phone_home": "0516 000000"}
    record = {"dossier": {"external_identifier": f"x{bsn}"}, "person": person}
    made = await company.client.post(
        f"/api/v1/dossier_groups/{group['id']}/dossiers", json=record, headers=company.bearer
    )
    assert made.status_code == 200, made.text
    return bsn, session_of(launched)


async def test_what_is_exported_is_all_that_is_kept_and_never_the_bsn(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    company, other = await world.company("Praktijk De Linde"), await world.company("Apotheek Elders")
    bsn, _ = await filled(world, company)
    await other.create_dossier(bsn)
    another, _ = await filled(world, other)
    ended = await command(world, monkeypatch, "export", bsn=bsn)
    assert ended.code == 0, ended.err
    told: dict[str, Any] = json.loads(ended.out)
    assert {place.table.name for place in PLACES} <= told.keys()
    assert all(told[place.table.name] for place in PLACES)
    assert set(told["companies"].values()) == {"Praktijk De Linde", "Apotheek Elders"}
    assert len(told["dossiers"]) == 2
    assert [told["consents"][0][name] for name in ("choice", "language")] == ["approved", "en"]
    assert told["consents"][0]["shown"].startswith("If you approve: from that moment “Praktijk De Linde” may share")
    assert told["patients"] == [{"pseudoniem": told["pseudoniem"], "first_name": "Geertruida", "last_name": "Zwart"}]
    assert told["sessions"][0]["patient"]["email"] == "truus@example.nl"
    assert told["group_dossiers"][0]["record"]["person"]["city"] == "Appelscha"
    assert {event["event"] for event in told["audit"]["dossier"]} >= {"dossier.created", "consent.chosen"}
    assert "launch.accepted" in {event["event"] for event in told["audit"]["identity"]}
    assert bsn not in ended.out.replace(f"x{bsn}", "")
    assert another not in ended.out
    again = json.loads((await command(world, monkeypatch, "export", "--pseudoniem", told["pseudoniem"])).out)
    assert again["audit"]["identity"][-1]["event"] == "patient.exported"
    assert {name: again[name] for name in ("dossiers", "launches")} == {
        name: told[name] for name in ("dossiers", "launches")
    }


async def test_what_is_erased_is_gone_everywhere_but_in_the_audit(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = await world.company()
    (bsn, cookie), (kept, _) = await filled(world, company), await filled(world, company)
    before = json.loads((await command(world, monkeypatch, "export", bsn=bsn)).out)
    patient = UUID(before["pseudoniem"])
    ended = await command(world, monkeypatch, "erase", bsn=bsn)
    assert (ended.code, "Nothing is left but the audit." in ended.out) == (0, True), ended
    rows = [str(row) for name, table in (await state_of(world)).items() if name != "redis" for row in table]
    assert not [row for row in rows if str(patient) in row or patient.hex in row]
    problem(await company.client.get("/sso/session", headers=cookie), 401, "not_authenticated")
    problem(await company.permission(bsn), 403, "consent_missing")
    gone = await command(world, monkeypatch, "erase", bsn=bsn)
    assert (gone.code, "Nothing is kept" in gone.err) == (1, True)
    for table in EVENTS.values():
        said = await events(world, table, table.c.pseudoniem == patient)
        assert "patient.erased" in {event["event"] for event in said}, table.name
    assert len(await events(world, EVENTS["identity"], EVENTS["identity"].c.pseudoniem == patient)) >= 3
    assert (await company.permission(kept)).status_code == 200
    assert (await company.create_dossier(bsn)).status_code == 201  # and comes back as somebody new
    new = json.loads((await command(world, monkeypatch, "export", bsn=bsn)).out)
    assert new["pseudoniem"] != before["pseudoniem"]


async def test_an_erasure_that_was_interrupted_is_finished_by_its_pseudoniem(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = await world.company()
    bsn, _ = await filled(world, company)
    patient = json.loads((await command(world, monkeypatch, "export", bsn=bsn)).out)["pseudoniem"]
    database = world.service.ground.databases.by_owner[PSEUDONIEM_OWNER.name]
    async with database.transaction() as connection:  # as if it had ended after the first owner
        await connection.execute(PLACES[0].table.delete().where(PLACES[0].of(UUID(patient))))  # type: ignore[arg-type]
    assert (await command(world, monkeypatch, "erase", bsn=bsn)).code == 1
    ended = await command(world, monkeypatch, "erase", "--pseudoniem", patient)
    assert (ended.code, "dossiers: 1" in ended.out) == (0, True), ended


@pytest.mark.parametrize("bsn", ["", "123", "123456789", "12345678X"])
async def test_what_is_no_bsn_is_said_and_not_repeated(world: World, monkeypatch: pytest.MonkeyPatch, bsn: str) -> None:
    ended = await command(world, monkeypatch, "erase", bsn=bsn)
    assert (ended.code, "no BSN" in ended.err) == (2, True)
    assert not bsn or bsn not in ended.err + ended.out


def test_no_table_that_names_a_patient_is_left_out() -> None:
    def named(table: Table) -> bool:
        parents = [key.column.table for key in table.foreign_keys if key.ondelete != "CASCADE"]
        return "pseudoniem" in table.c or any("pseudoniem" in parent.c for parent in parents)

    tables = [table for metadata in (IDENTITY, PSEUDONIEM, DOSSIER) for table in metadata.sorted_tables]
    known = {place.table.name for place in PLACES} | {table.name for table in EVENTS.values()}
    assert [table.name for table in tables if named(table) and table.name not in known] == []
