"""Many launches at once."""

import asyncio
from collections import Counter

import httpx2

from tests.support.world import Company


async def one_is_accepted(company: Company, tokens: list[str]) -> None:
    """Check that of simultaneous launches with these tokens one is accepted, and all others are replays."""
    answers = await asyncio.gather(*(company.launch(token) for token in tokens))

    assert Counter(outcome(answer) for answer in answers) == {"accepted": 1, "token_replayed": len(tokens) - 1}


def outcome(answer: httpx2.Response) -> str:
    """Return the code of a refusal, or `accepted`."""
    return "accepted" if answer.status_code == 200 else str(answer.json()["code"])
