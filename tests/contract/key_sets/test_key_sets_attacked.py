"""Key sets of companies that get everything wrong, on purpose: a key that is out stays out, and nobody else notices."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import select

from common.errors import Conflict, JwksUriRejected, KeyRejected, RateLimited, Unavailable
from identity.companies.admission import Admission
from identity.companies.model import Status
from identity.companies.store_sql import SqlCompanies
from identity.companies.withdrawal import KeyWithdrawal
from keys.key_sets.service import COOLDOWN, MAX_STALENESS, RETRY, KeySets
from keys.remote import MAX_AGE
from keys.store_sql import company_keys
from schemas.identifiers import CompanyId
from tests.support.ehr import Ehr
from tests.support.key_instances import Instance, keys, put
from tests.support.key_server import KeyServer, endlessly, key_set
from tests.support.memory import partner_key


def resolving(sets: KeySets, before: Callable[[], Awaitable[object]]) -> KeySets:
    """Return the same with something that happens while a set is being fetched."""

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        await before()
        return ["127.0.0.1"]

    fetcher = replace(sets.fetcher, resolve=resolve)
    return replace(sets, fetcher=fetcher, put_fetcher=fetcher)


async def suspend(instance: Instance, company_id: CompanyId) -> None:
    assert await SqlCompanies(instance.database).set_status(company_id, Status.SUSPENDED, was=Status.ACTIVE)


def withdrawal(instance: Instance) -> KeyWithdrawal:
    admission = Admission(SqlCompanies(instance.database), instance.audit, instance.clock)
    return KeyWithdrawal(admission, instance.sets.store)


def exposed(ehr: Ehr) -> dict[str, object]:
    return {**ehr.key.as_dict(private=True), "kid": ehr.kid}


async def skipped_by(instance: Instance, company_id: CompanyId, server: KeyServer, *listed: object) -> list[str]:
    """Return why keys of a set are not taken, whether others are or not."""
    server.answers = key_set(*listed)  # type: ignore[arg-type]
    try:
        found, _ = await instance.sets.put(company_id, server.uri)
    except JwksUriRejected as error:
        return [reason for _, reason in error.skipped]
    return [one.reason for one in found.skipped]


async def read_again(instance: Instance, seconds: float = MAX_AGE) -> None:
    instance.clock.forward(seconds=seconds)
    await instance.sets.refresh_due()


async def fault() -> None:
    raise RuntimeError("a fault of ours")


async def no_database() -> None:
    raise Unavailable("the database")


async def test_a_fault_while_a_set_is_read_is_a_failure_like_any_other_and_is_told_for_each_set(
    instance: Instance, company: CompanyId, other: CompanyId, server: KeyServer
) -> None:
    one, two = keys(2)
    await put(instance, company, server, one)
    await put(instance, other, server, two)
    instance.clock.forward(seconds=MAX_AGE)
    with pytest.raises(ExceptionGroup) as caught:
        await resolving(instance.sets, fault).refresh_due()
    assert [type(error) for error in caught.value.exceptions] == [RuntimeError] * 2
    for whose in (company, other):
        assert (await instance.sets.show(whose))[0].failure == "connection"
    instance.clock.forward(seconds=RETRY.total_seconds() - COOLDOWN.total_seconds())
    assert await instance.sets.store.due(instance.clock(), 9) == []


@pytest.mark.parametrize("trouble", [fault, no_database])
async def test_after_seven_days_keys_count_no_longer_whatever_keeps_us_from_reading_them(
    instance: Instance, company: CompanyId, server: KeyServer, trouble: Callable[[], Awaitable[object]]
) -> None:
    (key,) = keys(1)
    await put(instance, company, server, key)
    instance.clock.now += MAX_STALENESS
    with pytest.raises(ExceptionGroup):
        await resolving(instance.sets, trouble).refresh_due()
    assert await instance.published(company) == {key.kid: key.kid}
    instance.clock.now += RETRY
    with pytest.raises(ExceptionGroup):
        await resolving(instance.sets, trouble).refresh_due()
    assert await instance.published(company) == {}
    server.answers = key_set(key)
    await read_again(instance, RETRY.total_seconds())
    assert await instance.published(company) == {key.kid: key.kid}


async def test_nobody_fetches_for_a_suspended_company(
    instance: Instance, company: CompanyId, server: KeyServer
) -> None:
    old, new = keys(2)
    await put(instance, company, server, old)
    server.answers = key_set(new)
    instance.clock.forward(seconds=MAX_AGE)
    due = await instance.sets.store.due(instance.clock(), 1)
    await suspend(instance, company)
    assert await instance.sets.store.due(instance.clock(), 1) == []
    assert await instance.sets.store.claim(company, instance.clock(), instance.clock() + COOLDOWN) is None
    await instance.sets.refresh_due()
    assert (due, server.asked) == ([company], [])
    assert await SqlCompanies(instance.database).set_status(company, Status.ACTIVE, was=Status.SUSPENDED)
    await instance.sets.refresh_due()
    assert await instance.published(company) == {new.kid: new.kid}


async def test_what_is_fetched_while_a_company_is_suspended_comes_to_nothing(
    instance: Instance, company: CompanyId, other: CompanyId, server: KeyServer
) -> None:
    old, new = keys(2)
    await put(instance, company, server, old)
    server.answers = key_set(new)
    with pytest.raises(Conflict):
        await resolving(instance.sets, lambda: suspend(instance, other)).put(other, server.uri)
    instance.clock.forward(seconds=MAX_AGE)
    await resolving(instance.sets, lambda: suspend(instance, company)).refresh_due()
    assert await instance.published(company) == {old.kid: old.kid}
    assert await instance.sets.store.find(other) is None


async def test_an_operator_frees_what_a_suspended_company_published_before_its_owner_did(
    instance: Instance, company: CompanyId, other: CompanyId, server: KeyServer
) -> None:
    """Also what it withdrew since; what it uploaded, and what it revoked, nobody else gets."""
    taken, left, uploaded, revoked = keys(4)
    await put(instance, company, server, taken, left, uploaded, revoked)
    await instance.upload(uploaded, company)
    await instance.keys.revoke(company, str(revoked.kid))
    await put(instance, company, server, taken, uploaded)
    listed = (taken, left, uploaded, revoked)
    assert await skipped_by(instance, other, server, *listed) == ["another_company"] * 4
    with pytest.raises(Conflict, match="active"):
        await withdrawal(instance).withdraw(str(company))
    await suspend(instance, company)
    instance.audit.noted.clear()
    await withdrawal(instance).withdraw(str(company))
    said = [(one.type.name, one.fields.get("kid")) for one in instance.audit.noted]
    withdrawn = [("key.withdrawn", kid) for kid in sorted([str(taken.kid), str(uploaded.kid)])]
    assert said == [("jwks_uri.withdrawn", None), *withdrawn]
    assert await instance.sets.store.find(company) is None
    assert [one.kid for one in await instance.keys.current(company)] == [uploaded.kid]
    assert await skipped_by(instance, other, server, *listed) == ["another_company"] * 2
    assert (await instance.published(other)).keys() == {taken.kid, left.kid}


async def test_a_key_whose_private_part_is_in_its_set_is_revoked_for_ever_even_where_nothing_of_the_set_is_taken(
    instance: Instance, company: CompanyId, server: KeyServer
) -> None:
    (key,) = keys(1)
    await put(instance, company, server, key)
    await instance.upload(key, company)
    instance.audit.noted.clear()
    server.answers = key_set(exposed(key))
    await read_again(instance)
    assert list(await instance.keys.current(company)) == []
    assert (await instance.sets.show(company))[0].failure == "no_keys"
    assert [(one.type.name, one.fields.get("rule")) for one in instance.audit.noted] == [
        ("key.revoked", None),
        ("key_set.failed", "no_keys"),
        ("key_set.skipped", "private"),
    ]
    await read_again(instance, RETRY.total_seconds())
    assert len(instance.audit.noted) == 3
    assert await skipped_by(instance, company, server, key) == ["revoked"]
    with pytest.raises(KeyRejected) as refused:
        await instance.upload(key, company)
    assert refused.value.reason == "revoked"


async def test_a_key_that_came_with_its_private_part_before_anybody_knew_it_is_not_taken_later(
    instance: Instance, company: CompanyId, server: KeyServer
) -> None:
    """Nor beside itself in one set; and of the private part nothing is kept."""
    good, bad, twice = Ehr("EdDSA"), Ehr("RS256"), Ehr("ES256")
    listed = (exposed(bad), good, twice, exposed(twice))
    assert await skipped_by(instance, company, server, *listed) == ["private", "revoked", "private"]
    assert await skipped_by(instance, company, server, good, bad) == ["revoked"]
    assert await skipped_by(instance, company, server, exposed(good)) == ["private"]
    assert await instance.published(company) == {}
    async with instance.database.read() as connection:
        rows = str((await connection.execute(select(company_keys))).all())
    assert not any(str(exposed(one)["d"]) in rows for one in (good, bad, twice))


async def test_nobody_revokes_anothers_key_by_inventing_a_private_part(
    instance: Instance, company: CompanyId, other: CompanyId, server: KeyServer
) -> None:
    published, uploaded = keys(2)
    await put(instance, company, server, published)
    await instance.upload(uploaded, company)
    invented = [{**one.public_jwk(), "d": "AAAA"} for one in (published, uploaded)]
    assert await skipped_by(instance, other, server, *invented) == ["private"] * 2
    assert {one.kid for one in await instance.keys.current(company)} == {published.kid, uploaded.kid}


async def test_a_private_member_that_is_empty_gives_nothing_away(
    instance: Instance, company: CompanyId, server: KeyServer
) -> None:
    """Some libraries write all members of a key, those that are not there as null. It is skipped, and told."""
    (key,) = keys(1)
    await put(instance, company, server, key)
    for empty in (None, ""):
        assert await skipped_by(instance, company, server, {**key.public_jwk(), "d": empty}) == ["private"]
    assert await instance.published(company) == {key.kid: key.kid}


async def test_a_company_sets_one_url_at_a_time(
    instance: Instance, company: CompanyId, other: CompanyId, server: KeyServer
) -> None:
    first, second = keys(2)
    server.answers = endlessly(b"", b"", 0.05)
    waiting = asyncio.ensure_future(instance.sets.put(company, server.uri))
    await server.arrived.wait()
    with pytest.raises(RateLimited):
        await instance.sets.put(company, server.uri)
    await put(instance, other, server, first)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await put(instance, company, server, second)


async def test_a_key_that_has_left_its_set_counts_no_longer_and_is_still_its_companys(
    instance: Instance, company: CompanyId, other: CompanyId, server: KeyServer
) -> None:
    """So that it can be revoked before an old copy of the set brings it back, and nobody takes it in between."""
    leaked, back, good = keys(3)
    await put(instance, company, server, leaked, back, good)
    await put(instance, company, server, good)
    assert [one.kid for one in await instance.keys.current(company)] == [good.kid]
    assert await skipped_by(instance, other, server, leaked) == ["another_company"]
    with pytest.raises(KeyRejected) as refused:
        await instance.upload(leaked, other)
    assert refused.value.reason == "another_company"
    await instance.keys.revoke(company, str(leaked.kid))
    assert await skipped_by(instance, company, server, leaked, back, good) == ["revoked"]
    assert await instance.published(company) == {one.kid: one.kid for one in (back, good)}


async def test_a_key_that_has_left_its_set_may_be_uploaded_for_another_algorithm(
    instance: Instance, company: CompanyId, server: KeyServer
) -> None:
    key, good = Ehr("RS256"), Ehr("EdDSA")
    await put(instance, company, server, key, good)
    await put(instance, company, server, good)
    kept, new = await instance.keys.store.add(partner_key(key, company, alg="PS256"))
    assert (new, kept.alg, kept.published_as) == (True, "PS256", None)


async def test_a_put_that_is_overtaken_by_another_or_by_a_delete_changes_nothing(
    instance: Instance, company: CompanyId, server: KeyServer
) -> None:
    """The slow one asks again, and sees what is there now."""
    old, new = keys(2)
    faster = replace(instance.sets, _putting=set())  # at another process
    server.answers = key_set(old)

    async def put_first() -> None:
        server.answers = key_set(new)
        await faster.put(company, server.uri)
        server.answers = key_set(old)

    for _ in ("a first URL", "one that there was"):
        with pytest.raises(Conflict):
            await resolving(instance.sets, put_first).put(company, server.uri)
        assert await instance.published(company) == {new.kid: new.kid}
    with pytest.raises(Conflict):
        await resolving(instance.sets, lambda: faster.remove(company)).put(company, server.uri)
    assert await instance.sets.store.find(company) is None
    assert await instance.published(company) == {}
    await instance.sets.put(company, server.uri)
    assert await instance.published(company) == {old.kid: old.kid}


async def test_what_was_fetched_before_a_url_was_removed_and_set_again_comes_to_nothing(
    instance: Instance, company: CompanyId, server: KeyServer
) -> None:
    (key,) = keys(1)
    before = []
    for _ in range(2):
        await put(instance, company, server, key)
        instance.clock.forward(seconds=MAX_AGE)
        claimed = await instance.sets.store.claim(company, instance.clock(), instance.clock() + COOLDOWN)
        assert claimed is not None
        before.append(claimed)
        if len(before) == 1:
            await instance.sets.remove(company)
    assert [await instance.sets.store.hold(one) for one in before] == [False, True]
