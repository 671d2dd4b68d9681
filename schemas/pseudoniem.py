"""The form of a pseudoniem that one company sees (ADR 0004)."""

import hmac
from hashlib import sha256
from uuid import UUID

from schemas.identifiers import CompanyId, CompanyPseudoniem, Pseudoniem


def company_form(pseudoniem: Pseudoniem, company_id: CompanyId) -> CompanyPseudoniem:
    """Return the UUID (version 8, RFC 9562 5.8) by which this company knows this patient, always the same one.

    HMAC-SHA256 of the company under the pseudoniem: 122 random bits that never leave the service. So without the
    pseudoniem two companies cannot tell whether their forms mean one patient, and no further key has to be kept.
    """
    octets = bytearray(hmac.digest(pseudoniem.bytes, b"company pseudoniem" + company_id.bytes, sha256)[:16])
    octets[6] = octets[6] & 0x0F | 0x80
    octets[8] = octets[8] & 0x3F | 0x80
    return CompanyPseudoniem(UUID(bytes=bytes(octets)))
