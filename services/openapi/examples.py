"""The made-up values of the examples: one company, one professional, one patient, all through the document."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

BSN: Final = "999990019"
COMPANY: Final = UUID("7d3f2a52-6d0c-4b57-9a4e-2f1c8f0b6a11")
COMPANY_NAME: Final = "Huisartsenpraktijk De Linde"
SECRET: Final = "example-secret-shown-once"
MOMENT: Final = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
DOSSIER: Final = UUID("0b9a4c1e-52f4-4a5e-8d52-6a0f1f6f7c22")
PSEUDONIEM: Final = UUID("c2a6d7f4-19be-8d3c-a1f0-5b7e8c9d0a33")
LAUNCH: Final = UUID("5e8f0a67-3c21-4d7b-b6a9-4c0d2e1f9b44")
ACCOUNT: Final = UUID("91b3d5e7-8a0c-4f2e-9c6b-7d1a3f5e0c55")
SECRET_ID: Final = UUID("4f6d2b80-9e13-4c7a-8a5d-1c3e5f7a9b77")
REQUEST_ID: Final = "3f2b8c1d-7a6e-4b5c-9d0e-1f2a3b4c5d66"
TOKEN: Final = "eyJhbGciOiJFUzI1NiIsImtpZCI6ImV4YW1wbGUifQ.eyJzdWIiOiJleGFtcGxlIn0.ZXhhbXBsZQ"
KID: Final = "Q7kI_3rtiFhzKaUyG9tUd23igTv0JxCqp5Au1BxaSjU"
JWKS_URI: Final = "https://ehr.example.nl/jwks.json"
JWK: Final = {
    "kty": "OKP",
    "crv": "Ed25519",
    "alg": "EdDSA",
    "x": "YHg4GNAu-A3zd_zKVNw7om-Iiz4XfOZRScLXBdGVvRk",
}
"""A key whose private half nobody has kept."""
