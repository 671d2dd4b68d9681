"""From rounds to figures: medians of ratios within a round, and how far they lie apart.

A machine's speed drifts, so two absolute figures say little of each other. What ran in the same round ran on nearly the
same machine: their ratio is taken round by round, and of those ratios the median.
"""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Sample = Mapping[str, float]
"""What one round of one variant showed: figures by name, such as `per_second` or `cpu_us`."""

Rounds = Mapping[str, Sequence[Sample]]
"""The samples of each variant, as many as there were rounds."""


@dataclass(frozen=True, slots=True)
class Spread:
    """A median with the quartiles round it: half of the rounds lie between `low` and `high`."""

    median: float
    low: float
    high: float
    rounds: int

    def wire(self) -> dict[str, Any]:
        """Return it as JSON has it, with four significant digits."""
        rounded = {name: float(f"{value:.4g}") for name, value in asdict(self).items()}
        return rounded | {"rounds": self.rounds}

    def inside(self, at_most: float | None, at_least: float | None) -> bool:
        """Return whether the median keeps to its bounds."""
        return (at_most is None or self.median <= at_most) and (at_least is None or self.median >= at_least)


def spread(values: Sequence[float]) -> Spread:
    """Return the median of `values` and its quartiles. Raises ValueError without values."""
    if not values:
        raise ValueError("no round was run")
    if len(values) == 1:
        return Spread(values[0], values[0], values[0], 1)
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(statistics.median(values), low, high, len(values))


def ratio(rounds: Rounds, figure: str, above: str, below: str) -> Spread:
    """Return `figure` of the variant `above` over that of `below`, round by round.

    Raises KeyError for a variant or a figure that was not measured.
    """
    pairs = zip(rounds[above], rounds[below], strict=True)
    return spread([one[figure] / other[figure] for one, other in pairs])


def of_one(rounds: Rounds, figure: str, variant: str) -> Spread:
    """Return a figure of one variant over its rounds. Raises KeyError for what was not measured."""
    return spread([sample[figure] for sample in rounds[variant]])


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the value below which `share` (0 to 1) of the ordered values lie: the nearest rank."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
