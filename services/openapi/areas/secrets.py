"""A company's secrets: two at a time, each shown once."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from common import errors
from schemas.company_secrets import MadeSecret, SecretAnswer, SecretRequest
from schemas.scopes import Scope
from services.openapi import examples
from services.openapi.operation import Body, Caller, Operation, Parameter, Reply
from services.openapi.shapes import SecretList

_ENDS: Final = examples.MOMENT + timedelta(days=365)

OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/company/secrets",
        summary="List the company's secrets that count, without the secrets",
        caller=Caller.COMPANY,
        scope=Scope.KEYS_MANAGE,
        replies=[
            Reply(
                200,
                "The secrets",
                SecretList(
                    items=[
                        SecretAnswer(
                            id=examples.SECRET_ID,
                            label="2026",
                            created_at=examples.MOMENT,
                            expires_at=_ENDS,
                            last_used_at=examples.MOMENT,
                        )
                    ]
                ),
            )
        ],
    ),
    Operation(
        method="POST",
        path="/company/secrets",
        summary="Make a second secret, to go over to",
        caller=Caller.COMPANY,
        scope=Scope.KEYS_MANAGE,
        bodies=[Body(SecretRequest, {"label": "2026", "expiresInDays": 365})],
        replies=[
            Reply(
                201,
                "Made. The secret is shown this once",
                MadeSecret(
                    id=examples.SECRET_ID,
                    company_secret=examples.SECRET,
                    label="2026",
                    created_at=examples.MOMENT,
                    expires_at=_ENDS,
                ),
                headers=["Location"],
            )
        ],
        errors=[errors.SecretRejected],
    ),
    Operation(
        method="DELETE",
        path="/company/secrets/{id}",
        summary="Revoke a secret; the last one only where the company has a key",
        caller=Caller.COMPANY,
        scope=Scope.KEYS_MANAGE,
        parameters=[Parameter("id", "path", UUID, "The secret's id", str(examples.SECRET_ID))],
        replies=[Reply(204, "Revoked: it gets no token from now on, and older tokens manage no keys and no secrets")],
        errors=[errors.NotFound, errors.Conflict],
    ),
)
