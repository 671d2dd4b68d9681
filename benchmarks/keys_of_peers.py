"""The key with which the peers sign and verify access tokens, and the bearers that are made with it."""

import time
import uuid
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import ECKey

from benchmarks.peers.setting import ISSUER

SCOPE = "dossier:read dossier:write permission:read sso:issue keys:manage"


def signing_file(folder: Path) -> Path:
    """Return the file of the key, made if need be."""
    file = folder / "peers.pem"
    if not file.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return file


def bearer(file: Path, company_id: str) -> str:
    """Return a company's access token, with the claims that ours has."""
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": ISSUER, "sub": company_id, "client_id": company_id, "iat": now, "exp": now + 900}
    claims |= {"jti": str(uuid.uuid4()), "role": "HealthcareCompany", "companyName": "Praktijk", "scope": SCOPE}
    return jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": "peers"}, claims, ECKey.import_key(file.read_bytes()))
