"""The simulated EHR: a company like any other, that signs its launch tokens with keys of its own.

Its file in the data folder holds `companyId`, `companySecret` and the private `jwk` and `ecJwk`: so whoever runs the
demo can ask `POST /auth/token` for a token of the EHR's company, and call the API with it.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Self
from uuid import UUID

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from common import strict_json
from common.clock import Clock
from common.errors import InvalidInput
from common.key_files import write_secret
from identity.companies.admission import Admission
from identity.companies.service import Companies
from keys.partners import PartnerKeys
from keys.policy import from_jwk
from schemas.base import Omittable, Rules, Schema
from schemas.identifiers import CompanyId
from services.demo.draft import SigningKey

NAME: Final = "Huisartsenpraktijk De Linde"
_CURVE: Final = "P-256"


@dataclass(frozen=True, slots=True)
class SimulatedEhr:
    """Makes launch tokens as the EHR of a company does. Both keys are registered: an RSA key, and one on P-256."""

    company_id: CompanyId
    company_name: str
    rsa: SigningKey
    ec: SigningKey
    clock: Clock

    def claims(
        self,
        sub: str,
        prof_info: Mapping[str, str],
        patient_info: Mapping[str, str],
        treatment_relationship_id: str,
        ahead: timedelta = timedelta(),
    ) -> dict[str, object]:
        """Return the claims of a new launch token (seed `sso-token.txt`); what is empty is left out.

        `ahead` is how far the EHR's clock is ahead of the right time.
        """
        told = {
            "sub": sub,
            "profInfo": _filled(prof_info),
            "treatmentRelationshipId": treatment_relationship_id,
            "patientInfo": _filled(patient_info),
        }
        iat = int((self.clock() + ahead).timestamp())
        return {"jti": str(uuid.uuid4()), "iat": iat, **_filled(told)}


class _Kept(Schema):
    company_id: str
    company_secret: str
    jwk: dict[str, Any]
    ec_jwk: Omittable[dict[str, Any]] = None


@dataclass(frozen=True, slots=True)
class _Own:
    """What the file holds; files of before lack a key on P-256, so that one is `new`."""

    company_id: CompanyId
    secret: str
    rsa: RSAKey
    ec: ECKey
    new: bool = False

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """Return what is in the file; None if it is absent, damaged, or of another make."""
        try:
            kept = _Kept.parse(strict_json.parse_object(path.read_bytes()), Rules())
            company_id, rsa = CompanyId(UUID(kept.company_id)), RSAKey.import_key(kept.jwk)
            ec = ECKey.generate_key(_CURVE) if kept.ec_jwk is None else ECKey.import_key(kept.ec_jwk)
        except (OSError, ValueError, KeyError, InvalidInput, JoseError):
            return None
        usable = rsa.is_private and ec.is_private and ec.curve_name == _CURVE
        return cls(company_id, kept.company_secret, rsa, ec, kept.ec_jwk is None) if usable else None

    def save(self, path: Path) -> None:
        """Write the file. Raises OSError."""
        rsa, ec = (key.as_dict(private=True) for key in (self.rsa, self.ec))
        kept = _Kept(companyId=str(self.company_id), companySecret=self.secret, jwk=rsa, ecJwk=ec)
        write_secret(path, json.dumps(kept.wire(), indent=2))


async def open_ehr(path: Path, companies: Companies, keys: PartnerKeys, clock: Clock) -> SimulatedEhr:
    """Return the EHR whose company and keys are in the file at `path`.

    Makes a new company, keys and file if there is none, or if the service does not know that company and keys (any
    more). Raises OSError if the file cannot be written.
    """
    own = _Own.load(path)
    signer = await companies.signer(own.company_id) if own is not None else None
    if own is None or signer is None or not await _known(own.rsa, own.company_id, keys):
        return await _register(path, companies, keys, clock)
    if own.new:
        await _register_key(own.ec, own.company_id, keys)
        own.save(path)
    elif not await _known(own.ec, own.company_id, keys):
        return await _register(path, companies, keys, clock)
    return _ehr(own, signer.company_name, clock)


async def _register(path: Path, companies: Companies, keys: PartnerKeys, clock: Clock) -> SimulatedEhr:
    company, secret = await companies.register(NAME)
    await Admission(companies.store, companies.audit, companies.clock).approve(
        str(company.company_id)
    )  # ours, so nobody needs to be asked
    own = _Own(company.company_id, secret, RSAKey.generate_key(2048), ECKey.generate_key(_CURVE))
    for key in (own.rsa, own.ec):
        await _register_key(key, own.company_id, keys)
    own.save(path)
    return _ehr(own, company.name, clock)


async def _register_key(key: RSAKey | ECKey, company_id: CompanyId, keys: PartnerKeys) -> None:
    await keys.register(company_id, from_jwk(key.as_dict(private=False)), "simulated EHR")


async def _known(key: RSAKey | ECKey, company_id: CompanyId, keys: PartnerKeys) -> bool:
    """Return whether a key is registered, and this company's."""
    found = await keys.find(key.thumbprint())
    return found is not None and found.company_id == company_id


def _ehr(own: _Own, company_name: str, clock: Clock) -> SimulatedEhr:
    return SimulatedEhr(own.company_id, company_name, SigningKey.of(own.rsa), SigningKey.of(own.ec), clock)


def _filled(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}
