"""A launch through the gateway, from a company's registration on: does everything that was deployed work together?"""

from datetime import UTC, datetime
from http import HTTPStatus

import httpx2

from tests.support.bsns import fresh_bsn
from tests.support.ehr import PROFESSIONAL, Ehr
from tools.stack.running import Stack


def launch(stack: Stack) -> str:
    """Register a company, approve it as an operator does, launch; return the id of the launch.

    Raises RuntimeError if the launch is not accepted, or if its token is accepted twice.
    """
    with httpx2.Client(base_url=stack.url, timeout=10) as client:
        company = client.post("/company/register", json={"companyName": "De Linde"}).raise_for_status().json()
        company_id = company["companyId"]
        stack.run("identity", "company", "approve", company_id)
        credentials = {"companyId": company_id, "companySecret": company["companySecret"]}
        token = client.post("/auth/token", json=credentials).raise_for_status().json()["access_token"]
        bearer, ehr, bsn = {"Authorization": f"Bearer {token}"}, Ehr(), fresh_bsn()
        client.post("/company/keys", json={"jwk": ehr.public_jwk()}, headers=bearer).raise_for_status()
        client.post("/dossier", json={"bsn": bsn}, headers=bearer).raise_for_status()
        claims = ehr.claims(datetime.now(UTC), iss=company_id, profInfo=PROFESSIONAL, patientInfo={"bsn": bsn})
        signed = {"token": ehr.sign(claims)}
        accepted, replayed = client.post("/sso/launch", json=signed), client.post("/sso/launch", json=signed)
    if (accepted.status_code, replayed.json().get("code")) != (HTTPStatus.OK, "token_replayed"):
        raise RuntimeError(f"launched: {accepted.text}\nlaunched again: {replayed.text}")
    launch_id: str = accepted.json()["launchId"]
    return launch_id
