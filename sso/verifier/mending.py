"""What a vendor does about a token that was refused: for every cause there is, the step it fails at and a sentence.

`docs/launch-errors.md` is made from this (`make docs`). A test holds it against the causes and rules of the code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from common.errors import (
    ClaimRejected,
    ServiceError,
    TokenExpired,
    TokenRejected,
    TokenReplayed,
    TreatmentRelationshipConflict,
    TreatmentRelationshipUnknown,
)
from schemas.base import MAX_TEXT
from schemas.profiles import MAX_TOKEN, PROFESSIONAL
from schemas.steps import Step
from sso.verifier.flaws import Flaw
from sso.verifier.token import MAX_HEADER, REFUSED_PARAMETERS

LaunchRefusal = TokenRejected | TreatmentRelationshipConflict | TreatmentRelationshipUnknown
"""What a launch refuses a token with; anything else it answers is not the token's fault."""

_LEEWAY: Final = f"{PROFESSIONAL.leeway.total_seconds():.0f}"
_MAX_AGE: Final = f"{PROFESSIONAL.max_age.total_seconds():.0f}"


@dataclass(frozen=True, slots=True)
class Mending:
    """Where a token fails, and how that is mended."""

    step: Step
    sentence: str


FLAWS: Final[Mapping[Flaw, Mending]] = {
    Flaw.TOKEN_TOO_LARGE: Mending(
        Step.SIZE, f"Keep the whole token within {MAX_TOKEN} characters: leave out the claims that nobody reads here."
    ),
    Flaw.HEADER_TOO_LARGE: Mending(
        Step.SIZE,
        f"Keep the encoded header within {MAX_HEADER} characters: alg, kid and typ are enough, without certificates.",
    ),
    Flaw.NOT_THREE_SEGMENTS: Mending(
        Step.SEGMENTS,
        "Send a signed JWT in compact form: header, payload and signature with two dots between, none of them empty, "
        "nothing before or after.",
    ),
    Flaw.NOT_BASE64URL: Mending(
        Step.SEGMENTS,
        "Write each of the three parts in base64url without padding: no +, no /, no = and no line break (RFC 7515 2).",
    ),
    Flaw.HEADER_NOT_JSON: Mending(
        Step.HEADER, "Make the header one JSON object in UTF-8, without a byte order mark, with each member once."
    ),
    Flaw.HEADER_PARAMETER: Mending(
        Step.HEADER,
        f"Leave these out of the header: {', '.join(sorted(REFUSED_PARAMETERS))}. Keys are registered, never sent.",
    ),
    Flaw.HEADER_VALUE: Mending(
        Step.HEADER, "Give alg in the header, as a text; kid and typ, where they are given, are texts too, not null."
    ),
    Flaw.OTHER_TYP: Mending(Step.TYP, "Leave typ out of the header, or let it be JWT or sso+jwt."),
    Flaw.OTHER_ALG: Mending(
        Step.ALGORITHM,
        f"Sign with one of {', '.join(sorted(PROFESSIONAL.algorithms))}, spelt so: never with a shared secret, "
        "and never without a signature.",
    ),
    Flaw.PAYLOAD_NOT_JSON: Mending(
        Step.SIGNER, "Make the payload one JSON object in UTF-8 with each member once, so that its iss can be read."
    ),
    Flaw.ISS_NOT_TEXT: Mending(Step.SIGNER, "Give iss as a text, your company's id, or leave it out."),
    Flaw.NOT_A_COMPANY_ID: Mending(
        Step.SIGNER, "Put your companyId, a UUID, in iss and in clientId: not a name, and not a URL."
    ),
    Flaw.NO_SUCH_COMPANY: Mending(
        Step.SIGNER,
        "Put the companyId in iss and in clientId as you got it when you registered, in lower case, and see with "
        "GET /company that its status is active.",
    ),
    Flaw.NO_SIGNER_NAMED: Mending(
        Step.SIGNER,
        "Say who signed: post your companyId as clientId beside the token, or put it in iss, or put the kid of a "
        "registered key in the header.",
    ),
    Flaw.NO_FITTING_KEY: Mending(
        Step.KEY,
        "Sign with a registered key that is not revoked, with the alg that it was registered for and its own kid "
        "(GET /company/keys shows both, and GET /company/jwks-uri those of keys that you publish), or register this "
        "key with POST /company/keys.",
    ),
    Flaw.BAD_SIGNATURE: Mending(
        Step.SIGNATURE,
        "Sign the very octets of header, dot and payload that you send, with the private half of the registered key; "
        "an ES256 or ES384 signature is the two numbers r and s in a row, not DER (RFC 7518 3.4).",
    ),
}
"""Before the signature has verified; a launch answers all of these alike (`token_rejected`)."""

