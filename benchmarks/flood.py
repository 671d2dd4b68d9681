"""How long another company's launches take while one address sends bad signatures: `make bench-flood`.

One `sso serve all` behind the gateway of `deploy/gateway`, with its own Redis and PostgreSQL and the limits of
production. A company launches at a steady pace from 127.0.0.1, whether or not earlier launches have been answered (so
that waiting counts). First alone, then while another process sends tokens with a company's `kid` and a false signature,
from another address, as fast as it is told to. Five at once and ten a second get through the gateway and are verified
and refused, the rest waits there or is 429 without a look.

Service, stores, company and flood share this machine's processors: a flood that costs the sender as much as it costs
us shows here as slower launches, so the figures are an upper bound.
"""

import argparse
import asyncio
import multiprocessing
import os
import re
import shutil
import statistics
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.support.deployment import AT_OUR_NAME, OWNERS, Deployment, claims_of
from tests.support.ehr import flip
from tests.support.servers.loopback import HOST, die_with_parent
from tests.support.servers.postgres_server import PostgresServer
from tests.support.servers.process import ServerProcess
from tests.support.servers.redis_server import RedisServer
from tests.support.world import Company

SPAWN = multiprocessing.get_context("spawn")
FLOODERS = "127.0.0.{}"
"""Other addresses of this machine, one for each phase: Linux answers to all of 127.0.0.0/8."""
CONNECTIONS = 64


CONFIGURATION = Path(__file__).parents[1] / "deploy" / "gateway" / "nginx.conf"


class Gateway(ServerProcess):
    """The gateway, with one process behind it that has all services. Raises RuntimeError where there is no nginx."""

    def __init__(self, behind: int) -> None:
        super().__init__(None)
        self._behind = behind

    def _prepare(self) -> None:
        text = re.sub(r"http://\w+:8080", f"http://{HOST}:{self._behind}", CONFIGURATION.read_text())
        text = text.replace("0.0.0.0:8080", f"{HOST}:{self.port}").replace("/tmp/", f"{self.folder}/")  # noqa: S108 - nginx's own
        (self.folder / "nginx.conf").write_text(text)

    def _command(self) -> list[str]:
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin")
        if program is None:
            raise RuntimeError("no nginx: install it (Debian: apt-get install nginx-light)")
        words = ["-c", str(self.folder / "nginx.conf"), "-g", "daemon off; user root;"]  # the folder is ours alone
        return [*die_with_parent("TERM"), program, *words]

    def _ready(self) -> bool:
        try:
            return httpx2.get(f"http://{HOST}:{self.port}/healthz", headers=AT_OUR_NAME).is_success
        except httpx2.TransportError:
            return False


@dataclass(frozen=True)
class Phase:
    """What one phase showed: seconds that each launch took, and how the flood was answered."""

    name: str
    seconds: list[float]
    refused: Counter[int]
    lasted: float
    processor: float
    """Seconds of processor time that the service took: what others do on this machine does not show in it."""

    def line(self) -> str:
        """Return the figures in one line, in milliseconds."""
        ordered = sorted(self.seconds)
        p50, p99 = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
        flood = sum(self.refused.values())
        said = f"{self.name:<22} {len(ordered):>5} launches  p50 {p50 * 1000:6.1f} ms  p99 {p99 * 1000:6.1f} ms"
        return (
            f"{said}  processor {self.processor:5.1f} s  flood {flood / self.lasted:6.0f}/s {dict(self.refused) or ''}"
        )


async def launches(company: Company, per_second: float, seconds: float) -> list[float]:
    """Launch at a steady pace; return how long each took. Raises RuntimeError if one is refused."""
    tokens = [company.ehr.sign(claims_of(company)) for _ in range(int(per_second * seconds))]
    began, tasks = time.perf_counter(), []

    async def launch(token: str, due: float) -> float:
        answer = await company.launch(token)
        if answer.status_code != httpx2.codes.OK:
            raise RuntimeError(answer.text)
        return time.perf_counter() - due

    for number, token in enumerate(tokens):
        due = began + number / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(launch(token, due)))
    return list(await asyncio.gather(*tasks))


