"""An EHR launches: it signs who the professional is and which patient is open, and posts that, once."""

import json
import os
import sys
import time
import uuid
from pathlib import Path

import httpx2
from joserfc import jwt
from joserfc.jwk import RSAKey

base_url, company_id = os.environ["BASE_URL"], os.environ["COMPANY_ID"]
key = RSAKey.import_key(Path(os.environ["KEY_FILE"]).read_text())
claims = {
    "iss": company_id,
    "sub": "profID1241",  # your own name for the professional, the same at each launch
    "jti": str(uuid.uuid4()),  # random: a token is accepted once
    "iat": int(time.time()),  # and within five minutes
    "profInfo": {"firstname": "John", "lastname": "de Vries", "email": "john.devries@praktijk.nl"},
    "treatmentRelationshipId": "1532",
    "patientInfo": {"bsn": os.environ["PATIENT_BSN"]},
}
token = jwt.encode({"alg": "RS256", "kid": os.environ["KEY_ID"]}, claims, key)

# In the body, never in an address: those are written to logs. Neither the token nor the BSN comes back.
answer = httpx2.post(f"{base_url}/sso/launch", json={"token": token})
if not answer.is_success:
    sys.exit(answer.text)  # a problem document (RFC 9457) that says what is wrong
context = answer.json()
context.pop("accessToken")  # a credential, and so not for a log
print(json.dumps(context))
