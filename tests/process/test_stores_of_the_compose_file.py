"""PostgreSQL and Redis as docker-compose.yml sets them up: who may do what in them, with which password."""
# mypy: disable-error-code="import-untyped"

import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import asyncpg
import pytest
from redis.exceptions import AuthenticationError, NoPermissionError

from common.errors import RateLimited
from common.limits import Counted
from common.settings import Settings
from common.settings_source import read_settings
from services.databases import urls_of
from services.limits_redis import RedisLimiter
from services.openid.wiring import PREFIX
from services.redis_client import TogetherRedis, open_redis
from services.required import REDIS
from sso.verifier.replay_redis import RedisReplayGuard
from tools.stack import programs
from tools.stack.compose_file import ROOT, canonical, containers
from tools.stack.running import free_addresses
from tools.stack.translation import Translation, translate

OWNERS = ("identity", "pseudoniem", "dossier")
SERVICES = (*OWNERS, "website")


@pytest.fixture(scope="module")
def translations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Translation]:
    """The world of each container."""
    place = tmp_path_factory.mktemp("place")
    subprocess.run(["/bin/sh", str(ROOT / "tools/secrets.sh"), str(place)], capture_output=True, check=True)
    everyone = containers(canonical(place))
    addresses = dict(zip([one.name for one in everyone], free_addresses(len(everyone)), strict=True))
    return {one.name: translate(one, addresses, one.fixed, place / "containers" / one.name) for one in everyone}


@pytest.fixture(scope="module")
def settings(translations: dict[str, Translation]) -> dict[str, Settings]:
    """What each service is given."""
    return {name: read_settings(translations[name].environment()).settings for name in SERVICES}


@pytest.fixture(scope="module")
def redis(translations: dict[str, Translation]) -> Iterator[programs.Redis]:
    """The Redis of the file."""
    with programs.Redis(translations["redis"]) as server:
        yield server


@pytest.fixture(scope="module")
def postgres(translations: dict[str, Translation]) -> Iterator[programs.Postgres]:
    """The PostgreSQL of the file."""
    with programs.Postgres(translations["postgres"]) as server:
        yield server


@asynccontextmanager
async def connected(settings: Settings) -> AsyncIterator[TogetherRedis]:
    client = open_redis(REDIS.of(settings))
    try:
        yield client
    finally:
        await client.aclose()


@pytest.mark.usefixtures("redis")
async def test_identity_spends_tokens(settings: dict[str, Settings]) -> None:
    async with connected(settings["identity"]) as client:
        guard = RedisReplayGuard(client)
        assert [await guard.spend("a token", timedelta(minutes=1)) for _ in range(2)] == [True, False]
        assert [await guard.is_spent(token) for token in ("a token", "another")] == [True, False]


@pytest.mark.usefixtures("redis")
@pytest.mark.parametrize("name", SERVICES)
async def test_every_service_counts(name: str, settings: dict[str, Settings]) -> None:
    async with connected(settings[name]) as client:
        limiter = RedisLimiter(client, dict.fromkeys(Counted, 1))
        await limiter.admit(Counted.LAUNCHES, name)
        with pytest.raises(RateLimited):
            await limiter.admit(Counted.LAUNCHES, name)


@pytest.mark.usefixtures("redis")
@pytest.mark.parametrize("name", ["pseudoniem", "dossier", "website"])
async def test_no_other_service_touches_what_is_spent(name: str, settings: dict[str, Settings]) -> None:
    async with connected(settings[name]) as client:
        with pytest.raises(NoPermissionError):
            await client.delete("sso:spent:a token")


@pytest.mark.usefixtures("redis")
async def test_the_website_and_no_other_owner_remembers_which_sign_in_has_been_used(
    settings: dict[str, Settings],
) -> None:
    async with connected(settings["website"]) as client:
        guard = RedisReplayGuard(client, PREFIX)
        assert [await guard.spend("a sign-in", timedelta(minutes=1)) for _ in range(2)] == [True, False]
    async with connected(settings["dossier"]) as client:
        with pytest.raises(NoPermissionError):
            await client.get(f"{PREFIX}a sign-in")


@pytest.mark.usefixtures("redis")
@pytest.mark.parametrize(
    "command",
    ["FLUSHALL", "KEYS *", "SCAN 0", "RANDOMKEY", "DBSIZE", "SCRIPT FLUSH", "CONFIG GET *", "ACL LIST", "SHUTDOWN"],
)
async def test_no_service_looks_round_or_clears_everything(command: str, settings: dict[str, Settings]) -> None:
    async with connected(settings["identity"]) as client:
        with pytest.raises(NoPermissionError):
            await client.execute_command(*command.split())


@pytest.mark.usefixtures("redis")
async def test_without_a_password_redis_says_that_it_lives_and_nothing_else(
    translations: dict[str, Translation],
) -> None:
    async with connected(
        Settings.model_validate({"redis": {"url": f"redis://{translations['redis'].address}:6379/0"}})
    ) as client:
        assert await client.ping()
        with pytest.raises((NoPermissionError, AuthenticationError)):
            await client.get("sso:ready")


async def test_redis_keeps_what_it_is_told(redis: programs.Redis, settings: dict[str, Settings]) -> None:
    async with connected(settings["identity"]) as client:
        assert (await client.info("memory"))["maxmemory_policy"] == "noeviction"
        assert (await client.info("persistence"))["aof_enabled"] == 1
    data = redis.translation.files["/data"]
    assert data.parts[-2:] == ("data", "redis")
    assert [file for file in data.rglob("*") if file.suffix == ".aof"]


@pytest.mark.usefixtures("postgres")
@pytest.mark.parametrize("owner", OWNERS)
async def test_an_owner_makes_tables_in_its_database_and_connects_to_no_other(
    owner: str, settings: dict[str, Settings]
) -> None:
    (url,) = urls_of(settings[owner].database).values()
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE own (id int)")
    await connection.close()
    for other in {*OWNERS, "postgres", "template1"} - {owner}:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(urlsplit(url)._replace(path=f"/{other}").geturl())


@pytest.mark.usefixtures("postgres")
async def test_an_owner_is_let_in_with_its_password_alone(settings: dict[str, Settings]) -> None:
    url = urls_of(settings["dossier"].database)["dossier"]
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(url.replace(urlsplit(url).password or "", "wrong"))
