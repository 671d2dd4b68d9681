"""The arithmetic of the generator and of the capacity model."""

import math
from pathlib import Path

import pytest

from benchmarks.growth.functions import digest_of, uuid_of
from benchmarks.growth.plans import Seen, faults, normal
from benchmarks.growth.population import FEWEST, Population, bsn_of
from benchmarks.growth.tables import fillings
from benchmarks.scale.given import launch_of
from benchmarks.scale.model import (
    BUSY,
    CHECKPOINT_SECONDS,
    RATES,
    Launch,
    first_bottleneck,
    journal,
    kept,
    needs,
    readable,
)
from benchmarks.scale.page import BEGIN, END, made, write
from identity.pseudoniem.digest import DigestKey
from schemas.identifiers import Bsn

PEOPLE = Population(20_000)
LAUNCH = Launch(
    service_us=6_000,
    postgres_us=2_000,
    redis_us=20,
    redis_commands=3,
    spend_key_bytes=160,
    spend_seconds=450,
    journal_bytes=4_000,
    first_touch_bytes=50_000,
    touched_bytes=9e9,
    spend_row_bytes=250,
    kept_bytes=1_000,
)


def test_every_dossier_is_of_a_company_and_no_company_has_two_on_one_patient() -> None:
    pairs = {(PEOPLE.company_of(dossier), PEOPLE.patient_of(dossier)) for dossier in range(PEOPLE.dossiers)}
    assert len(pairs) == PEOPLE.dossiers
    assert {company for company, _ in pairs} <= set(range(1, PEOPLE.companies + 1))
    assert all(0 <= patient < PEOPLE.patients for _, patient in pairs)


@pytest.mark.parametrize("company", [1, 2, 100, 2_000])
def test_the_dossiers_of_a_company_are_those_that_say_so(company: int) -> None:
    theirs = PEOPLE.dossiers_of(company)
    assert all(PEOPLE.company_of(dossier) == company for dossier in theirs)
    around = {theirs.start - 1, theirs.stop} & set(range(PEOPLE.dossiers))
    assert company not in {PEOPLE.company_of(dossier) for dossier in around}


def test_the_largest_company_has_its_share_by_the_law_of_zipf() -> None:
    assert len(PEOPLE.dossiers_of(1)) / PEOPLE.dossiers == pytest.approx(math.log(2) / math.log(2_001), rel=0.01)


def test_each_dossier_is_made_once_in_an_order_of_its_own() -> None:
    order = [PEOPLE.shuffled(number) for number in range(PEOPLE.dossiers)]
    assert sorted(order) == list(range(PEOPLE.dossiers))
    assert order != sorted(order)


def test_the_bsns_are_good_ones_and_all_different() -> None:
    numbers = [bsn_of(patient) for patient in range(3_000)]
    assert len(set(numbers)) == len(numbers)
    for number in (*numbers, bsn_of(8_999_999)):
        weighed = sum(int(digit) * weight for digit, weight in zip(number, (9, 8, 7, 6, 5, 4, 3, 2, -1), strict=True))
        assert weighed % 11 == 0
        assert len(number) == 9


def test_a_digest_is_the_one_that_the_service_makes() -> None:
    key = DigestKey(bytes(32))
    assert digest_of(key, 7) == key.digest(Bsn(bsn_of(7)))


@pytest.mark.parametrize("dossiers", [FEWEST - 1, 18_000_001 + 1, 2_000_006])
def test_sizes_that_the_arithmetic_cannot_make_are_refused(dossiers: int) -> None:
    with pytest.raises(ValueError, match=r"dossiers|another number"):
        Population(dossiers)


def test_a_table_is_filled_with_one_statement_over_numbers() -> None:
    dossiers = fillings(PEOPLE, 1_700_000_000)[0]
    statement = dossiers.statement("generate_series(0, 9) AS n")
    assert statement.startswith("INSERT INTO dossiers (dossier_id, company_id, pseudoniem, created_at) SELECT ")
    assert uuid_of("dossier", 1) != uuid_of("company", 1)


SMALL = Seen("launch", "SELECT 1", pages=[4, 4], rows=[1, 1])


@pytest.mark.parametrize(
    ("large", "found"),
    [
        (Seen("launch", "SELECT 1", pages=[16, 16], rows=[1, 1]), 0),
        (Seen("launch", "SELECT 1", pages=[17, 17], rows=[1, 1]), 1),
        (Seen("launch", "SELECT 1", pages=[160, 160], rows=[100, 100]), 0),
        (Seen("launch", "SELECT 1", pages=[4], rows=[1], scanned={"companies"}), 0),
        (Seen("launch", "SELECT 1", pages=[4], rows=[1], scanned={"dossiers"}), 1),
    ],
    ids=["two levels more", "grows with the data", "finds more rows", "reads a small table", "reads a big table"],
)
def test_a_statement_is_at_fault_that_reads_through_a_big_table_or_touches_too_many_pages(
    large: Seen, found: int
) -> None:
    key = ("launch", "SELECT 1")
    assert len(faults({key: SMALL}, {key: large}, {"dossiers": 10_000, "companies": 2_000})) == found


