"""What an EHR can get wrong, and what an attacker tries: each fault makes a bad token out of a good draft.

`step` is the one at which `/sso/diagnose` says that the token fails; a test holds each against the service.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from schemas.steps import Step
from services.demo import forging
from services.demo.draft import Draft
from website.translations import translatable

_UNEXPLAINED: Final = frozenset(list(Step)[: list(Step).index(Step.SIGNATURE) + 1])


def is_explained(step: Step | None) -> bool:
    """Return whether a launch that fails at this step says why: it does so only once it is known who signed."""
    return step is not None and step not in _UNEXPLAINED


@dataclass(frozen=True, slots=True)
class Fault:
    """`name` is its value in the form, `title` and `sentence` tell people what is wrong.

    `token` makes the bad token. What `presented` makes is launched by the EHR itself before that, and `client_id` makes
    what is posted beside the token out of the company's own id. `step` is None where the token is good, and only what
    happens to stand beside it may be wrong.
    """

    name: str
    title: str
    sentence: str
    step: Step | None
    token: Callable[[Draft], str] = Draft.signed
    presented: Callable[[Draft], str] | None = None
    client_id: Callable[[str], str] = str

    @property
    def explained(self) -> bool:
        """Return whether a launch says what is wrong."""
        return is_explained(self.step)


NO_FAULT: Final = Fault(
    "none",
    translatable("Nothing"),
    translatable("The token is as it should be."),
    None,
)
FAULTS: Final = (
    NO_FAULT,
    Fault(
        "too_large",
        translatable("Too large"),
        translatable("The EHR puts a photograph into the token."),
        Step.SIZE,
        forging.too_large,
    ),
    Fault(
        "unsigned",
        translatable("Not signed"),
        translatable("The header says that the algorithm is “none”, and there is no signature."),
        Step.SEGMENTS,
        forging.unsigned,
    ),
    Fault(
        "own_key",
        translatable("Brings its own key"),
        translatable("The key to check the signature with stands in the token itself, so anybody can have made it."),
        Step.HEADER,
        forging.own_key,
    ),
    Fault(
        "other_kind",
        translatable("Another kind of token"),
        translatable("The header says that it is an access token, which is for something else."),
        Step.TYP,
        forging.of_another_kind,
    ),
    Fault(
        "public_secret",
        translatable("The public key as a secret"),
        translatable("It has a MAC (HS256), made with the EHR's public key, which everybody may know."),
        Step.ALGORITHM,
        forging.public_key_as_secret,
    ),
    Fault(
        "wrong_key",
        translatable("The wrong key"),
        translatable("Another key signed it, under the name of the EHR's key."),
        Step.SIGNATURE,
        forging.wrong_key,
    ),
    Fault(
        "altered",
        translatable("Altered after signing"),
        translatable("Somebody put another professional into it on the way."),
        Step.SIGNATURE,
        forging.altered,
    ),
    Fault(
        "other_client",
        translatable("Another company beside it"),
        translatable("The token is good, but the EHR posts a clientId with it that is not its own."),
        None,
        client_id=lambda _own: str(uuid.uuid4()),
    ),
    Fault(
        "no_jti",
        translatable("No number of its own"),
        translatable("The claim jti is missing, by which a token is known to be used."),
        Step.CLAIMS,
        forging.without_jti,
    ),
    Fault(
        "short_bsn",
        translatable("Too few digits"),
        translatable("The BSN has five digits."),
        Step.CLAIMS,
        forging.short_bsn,
    ),
    Fault(
        "null_bsn",
        translatable("Null"),
        translatable("The BSN is null, instead of being left out."),
        Step.CLAIMS,
        forging.null_bsn,
    ),
    Fault(
        "other_issuer",
        translatable("Another company in it"),
        translatable("The claim iss names another company than the one whose key signed it."),
        Step.PARTIES,
        forging.another_issuer,
    ),
    Fault(
        "other_audience",
        translatable("For somebody else"),
        translatable("The claim aud says that it is meant for another service."),
        Step.PARTIES,
        forging.another_audience,
    ),
    Fault(
        "too_old",
        translatable("Too old"),
        translatable("It was signed ten minutes ago."),
        Step.FRESHNESS,
        forging.too_old,
    ),
    Fault(
        "from_the_future",
        translatable("From the future"),
        translatable("It says that it was signed ten minutes from now."),
        Step.FRESHNESS,
        forging.from_the_future,
    ),
    Fault(
        "other_patient",
        translatable("Another patient"),
        translatable("It is under a treatment relationship that the EHR has just opened with somebody else."),
        Step.TREATMENT_RELATIONSHIP,
        forging.other_patient,
        presented=forging.patient_before,
    ),
    Fault(
        "unknown_relationship",
        translatable("No patient"),
        translatable("It has a treatment relationship that nobody knows, and does not say with whom."),
        Step.TREATMENT_RELATIONSHIP,
        forging.unknown_relationship,
    ),
    Fault(
        "already_used",
        translatable("Already used"),
        translatable("The EHR has just launched with this token itself, so your browser comes second."),
        Step.ALREADY_USED,
        presented=Draft.signed,
    ),
)
