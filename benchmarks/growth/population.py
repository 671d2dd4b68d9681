"""Who there is, by number: which company a dossier is of, on which patient, and the patient's BSN. Pure arithmetic.

Nothing is looked up, so rows can be made in any order and asked for afterwards. Companies follow Zipf's law: the
largest has about an eleventh of all dossiers, the smaller half of the companies together as many.
"""

import math
from dataclasses import dataclass
from typing import Final

COMPANIES: Final = 2_000
STRIDE: Final = 1_000_003
SHUFFLE: Final = 6_700_417
"""Primes: so no two dossiers of a company are on one patient, and each number comes once."""

FEWEST: Final = 10_000
"""With fewer the large companies would not have the patients that are asked for."""

MOST_PATIENTS: Final = 9_000_000
"""BSNs of nine digits that this arithmetic can make."""


@dataclass(frozen=True, slots=True)
class Population:
    """So many dossiers. Numbers count from 0, those of companies from 1, the largest."""

    dossiers: int
    companies: int = COMPANIES

    def __post_init__(self) -> None:
        """Raise ValueError for what the primes do not fit, or where a company would have a patient twice."""
        if not FEWEST <= self.dossiers <= 2 * MOST_PATIENTS:
            raise ValueError(f"there can be {FEWEST:,} to {2 * MOST_PATIENTS:,} dossiers")
        if self.dossiers % SHUFFLE == 0 or self.patients % STRIDE == 0:
            raise ValueError("another number, please: this one is a multiple of a prime that is used here")

    @property
    def patients(self) -> int:
        """Return how many there are: each has two dossiers, on average."""
        return self.dossiers // 2

    @property
    def accounts(self) -> int:
        """Return how many professionals there are."""
        return self.dossiers // 100

    @property
    def launches(self) -> int:
        """Return how many are kept."""
        return self.dossiers // 10

    @property
    def records(self) -> int:
        """Return how many records the one large group has; as many lie in small groups."""
        return self.dossiers // 50

    @property
    def steepness(self) -> float:
        """Return the logarithm that spreads the dossiers over the companies."""
        return math.log(self.companies + 1)

    def company_of(self, dossier: int) -> int:
        """Return whose dossier it is."""
        return min(math.floor(math.exp((dossier + 0.5) / self.dossiers * self.steepness)), self.companies)

    def dossiers_of(self, company: int) -> range:
        """Return the dossiers of a company."""
        first, behind = (
            math.ceil(self.dossiers * math.log(number) / self.steepness - 0.5) for number in (company, company + 1)
        )
        return range(first, min(behind, self.dossiers))

    def patient_of(self, dossier: int) -> int:
        """Return whom it is on."""
        return (self.company_of(dossier) * 7_919 + dossier * STRIDE) % self.patients

    def shuffled(self, number: int) -> int:
        """Return which dossier was made as the `number`th: companies take turns at random."""
        return number * SHUFFLE % self.dossiers


def bsn_of(patient: int) -> str:
    """Return nine digits that pass the 11-test (SSO contract, section 2)."""
    first = 1_000_000 + patient
    weighed = sum(first // 10 ** (weight - 3) % 10 * weight for weight in range(3, 10))
    eighth = int(weighed % 11 == 10)  # noqa: PLR2004 - no digit is ten: another eighth one makes it one
    return f"{first}{eighth}{(weighed + 2 * eighth) % 11}"


def has_relationship(dossier: int) -> bool:
    """Return whether its company has a treatment relationship with its patient already: three in five."""
    return dossier % 5 < 3  # noqa: PLR2004 - see above


def approved(dossier: int) -> bool:
    """Return whether its patient's last choice was yes: of ten seven chose yes, and one of those no afterwards."""
    return 0 < dossier % 10 < 7  # noqa: PLR2004 - see above


def chosen(dossier: int) -> bool:
    """Return whether its patient has chosen at all: of ten two have not."""
    return dossier % 10 < 8  # noqa: PLR2004 - see above
