"""A service or a worker that is gone: no, said clearly and in time, and back to work by itself."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.support.bsns import fresh_bsn
from tests.support.deployment import APART, AT_OUR_NAME, OWNERS, Deployment, Service, Shape, claims_of, workers_of
from tests.support.servers.postgres_server import PostgresServer
from tests.support.wire import problem, soon


@pytest.fixture(scope="module")
async def shape(postgres_server: PostgresServer) -> Shape:
    """Four services, so that one can fail alone."""
    return Shape(APART, 1, {owner: await postgres_server.create_database() for owner in OWNERS})


async def in_time(call: Awaitable[httpx2.Response]) -> httpx2.Response:
    """Return the answer, after checking that it came within a second."""
    started = time.monotonic()
    answer = await call
    assert time.monotonic() - started < 1
    return answer


@pytest.mark.parametrize("fault", ["stopped", "hung"])
@pytest.mark.alone
async def test_without_the_pseudoniem_service_nothing_is_decided_and_nothing_half_written(
    deployment: Deployment, client: httpx2.AsyncClient, fault: str
) -> None:
    company, known, fresh = await deployment.company(client), fresh_bsn(), fresh_bsn()
    await company.create_dossier(known)
    token = company.ehr.sign(claims_of(company, patientInfo={"bsn": known}))
    pseudoniem = deployment.services["pseudoniem"]

    with gone(pseudoniem, fault):
        calls: list[Callable[[], Awaitable[httpx2.Response]]] = [
            lambda: company.create_dossier(fresh),
            lambda: company.permission(known),
            lambda: client.delete(f"/dossier/{known}", headers=company.bearer),
            lambda: client.post("/dossier/permissions", json={"bsns": [known, fresh]}, headers=company.bearer),
            lambda: company.launch(token),
        ]
        for call in calls:
            answer = await in_time(call())
            problem(answer, 503, "unavailable")
            assert answer.headers["retry-after"]
        assert (await client.get("/dossier", headers=company.bearer)).status_code == 200  # it needs no BSN

    await soon(lambda: company.permission(known), 403)
    assert len((await client.get("/dossier", headers=company.bearer)).json()["items"]) == 1
    assert (await company.launch(token)).status_code == 200  # it was not spent


@pytest.mark.parametrize("fault", ["stopped", "hung"])
@pytest.mark.alone
async def test_without_the_identity_service_nobody_is_let_in_at_the_others(
    deployment: Deployment, client: httpx2.AsyncClient, fault: str
) -> None:
    company = await deployment.company(client)
    assert (await client.get("/dossier", headers=company.bearer)).status_code == 200
    with gone(deployment.services["identity"], fault):
        problem(await in_time(client.get("/dossier", headers=company.bearer)), 503, "unavailable")
    await soon(lambda: client.get("/dossier", headers=company.bearer), 200)


@pytest.mark.alone
async def test_a_service_that_starts_before_the_others_waits_for_nobody(
    deployment: Deployment, client: httpx2.AsyncClient
) -> None:
    """Nothing is fetched at the start, so the order in which the services start does not matter."""
    company = await deployment.company(client)
    dossier, identity = deployment.services["dossier"], deployment.services["identity"]
    with gone(identity, "stopped"):
        dossier.stop()
        dossier.start()
        problem(await in_time(client.get("/dossier", headers=company.bearer)), 503, "unavailable")
    await soon(lambda: client.get("/dossier", headers=company.bearer), 200)


@pytest.mark.alone
async def test_without_the_dossier_service_the_patient_is_shown_a_page_that_says_so(deployment: Deployment) -> None:
    bsn = fresh_bsn()
    async with deployment.client() as patient:
        await deployment.sign_in(patient, bsn)
        with gone(deployment.services["dossier"], "stopped"):
            page = await in_time(patient.get("/", headers={"Accept": "text/html"}))
            assert (page.status_code, "not available" in page.text) == (503, True)
        assert (await soon(lambda: patient.get("/"), 200)).status_code == 200


async def test_a_service_apart_serves_its_own_paths_alone(deployment: Deployment) -> None:
    own = {"identity": "/company", "pseudoniem": "/pseudoniem/123456782", "dossier": "/dossier", "website": "/sign-out"}
    for name, service in deployment.services.items():
        async with httpx2.AsyncClient(base_url=service.address, headers=AT_OUR_NAME) as direct:
            found = {owner for owner, path in own.items() if (await direct.get(path)).status_code != 404}
            assert found == {name}


@pytest.mark.parametrize("path", ["tokens/standing", "launches/patient", "patients/session", "patients/sign-out"])
async def test_what_services_ask_each_other_is_answered_to_them_alone(
    deployment: Deployment, client: httpx2.AsyncClient, path: str
) -> None:
    company, dossier = await deployment.company(client), await deployment.internal(client, "dossier")
    problem(await client.post(f"/internal/{path}", json={}), 401, "not_authenticated")
    problem(await client.post(f"/internal/{path}", json={}, headers=company.bearer), 403, "permission_denied")
    for_patients = path.startswith("patients")
    answer = await client.post(f"/internal/{path}", json={"token": "x"}, headers=dossier)
    assert answer.status_code == (403 if for_patients else 422)


@pytest.mark.alone
async def test_a_launch_without_the_dossier_service_says_so_and_its_token_stays_spent(
    deployment: Deployment, client: httpx2.AsyncClient
) -> None:
    company = await deployment.company(client)
    token = company.ehr.sign(claims_of(company, patientInfo={"bsn": fresh_bsn()}))
    with gone(deployment.services["dossier"], "hung"):
        problem(await in_time(company.launch(token)), 503, "unavailable")
    problem(await company.launch(token), 401, "token_replayed")


async def test_a_service_at_the_wrong_address_is_no_answer_about_a_patient(
    deployment: Deployment, client: httpx2.AsyncClient
) -> None:
    """Another service has other paths, and says so with a 404; that is not what `not found` means."""
    company = await deployment.company(client)
    wrong = Service("dossier", 1)
    elsewhere = deployment.services["website"].address
    wrong.settings = deployment.services["dossier"].settings | {"SSO_PEERS__PSEUDONIEM_URL": elsewhere}
    with wrong:
        async with httpx2.AsyncClient(base_url=wrong.address, headers=AT_OUR_NAME) as there:
            refused = await there.post("/dossier", json={"bsn": fresh_bsn()}, headers=company.bearer)
            problem(refused, 503, "unavailable")
        wrong.stop()  # what it says is written beside its work
        assert '"service": "pseudoniem"' in wrong.log()
        assert "status 404" in wrong.log()


@pytest.fixture
def two_workers(deployment: Deployment) -> Iterator[Service]:
    """The pseudoniem service once more, in two workers."""
    service = Service("pseudoniem", 2)
    service.settings = deployment.services["pseudoniem"].settings
    with service:
        yield service


async def test_a_worker_that_dies_is_replaced_while_the_other_answers(two_workers: Service) -> None:
    first = workers_of(two_workers.pid)
    os.kill(first[0], signal.SIGKILL)
    async with httpx2.AsyncClient(base_url=two_workers.address, headers=AT_OUR_NAME) as client:
        end = time.monotonic() + 20
        while len(workers_of(two_workers.pid)) < 2 or set(workers_of(two_workers.pid)) == set(first):
            assert (await client.get("/healthz")).status_code == 200
            assert time.monotonic() < end
            await asyncio.sleep(0)
    assert "worker died" in two_workers.log()


async def test_workers_that_cannot_start_again_disturb_none_that_serve(
    two_workers: Service, postgres_server: PostgresServer
) -> None:
    """With the database gone a successor fails at its start; the other worker stays."""
    first = workers_of(two_workers.pid)
    async with postgres_server.refusing(two_workers.settings["SSO_DATABASE__PSEUDONIEM_URL"]):
        os.kill(first[0], signal.SIGKILL)
        async with httpx2.AsyncClient(base_url=two_workers.address, headers=AT_OUR_NAME) as client:
            end = time.monotonic() + 30
            while two_workers.log().count("worker died") < 2:
                assert (await client.get("/healthz")).status_code == 200
                assert time.monotonic() < end
                await asyncio.sleep(0)
    end = time.monotonic() + 30
    while len(workers_of(two_workers.pid)) < 2:
        assert time.monotonic() < end
        await asyncio.sleep(0)


def test_workers_end_in_order_with_the_one_that_started_them(two_workers: Service) -> None:
    workers = workers_of(two_workers.pid)
    assert len(workers) == 2
    two_workers.ask_to_stop()
    assert two_workers.wait() == 0
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)
    assert "Traceback" not in two_workers.log()


def test_workers_do_not_outlive_the_one_that_started_them(two_workers: Service) -> None:
    workers = workers_of(two_workers.pid)
    os.kill(two_workers.pid, signal.SIGKILL)
    two_workers.wait()
    end = time.monotonic() + 10
    while any(alive(worker) for worker in workers):
        assert time.monotonic() < end


def test_what_is_wrong_is_said_once_however_many_workers_there_would_be(deployment: Deployment) -> None:
    service = Service("pseudoniem", 3)
    service.settings = deployment.services["pseudoniem"].settings | {"SSO_DATABASE__PSEUDONIEM_URL": "sqlite:////x/y"}
    with pytest.raises(RuntimeError) as refused:
        service.start()
    service.close()
    assert str(refused.value).count("sso: ") == 1
    assert "cannot be used" in str(refused.value)


@contextmanager
def gone(service: Service, fault: str) -> Iterator[None]:
    """Have a service stopped or hung, and there again after."""
    if fault == "hung":
        service.pause()
    else:
        service.stop()
    try:
        yield
    finally:
        service.resume() if fault == "hung" else service.start()


def alive(pid: int) -> bool:
    """Return whether a process runs; one that ended and that nobody has asked about does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
