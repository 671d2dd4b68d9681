"""A company asks whether a patient lets it share: it fetches a token with its secret, and uses it."""

import json
import os
import sys
from pathlib import Path

import httpx2
from authlib.integrations.httpx_client import OAuth2Client, OAuthError

base_url, company_id = os.environ["BASE_URL"], os.environ["COMPANY_ID"]
secret = Path(os.environ["SECRET_FILE"]).read_text().strip()

server = httpx2.get(f"{base_url}/.well-known/oauth-authorization-server").raise_for_status().json()
if server["issuer"] != base_url:
    sys.exit("These are the metadata of another server.")  # RFC 8414 3.3
with OAuth2Client(company_id, secret, scope="permission:read") as client:
    try:
        client.fetch_token(server["token_endpoint"], grant_type="client_credentials")
    except OAuthError as refused:  # RFC 6749 5.2
        sys.exit(json.dumps({"error": refused.error, "error_description": refused.description}))
    except httpx2.HTTPStatusError as refused:  # 503
        sys.exit(refused.response.text)
    # The BSN is in the body: `GET /dossier/{bsn}/permission` says the same, but addresses are written to logs.
    answer = client.post(f"{base_url}/dossier/permission", json={"bsn": os.environ["PATIENT_BSN"]})

if not answer.is_success:
    sys.exit(answer.text)  # a problem document (RFC 9457) that says why not
print(answer.text)  # {"gavePermission": true}
