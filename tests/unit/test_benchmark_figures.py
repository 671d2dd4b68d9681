"""What the benchmarks make of their rounds: ratios within a round, spreads, the table, and a guard against creep."""

from pathlib import Path

import pytest

from benchmarks.harness import report
from benchmarks.harness.figures import Spread, of_one, percentile, ratio, spread
from benchmarks.harness.results import Job, Row, load, save
from benchmarks.harness.rounds import interleave
from benchmarks.quick.instructions import Counter
from benchmarks.quick.kept import dearer
from benchmarks.tokens import bsn
from schemas.identifiers import Bsn

ROUNDS = {
    "ours": [{"cpu_us": 10.0}, {"cpu_us": 40.0}, {"cpu_us": 30.0}],
    "theirs": [{"cpu_us": 20.0}, {"cpu_us": 40.0}, {"cpu_us": 60.0}],
}


def a_job(at_most: float | None = 0.65, at_least: float | None = None) -> Job:
    row = Row("ours / theirs", ratio(ROUNDS, "cpu_us", "ours", "theirs"), at_most, at_least)
    return Job("verification", "Verifying", "cpu_us", ROUNDS, [row], ["Said beside."])


def test_a_ratio_is_taken_within_each_round_and_not_of_the_medians() -> None:
    assert ratio(ROUNDS, "cpu_us", "ours", "theirs") == Spread(0.5, 0.5, 0.75, 3)  # of 0.5, 1.0 and 0.5
    assert of_one(ROUNDS, "cpu_us", "ours").median == 30.0


def test_half_of_the_rounds_lie_within_the_spread() -> None:
    assert spread([1.0, 2.0, 3.0, 4.0, 5.0]) == Spread(3.0, 2.0, 4.0, 5)
    assert spread([7.0]) == Spread(7.0, 7.0, 7.0, 1)
    with pytest.raises(ValueError, match="no round"):
        spread([])


def test_a_percentile_is_a_value_that_was_measured() -> None:
    ordered = [float(number) for number in range(100)]
    assert [percentile(ordered, share) for share in (0.5, 0.99, 1.0)] == [50.0, 99.0, 99.0]


def test_each_round_begins_with_another_variant_and_the_first_does_not_count() -> None:
    order: list[str] = []

    def variant(name: str) -> dict[str, float]:
        order.append(name)
        return {"turn": float(len(order))}

    samples = interleave({"a": lambda: variant("a"), "b": lambda: variant("b")}, 2)
    assert "".join(order) == "baabba"
    assert samples == {"a": [{"turn": 3.0}, {"turn": 6.0}], "b": [{"turn": 4.0}, {"turn": 5.0}]}


@pytest.mark.parametrize(
    ("at_most", "at_least", "met"), [(0.5, None, True), (0.49, None, False), (None, 0.5, True), (None, 0.51, False)]
)
def test_a_goal_is_met_by_the_median(at_most: float | None, at_least: float | None, *, met: bool) -> None:
    [row] = a_job(at_most=at_most, at_least=at_least).wire()["rows"]
    assert row["met"] is met


def test_a_row_without_a_goal_is_neither_met_nor_missed() -> None:
    [row] = a_job(at_most=None).wire()["rows"]
    assert row["met"] is None


def test_a_job_that_was_not_run_this_time_stays_in_the_results(tmp_path: Path) -> None:
    file = tmp_path / "latest.json"
    save([a_job()], file)
    other = a_job()
    other.name = "growth"
    assert list(save([other], file)) == ["verification", "growth"]
    assert load(file)["verification"]["rows"][0]["median"] == 0.5


def test_the_page_keeps_what_people_wrote_round_the_made_part(tmp_path: Path) -> None:
    page, jobs = tmp_path / "performance.md", save([a_job()], tmp_path / "latest.json")
    page.write_text(f"Before.\n{report.BEGIN}\nold\n{report.END}\nAfter.\n")
    report.write(jobs, page)
    text = page.read_text()
    assert text.startswith("Before.")
    assert text.endswith("After.\n")
    assert "old" not in text
    assert "| ours / theirs | ≤ 0.65 | 0.5 | 0.5 to 0.75 | yes |" in text
    page.write_text("no marks")
    with pytest.raises(ValueError, match="marks"):
        report.write(jobs, page)


def test_a_path_that_takes_a_tenth_more_is_dearer() -> None:
    assert dearer({"launch": 1.09, "token": 2.3}, {"launch": 1.0, "token": 2.0}) == {"token": pytest.approx(1.15)}


def test_every_patient_of_the_benchmarks_is_another_one_with_a_bsn_that_passes_the_11_test() -> None:
    assert len({Bsn(bsn(number)).reveal() for number in range(2000)}) == 2000


def test_the_same_work_takes_the_same_instructions_and_more_work_more() -> None:
    def instructions(passes: int) -> int:
        with Counter() as counter:
            sum_of(passes)
        return counter.total

    def sum_of(passes: int) -> int:
        total = 0
        for number in range(passes):
            total += number
        return total

    assert instructions(100) == instructions(100)
    assert instructions(200) - instructions(100) == instructions(300) - instructions(200) > 100
