"""The internal token of a service: fetched once for all who need it, kept for ten minutes, and not given up in need."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx2
import pytest
from joserfc.jwk import ECKey

from common.errors import Unavailable
from keys.service_keys import ServiceKey, read_private_key
from services.peers.own_keys import FRESH, GOOD, PublishedKeys
from services.peers.token import KEPT, FetchedToken, token_client
from tests.support.network import Network
from tests.support.own_keys import signing_kid
from tests.support.races import at_once
from tests.support.world import ISSUER, KEYED, World

ENDPOINT = "/auth/token/internal"
INSIDE = "http://identity:8080"
"""Where our services ask each other, which is not our public URL."""
KEY_SET = "/.well-known/jwks.json"


@dataclass
class Seconds:
    """A clock that the test sets."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def network(world: World) -> Network:
    return world.network()


@pytest.fixture(params=["a key", "a secret"])
async def token(
    request: pytest.FixtureRequest, world: World, network: Network, seconds: Seconds
) -> AsyncIterator[FetchedToken]:
    """The token of a service that proves who it is by a key, and of the demo's, which has a secret."""
    credential: ServiceKey | str = read_private_key(world.folder / f"{KEYED}.private.pem")
    name = KEYED
    if request.param == "a secret":
        service = json.loads((world.folder / "demo-service.json").read_text())
        name, credential = service["clientId"], service["clientSecret"]
    async with token_client(name, credential, ISSUER, world.clock, network) as client:
        yield FetchedToken(client, f"{INSIDE}{ENDPOINT}", seconds)


@pytest.fixture
async def keys(network: Network, seconds: Seconds) -> AsyncIterator[PublishedKeys]:
    async with httpx2.AsyncClient(transport=network, base_url=ISSUER) as client:
        yield PublishedKeys(client, seconds)


async def test_a_token_is_good_and_kept_for_ten_of_its_fifteen_minutes(
    world: World, network: Network, token: FetchedToken, seconds: Seconds
) -> None:
    first = await token.get()
    asked = await world.client.get("/pseudoniem/123456782", headers={"Authorization": f"Bearer {first}"})
    assert asked.status_code == 200
    seconds.now += KEPT - 1
    assert await token.get() == first
    seconds.now += 1
    assert await token.get() != first
    assert (KEPT, network.asked[ENDPOINT]) == (600, 2)


async def test_many_who_need_a_token_at_once_fetch_one(network: Network, token: FetchedToken) -> None:
    assert len(set(await at_once(50, lambda _: token.get()))) == 1
    assert network.asked[ENDPOINT] == 1


async def test_a_token_that_was_refused_is_not_used_again(
    network: Network, token: FetchedToken, seconds: Seconds
) -> None:
    first = await token.get()
    token.refused(first)
    assert await token.get() == first  # a new one would be refused as well
    seconds.now += 5
    token.refused(first)
    second = await token.get()
    token.refused(first)  # somebody else noticed later: the new one is good
    assert first != second == await token.get()
    assert network.asked[ENDPOINT] == 2


async def test_where_none_can_be_fetched_the_old_one_is_used_while_it_is_good(
    network: Network, token: FetchedToken, seconds: Seconds
) -> None:
    first = await token.get()
    network.cut = True
    seconds.now += 869
    assert await token.get() == first
    network.cut = False
    assert await token.get() == first  # not every call tries anew
    network.cut = True
    seconds.now += 1
    with pytest.raises(Unavailable):
        await token.get()
    network.cut = False
    assert await token.get() != first


async def test_a_service_that_is_not_registered_has_no_token(world: World, network: Network) -> None:
    other_key = ServiceKey("x", "ES256", ECKey.generate_key("P-256"))
    for name, credential in (("demo", "another secret"), (KEYED, other_key), ("nobody", other_key)):
        async with token_client(name, credential, ISSUER, world.clock, network) as client:
            with pytest.raises(Unavailable, match="identity service"):
                await FetchedToken(client, f"{INSIDE}{ENDPOINT}").get()


async def test_our_own_keys_are_fetched_once_for_all_and_again_after_a_second(
    world: World, network: Network, keys: PublishedKeys, seconds: Seconds
) -> None:
    kid, now = signing_kid(world.service.identity.rings.access, world.clock()), world.clock()
    found = await at_once(20, lambda _: keys.key(kid, now))
    assert {key.thumbprint() for key in found if key} == {kid}
    assert not any(key.is_private for key in found if key)
    seconds.now += FRESH - 0.1
    for number in range(20):
        assert await keys.key(f"a name that anyone can think of {number}", now) is None
    assert network.asked[KEY_SET] == 1
    seconds.now += 0.1
    await keys.key(kid, now)
    assert (FRESH, network.asked[KEY_SET]) == (1, 2)


async def test_a_key_for_launch_tokens_is_no_key_for_access_tokens(world: World, keys: PublishedKeys) -> None:
    now = world.clock()
    assert await keys.key(signing_kid(world.service.identity.rings.sso, now), now) is None
    assert await keys.key(None, now) is None


async def test_keys_that_are_there_are_good_for_five_seconds_when_the_set_cannot_be_fetched(
    world: World, network: Network, keys: PublishedKeys, seconds: Seconds
) -> None:
    kid, now = signing_kid(world.service.identity.rings.access, world.clock()), world.clock()
    network.cut = True
    with pytest.raises(Unavailable):
        await keys.key(kid, now)
    network.cut = False
    assert await keys.key(kid, now)
    network.cut = True
    seconds.now += GOOD - 0.1
    assert await keys.key(kid, now)
    seconds.now += 0.1
    with pytest.raises(Unavailable):
        await keys.key(kid, now)
    network.cut = False
    assert await keys.key(kid, now)
    assert GOOD == 5
