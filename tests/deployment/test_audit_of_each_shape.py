"""Each owner writes its own audit, in its own database, whatever process it is in; one request has one id in all."""

from uuid import UUID

import httpx2
from sqlalchemy import select

from common.audit.store_sql import EVENTS
from common.clock import wall_clock
from common.sql import Database
from tests.support.bsns import fresh_bsn
from tests.support.deployment import Deployment
from tests.support.ehr import PROFESSIONAL


async def said(deployment: Deployment, answer: httpx2.Response) -> dict[str, list[str]]:
    """Return the names of the events of the request that this is the answer to, by owner."""
    request, found = UUID(answer.headers["x-request-id"]), {}
    for owner, table in EVENTS.items():
        database = Database(deployment.databases[owner])
        async with database.read() as connection:
            rows = await connection.execute(select(table).where(table.c.request_id == request).order_by(table.c.id))
            found[owner] = [row.event for row in rows]
        await database.close()
    return found


async def test_each_owner_has_the_events_of_its_own_decisions_under_one_request_id(
    deployment: Deployment, client: httpx2.AsyncClient
) -> None:
    company, bsn = await deployment.company(client), fresh_bsn()
    apart = len(deployment.services) > 1
    given = ["pseudoniem.given"] if apart else []

    created = await company.create_dossier(bsn)
    assert await said(deployment, created) == {
        "identity": [], "pseudoniem": ["pseudoniem.made", *given], "dossier": ["dossier.created"]
    }  # fmt: skip
    refused = await company.permission(bsn)
    assert await said(deployment, refused) == {"identity": [], "pseudoniem": given, "dossier": ["permission.withheld"]}
    claims = company.ehr.claims(wall_clock(), profInfo=PROFESSIONAL, patientInfo={"bsn": bsn})
    launched = await company.launch(company.ehr.sign(claims))
    assert await said(deployment, launched) == {"identity": ["launch.accepted"], "pseudoniem": given, "dossier": []}

    of_launch = {"Authorization": f"Bearer {launched.json()['accessToken']}"}
    wrong_role = await client.post("/dossier", json={"bsn": bsn}, headers=of_launch)
    events = await said(deployment, wrong_role)
    assert events == {
        "identity": [] if apart else ["bearer.refused"],
        "pseudoniem": [],
        "dossier": ["bearer.refused"] if apart else [],
    }
