"""The simulated EHR: a company like any other, that signs its launch tokens with a key of its own.

Its file in the data folder holds `companyId`, `companySecret` and the private `jwk`: so whoever runs the demo can ask
`POST /auth/token` for a token of the EHR's company, and call the API with it.
"""

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from common import strict_json
from common.clock import Clock
from common.errors import InvalidInput
from common.key_files import write_secret
from identity.companies.admission import Admission
from identity.companies.service import Companies
from keys.partners import PartnerKeys
from keys.policy import from_jwk
from schemas.base import Rules, Schema
from schemas.identifiers import CompanyId

NAME: Final = "Huisartsenpraktijk De Linde"


@dataclass(frozen=True, slots=True)
class SimulatedEhr:
    """Signs launch tokens as the EHR of a company does."""

    company_id: CompanyId
    company_name: str
    kid: str
    key: RSAKey = field(repr=False)
    clock: Clock

    @property
    def header(self) -> dict[str, str]:
        """The header of its tokens."""
        return {"alg": "RS256", "typ": "JWT", "kid": self.kid}

    def claims(
        self, sub: str, prof_info: Mapping[str, str], patient_info: Mapping[str, str], treatment_relationship_id: str
    ) -> dict[str, object]:
        """Return the claims of a new launch token (seed `sso-token.txt`); what is empty is left out."""
        told = {
            "sub": sub,
            "profInfo": _filled(prof_info),
            "treatmentRelationshipId": treatment_relationship_id,
            "patientInfo": _filled(patient_info),
        }
        return {"jti": str(uuid.uuid4()), "iat": int(self.clock().timestamp()), **_filled(told)}

    def sign(self, claims: Mapping[str, object]) -> str:
        """Return a token in compact form."""
        return jws.serialize_compact(self.header, json.dumps(claims).encode(), self.key, ["RS256"])


class _Kept(Schema):
    company_id: str
    company_secret: str
    jwk: dict[str, Any]


async def open_ehr(path: Path, companies: Companies, keys: PartnerKeys, clock: Clock) -> SimulatedEhr:
    """Return the EHR whose company and key are in the file at `path`.

    Makes a new company, key and file if there is none, or if the service does not know that company and key (any more).
    Raises OSError if the file cannot be written.
    """
    kept = _load(path)
    if kept is not None:
        company_id, key = kept
        signer, known = await companies.signer(company_id), await keys.find(key.thumbprint())
        if signer is not None and known is not None and known.company_id == company_id:
            return SimulatedEhr(company_id, signer.company_name, known.kid, key, clock)
    return await _register(path, companies, keys, clock)


async def _register(path: Path, companies: Companies, keys: PartnerKeys, clock: Clock) -> SimulatedEhr:
    key = RSAKey.generate_key(2048)
    company, secret = await companies.register(NAME)
    await Admission(companies.store, companies.audit, companies.clock).approve(
        str(company.company_id)
    )  # ours, so nobody needs to be asked
    registered, _ = await keys.register(company.company_id, from_jwk(key.as_dict(private=False)), "simulated EHR")
    kept = _Kept(companyId=str(company.company_id), companySecret=secret, jwk=key.as_dict(private=True))
    write_secret(path, json.dumps(kept.wire(), indent=2))
    return SimulatedEhr(company.company_id, company.name, registered.kid, key, clock)


def _load(path: Path) -> tuple[CompanyId, RSAKey] | None:
    try:
        kept = _Kept.parse(strict_json.parse_object(path.read_bytes()), Rules())
        company_id, key = CompanyId(UUID(kept.company_id)), RSAKey.import_key(kept.jwk)
    except (OSError, ValueError, KeyError, InvalidInput, JoseError):  # absent, damaged, or of another make
        return None
    return (company_id, key) if key.is_private else None


def _filled(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value}