def flood(
    address: str,
    port: int,
    token: str,
    per_second: float,
    seconds: float,
    results: "multiprocessing.Queue[Counter[int]]",
) -> None:
    """Be the flooding process."""
    results.put(asyncio.run(_flood(address, port, token, per_second, seconds)))


async def _flood(address: str, port: int, token: str, per_second: float, seconds: float) -> Counter[int]:
    body = f"token={token}".encode()
    head = f"POST /sso/launch HTTP/1.1\r\nHost: sso.example\r\nContent-Length: {len(body)}\r\n"
    request = f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode() + body
    answers: Counter[int] = Counter()
    end = time.perf_counter() + seconds

    async def one_connection(number: int) -> None:
        reader, writer = await asyncio.open_connection(HOST, port, local_addr=(address, 0))
        due = time.perf_counter() + number / per_second
        while time.perf_counter() < end:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            due = max(due, time.perf_counter() - 1) + CONNECTIONS / per_second
            writer.write(request)
            try:
                answer = await reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):  # the gateway has had enough of this connection
                writer.close()
                reader, writer = await asyncio.open_connection(HOST, port, local_addr=(address, 0))
                continue
            length = next(int(line[15:]) for line in answer.lower().split(b"\r\n") if line[:15] == b"content-length:")
            await reader.readexactly(length)
            answers[int(answer.split(b" ", 2)[1])] += 1
        writer.close()

    await asyncio.gather(*(one_connection(number) for number in range(CONNECTIONS)))
    return answers


async def measure(deployment: Deployment, port: int, options: argparse.Namespace) -> list[Phase]:
    """Return the phases: alone, with the flood, alone again."""
    service = deployment.services["all"]
    phases: list[Phase] = []
    everyone = httpx2.Limits(max_connections=None, max_keepalive_connections=100)
    address = f"http://{HOST}:{port}"
    async with httpx2.AsyncClient(base_url=address, headers=AT_OUR_NAME, limits=everyone, timeout=30) as client:
        company, flooded = await deployment.company(client), await deployment.company(client)
        bad = flip(flooded.ehr.sign(claims_of(flooded)), 2)
        await launches(company, 10, 2)  # opens the connections
        for name, rate in (
            ("alone", 0.0),
            *((f"flood of {rate:.0f}/s", rate) for rate in options.rates),
            ("alone again", 0.0),
        ):
            results: multiprocessing.Queue[Counter[int]] = SPAWN.Queue()
            arguments = (FLOODERS.format(len(phases) + 1), port, bad, rate, options.seconds, results)
            flooder = SPAWN.Process(target=flood, args=arguments) if rate else None
            before = processor_seconds(service.pid)
            if flooder:
                flooder.start()
            seconds = await launches(company, options.pace, options.seconds)
            answered = await asyncio.to_thread(results.get) if flooder else Counter[int]()
            phases.append(Phase(name, seconds, answered, options.seconds, processor_seconds(service.pid) - before))
    return phases


def processor_seconds(pid: int) -> float:
    """Return how long a process has computed, in its own code and in the kernel (proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0, help="how long each phase lasts")
    parser.add_argument("--pace", type=float, default=8.0, help="launches a second of the other company (limit: 10)")
    parser.add_argument("--rates", type=float, nargs="+", default=[200.0, 1000.0], help="bad signatures a second")
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        RedisServer(private=True) as redis,
        PostgresServer(private=True) as postgres,
    ):
        database = asyncio.run(postgres.create_database())
        deployment = Deployment(
            Path(folder), dict.fromkeys(OWNERS, database), redis.url, ("all",), 1, SSO_ISSUER__PROXIES=HOST
        )
        deployment.services["all"].start_seconds = 120.0
        try:
            deployment.start()
            with Gateway(deployment.services["all"].port) as gateway:
                for phase in asyncio.run(measure(deployment, gateway.port, options)):
                    print(phase.line())
        finally:
            deployment.close()


if __name__ == "__main__":
    main()
