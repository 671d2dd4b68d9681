"""The committed figures, and what has become dearer than they are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

KEPT: Final = Path(__file__).with_name("kept.json")
ALLOWED: Final = 1.10
"""How much dearer an operation may have become."""

Figures = Mapping[str, float]
"""Of each operation."""


def dearer(now: Figures, kept: Figures) -> dict[str, float]:
    """Return what has become dearer than is allowed, and by which factor."""
    factors = {name: value / kept[name] for name, value in now.items() if name in kept}
    return {name: factor for name, factor in factors.items() if factor > ALLOWED}
