"""The bodies of `/company/secrets`."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from schemas.base import Answer, Omittable, Schema, Text

MAX_DAYS: Final = 3650
"""Days that a secret which ends can count at most."""


class SecretRequest(Schema):
    """A secret that shall be made. Without `expires_in_days` it counts until it is revoked."""

    label: Omittable[Text] = None
    expires_in_days: Omittable[Annotated[int, Field(ge=1, le=MAX_DAYS)]] = None


class SecretAnswer(Answer):
    """What is told of a secret, which is never the secret. `lastUsedAt` is exact to the hour."""

    id: UUID
    label: str | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class MadeSecret(Answer):
    """The only answer that ever shows this secret."""

    id: UUID
    company_secret: str
    label: str | None
    created_at: datetime
    expires_at: datetime | None
