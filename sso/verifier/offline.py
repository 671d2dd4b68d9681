"""What can be said of a launch token without the service: by the functions that a launch runs, on what needs no store.

Who signed, whether iss and aud are right, and whether the token was used, the service alone knows.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from common.errors import TokenRejected
from keys.partners import PartnerKey
from keys.policy import PublicKey
from schemas.base import Rules
from schemas.identifiers import CompanyId
from schemas.profiles import PROFESSIONAL
from schemas.steps import Step, Taken, taken
from sso.verifier.mending import advice, mending_of
from sso.verifier.token import RawToken, take_apart
from sso.verifier.trust import Candidates, Signer, fitting
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
    text = json.dumps(dict(key.jwk))
    registered = PartnerKey(key.kid, _NOBODY.company_id, key.kty, key.alg, text, None, now)
    authenticate(raw, Candidates(_NOBODY, fitting([registered], raw)))