RULES: Final[Mapping[str, Mending]] = {
    "json": Mending(Step.CLAIMS, "Make the payload one JSON object in UTF-8: each member once, and finite numbers."),
    "missing": Mending(Step.CLAIMS, "Give this claim: sub, jti and iat are in every token."),
    "null": Mending(Step.CLAIMS, "Leave the claim out where there is nothing to say: null is not the same as absent."),
    "type": Mending(
        Step.CLAIMS,
        "Give a JSON value of the right type: texts in quotes, also bsn and agb; iat, exp and nbf as numbers of "
        "seconds; profInfo and patientInfo as objects; aud as one text.",
    ),
    "blank": Mending(Step.CLAIMS, "Give a text with at least one character that can be seen, or leave the claim out."),
    "too_long": Mending(Step.CLAIMS, f"Keep the text within {MAX_TEXT} characters."),
    "characters": Mending(Step.CLAIMS, "Leave NUL and halves of surrogate pairs out of the text."),
    "format": Mending(
        Step.CLAIMS, "Make jti 1 to 256 visible ASCII characters without spaces; a random UUID is a good one."
    ),
    "bsn": Mending(
        Step.CLAIMS,
        "Send the BSN as a text of eight or nine digits that passes the 11-test and is not all zeros, or leave it out.",
    ),
    "agb": Mending(
        Step.CLAIMS, "Send the AGB code as a text of eight digits, leading zeros included, or leave it out."
    ),
    "email": Mending(Step.CLAIMS, "Send one e-mail address like name@example.nl, without a display name, or none."),
    "signer": Mending(
        Step.PARTIES,
        "Put the companyId whose key signed in iss, and the same in clientId beside the token; or leave iss out.",
    ),
    "audience": Mending(
        Step.PARTIES, "Let aud be this service's issuer URL or its launch URL, to the letter, or leave it out."
    ),
    "client_assertion": Mending(
        Step.PARTIES, "Put your own name for the professional in sub: your companyId there makes it a client assertion."
    ),
    "future": Mending(
        Step.FRESHNESS,
        f"Set iat to the moment of signing in seconds, not milliseconds, and your clock by NTP: it may be {_LEEWAY} "
        "seconds ahead of ours.",
    ),
    "not_yet_valid": Mending(
        Step.FRESHNESS, f"Leave nbf out, or let it be the moment of signing: it may be {_LEEWAY} seconds ahead of ours."
    ),
}
"""Of the claims, once the signature has verified: by the `rule` that a launch names (`claim_rejected`)."""

REFUSALS: Final[Mapping[type[ServiceError], Mending]] = {
    TokenExpired: Mending(
        Step.FRESHNESS,
        f"Sign a new token at each click, with iat at that moment (at most {_MAX_AGE} seconds ago) and exp, where you "
        "give one, after it; and set your clock by NTP.",
    ),
    TreatmentRelationshipConflict: Mending(
        Step.TREATMENT_RELATIONSHIP,
        "Use one treatmentRelationshipId for one patient: your company has launched this one with another BSN.",
    ),
    TreatmentRelationshipUnknown: Mending(
        Step.TREATMENT_RELATIONSHIP,
        "Send patientInfo.bsn too the first time that you use a treatmentRelationshipId.",
    ),
    TokenReplayed: Mending(
        Step.ALREADY_USED,
        "This token has been used, or revoked: sign a new one with a new jti for each launch, and send it once, "
        "without a retry.",
    ),
}
"""What else a launch can answer of an authentic token."""


def mending_of(error: LaunchRefusal) -> Mending:
    """Return where a token failed, and what to do about it."""
    if isinstance(error, ClaimRejected):
        return RULES[error.rule]
    if type(error) in REFUSALS or not isinstance(error, TokenRejected):
        return REFUSALS[type(error)]
    return FLAWS[Flaw(error.flaw)]


def advice(error: LaunchRefusal) -> str:
    """Return what a vendor is told of a refusal: which claim it is, where it is one, and what to do."""
    sentence = mending_of(error).sentence
    return f"{error.detail} {sentence}" if isinstance(error, ClaimRejected) else sentence
