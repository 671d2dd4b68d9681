"""A company's registration, and the keys that its tokens verify with."""

from datetime import timedelta
from typing import Final

from common import errors
from schemas.bodies import (
    CompanyAnswer,
    CompanyRegistration,
    JwksUri,
    KeyAnswer,
    KeySetAnswer,
    KeyUpload,
    PublishedKeyAnswer,
    RegisteredCompany,
    SkippedKeyAnswer,
)
from schemas.scopes import Scope
from services.openapi import examples
from services.openapi.operation import Body, Caller, Operation, Parameter, Reply
from services.openapi.shapes import KeyList

_KEY: Final = KeyAnswer(kid=examples.KID, kty="OKP", alg="EdDSA", label="our EHR", created_at=examples.MOMENT)
_SET: Final = KeySetAnswer(
    jwks_uri=examples.JWKS_URI,
    fetched_at=examples.MOMENT,
    expires_at=examples.MOMENT + timedelta(days=7),
    failure=None,
    keys=[PublishedKeyAnswer(kid="2026-1", thumbprint=examples.KID, kty="OKP", alg="EdDSA")],
    skipped=[SkippedKeyAnswer(index=1, reason="size")],
)

OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/company/register",
        summary="Register a company; the same name twice makes two",
        caller=Caller.ANYONE,
        bodies=[Body(CompanyRegistration, {"companyName": examples.COMPANY_NAME})],
        replies=[
            Reply(
                201,
                "Registered. The secret is shown this once",
                RegisteredCompany(
                    company_id=examples.COMPANY,
                    company_name=examples.COMPANY_NAME,
                    company_secret=examples.SECRET,
                    status="active",
                ),
                headers=["Location"],
            )
        ],
    ),
    Operation(
        method="GET",
        path="/company",
        summary="Show the company that calls",
        caller=Caller.COMPANY,
        replies=[
            Reply(
                200,
                "The company",
                CompanyAnswer(
                    company_id=examples.COMPANY,
                    company_name=examples.COMPANY_NAME,
                    status="active",
                    created_at=examples.MOMENT,
                ),
            )
        ],
    ),
    Operation(
        method="GET",
        path="/company/keys",
        summary="List the company's current keys",
        caller=Caller.COMPANY,
        scope=Scope.KEYS_MANAGE,
        replies=[Reply(200, "The keys", KeyList(items=[_KEY]))],
    ),
    Operation(
        method="POST",
        path="/company/keys",
        summary="Register a public key, as a JWK or as PEM",
        caller=Caller.COMPANY,
        scope=Scope.KEYS_MANAGE,
        bodies=[Body(KeyUpload, {"jwk": examples.JWK, "label": "our EHR"})],
        replies=[Reply(201, "Registered", _KEY), Reply(200, "The company has this key already", _KEY)],
        errors=[errors.KeyRejected],
    ),
    Operation(
        method="DELETE",
        path="/company/keys/{kid}",
        summary="Revoke a key for ever",
        caller=Caller.COMPANY,
        scope=Scope.KEYS_MANAGE,
        parameters=[Parameter("kid", "path", str, "The key's RFC 7638 thumbprint", examples.KID)],
        replies=[Reply(204, "Revoked")],
        errors=[errors.NotFound],
    ),
    Operation(
        method="PUT",
        path="/company/jwks-uri",
        summary="Say behind which URL the company publishes its keys; they are fetched at once",
        caller=Caller.COMPANY,
        scope=Scope.KEYS_MANAGE,
        bodies=[Body(JwksUri, {"jwksUri": examples.JWKS_URI})],
        replies=[Reply(200, "What was fetched: the keys that count, and why others do not", _SET)],
        errors=[errors.JwksUriRejected, errors.Conflict],
    ),
    Operation(
        method="GET",
        path="/company/jwks-uri",
        summary="Show the URL, the keys behind it, and how the last fetch went",
        caller=Caller.COMPANY,
        scope=Scope.KEYS_MANAGE,
        replies=[Reply(200, "What is kept", _SET)],
        errors=[errors.NotFound],
    ),
    Operation(
        method="DELETE",
        path="/company/jwks-uri",
        summary="Forget the URL, and the keys that were only there",
        caller=Caller.COMPANY,
        scope=Scope.KEYS_MANAGE,
        replies=[Reply(204, "Forgotten")],
        errors=[errors.NotFound],
    ),
)
