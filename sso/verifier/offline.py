"""What can be said of a launch token without the service: by the functions that a launch runs, on what needs no store.

Who signed, whether iss and aud are right, and whether the token was used, the service alone knows. So it does under
which kid and algorithm a key is registered or published: here a key goes by those of the token.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from common.errors import KeyRejected, TokenRejected, UnknownKey
from keys.partners import PartnerKey
from keys.policy import PublicKey, from_jwk
from schemas.base import Rules
from schemas.identifiers import CompanyId
from schemas.profiles import PROFESSIONAL
from schemas.steps import Step, Taken, taken
from sso.verifier.flaws import Flaw
from sso.verifier.mending import advice, mending_of
from sso.verifier.token import RawToken, take_apart
from sso.verifier.trust import Candidates, Signer
from sso.verifier.verify import authenticate, read_claims, require_fresh, require_profile

ONLINE: Final = (Step.SIGNER, Step.PARTIES, Step.TREATMENT_RELATIONSHIP, Step.ALREADY_USED)
"""The steps that need the service."""

_WITH_KEY: Final = (Step.KEY, Step.SIGNATURE)
_NOBODY: Final = Signer(CompanyId(UUID(int=0)), "")


def inspected(compact: str, key: PublicKey | None, now: datetime) -> Sequence[Taken]:
    """Return the steps that can be taken here, up to the first that fails; without a key none is about the signature.

    `now` is the moment at which the token shall be fresh. Never raises, whatever the text is.
    """
    steps = [step for step in Step if step not in ONLINE and (key is not None or step not in _WITH_KEY)]
    try:
        raw = take_apart(compact)
        require_profile(raw, PROFESSIONAL)
        if key is not None:
            _require_signed(raw, key, now)
        require_fresh(read_claims(raw, PROFESSIONAL, Rules()), PROFESSIONAL, now)
    except TokenRejected as error:
        failed = mending_of(error).step
        return taken(steps, {failed: advice(error)}, failed)
    return taken(steps, {}, None)


def _require_signed(raw: RawToken, key: PublicKey, now: datetime) -> None:
    """Raise BadSignature, or UnknownKey if such a key makes no signatures of this alg."""
    try:
        fitting = from_jwk({**key.jwk, "alg": raw.alg})
    except KeyRejected:
        raise UnknownKey(Flaw.NO_FITTING_KEY) from None
    text = json.dumps(dict(fitting.jwk))
    assumed = PartnerKey(fitting.kid, _NOBODY.company_id, fitting.kty, fitting.alg, text, None, now)
    authenticate(raw, Candidates(_NOBODY, [assumed]))