def test_lists_of_any_length_are_one_statement() -> None:
    long = normal("SELECT a\n  WHERE (a, b) IN (($1::UUID, $2), ($3::UUID, $4))")
    assert long == normal("SELECT a WHERE (a, b) IN (($1::UUID, $2))")


def test_twice_the_launches_need_twice_as_much_and_never_less_than_one() -> None:
    once, twice = ([need for need in needs(LAUNCH, rate) if "journal" not in need.part] for rate in (10_000, 20_000))
    assert [two.amount / one.amount for one, two in zip(once, twice, strict=True)] == pytest.approx([2] * len(once))
    assert all(need.count == 1 for need in needs(LAUNCH, 1))


def test_after_a_checkpoint_each_page_is_written_whole_once_and_not_more_often() -> None:
    assert journal(LAUNCH, 10) == 10 * 54_000
    assert journal(LAUNCH, 10_000) == 10_000 * 4_000 + 9e9 / CHECKPOINT_SECONDS


def test_what_one_server_carries_is_where_a_second_one_begins() -> None:
    for need in needs(LAUNCH, 100):
        counts = [
            next(n.count for n in needs(LAUNCH, need.one_carries * share) if n.part == need.part)
            for share in (0.99, 1.01)
        ]
        assert counts == [1, 2]


def test_processes_are_counted_by_the_share_of_them_that_may_be_busy() -> None:
    service = next(need for need in needs(LAUNCH, 10_000) if need.part == "service")
    assert service.count == 10_000 * 6_000 / 1e6 / BUSY


def test_the_scarcest_part_comes_first_and_processes_are_no_bottleneck() -> None:
    parts = needs(LAUNCH, RATES[0])
    assert parts[0].part == "service"
    assert first_bottleneck(parts) == "PostgreSQL, processor"
    assert [need.one_carries for need in parts] == sorted(need.one_carries for need in parts)


def test_spends_lie_in_redis_for_their_window_and_in_the_database_for_a_day() -> None:
    found = kept(LAUNCH, 100)
    assert found.spend_keys == 100 * 450 * 160
    assert found.spend_rows == 100 * 86_400 * 250
    assert found.a_year == 365 * found.a_day


@pytest.mark.parametrize(("number", "text"), [(7.2e6, "7.2 MB"), (999, "999 bytes"), (3.15e16, "31.5 PB")])
def test_bytes_are_written_as_people_say_them(number: float, text: str) -> None:
    assert readable(number) == text


def results() -> tuple[dict[str, object], dict[str, object]]:
    table = {"rows": 1_000, "heap": 100_000, "indexes": 50_000}
    tables = {"5": dict.fromkeys(("spends", "launches", "identity_audit"), table)}
    growth = {"tables": tables, "redis": {"cpu_us": 20.0, "commands": 3.0}, "journal": {"5": 4_000.0}}
    redis = {"bytes_per_key": 160, "window_seconds": 450, "spends_per_second": 90_000, "cpu_us_per_spend": 5}
    alone = {"one by one": {"per_second": 2_000, "cpu_us": 500, "journal_bytes": 2_000}}
    return growth, {"redis": redis, "postgresql": alone, "machine": {"processor": "one"}}


def test_the_cost_over_http_goes_before_the_one_in_process() -> None:
    growth, measured = results()
    figures = {"cpu_us": {"median": 1_000.0}, "stores_cpu_us": {"median": 520.0}}
    jobs = {"growth_postgresql": {"variants": {"launch, 5 dossiers": figures}}}
    launch, source = launch_of(jobs, growth, measured)
    assert (launch.service_us, launch.postgres_us, launch.spend_row_bytes, launch.kept_bytes) == (1000, 500, 150, 300)
    assert "bench-growth" in source
    over_http = {"variants": {"ours": figures | {"cpu_us": {"median": 3_000.0}}}}
    assert launch_of({**jobs, "launch": over_http}, growth, measured)[0].service_us == 3_000


def test_the_made_part_of_the_page_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    growth, measured = results()
    page = tmp_path / "scale.md"
    page.write_text(f"before {BEGIN} old {END} after")
    write(made(LAUNCH, "somewhere", measured, growth), page)
    text = page.read_text()
    assert text.startswith("before ")
    assert text.endswith(" after")
    assert " old " not in text
    assert "1,000,000 a second" in text
    page.write_text("no marks")
    with pytest.raises(ValueError, match="marks"):
        write("", page)
