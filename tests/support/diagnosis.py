"""Asking for a diagnosis, and reading it."""

from typing import Any

import httpx2

from tests.support.world import Company

STEPS = [
    "size", "segments", "header", "typ", "algorithm", "signer", "key", "signature",
    "claims", "parties", "freshness", "treatment_relationship", "already_used",
]  # fmt: skip
"""All of them, in their order."""


async def diagnose(company: Company, token: str) -> httpx2.Response:
    """Ask what a launch with this token would answer."""
    return await company.client.post("/sso/diagnose", json={"token": token}, headers=company.bearer)


async def diagnosis(company: Company, token: str) -> dict[str, Any]:
    """Return the answer, checked for its form: every step in order, all of them well but the last of a refusal."""
    answer = await diagnose(company, token)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), answer.text
    found: dict[str, Any] = answer.json()
    assert found.keys() == {"accepted", "steps"}
    assert [step["step"] for step in found["steps"]] == STEPS[: len(found["steps"])]
    assert [step["ok"] for step in found["steps"]] == [True] * (len(found["steps"]) - 1) + [found["accepted"]]
    assert not found["accepted"] or len(found["steps"]) == len(STEPS)
    return found


async def failing(company: Company, token: str) -> tuple[str, str]:
    """Return the step at which a token fails, and what is said of it."""
    found = await diagnosis(company, token)
    assert not found["accepted"], found
    last = found["steps"][-1]
    return last["step"], last["detail"]
