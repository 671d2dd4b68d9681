"""Where tokens come from, and the keys that ours verify with."""

from typing import Final

from common import errors
from common.http.body import FORM
from schemas.scopes import Scope
from schemas.token_bodies import CompanyCredentials, IntrospectionAnswer, SignedToken, TokenAnswer, TokenContents
from services.openapi import examples
from services.openapi.operation import Body, Caller, Operation, Reply
from services.openapi.shapes import KeySet, OwnTokenForm, PatientLogin, ServerMetadata, TokenForm
from sso.issuer.metadata import Metadata

_CLIENT: Final = {"client_id": str(examples.COMPANY), "client_secret": examples.SECRET}
_SECRET: Final = {"client_secret": examples.SECRET, "grant_type": "client_credentials"}
_CONTENTS: Final = {
    "sub": "profID1241",
    "profInfo": {"firstname": "John", "lastname": "de Vries", "email": "john.devries@example.nl", "agb": "01234567"},
    "patientInfo": {"bsn": examples.BSN},
    "treatmentRelationshipId": "1532",
}

OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/auth/token",
        summary="Get a company token (RFC 6749 4.4)",
        caller=Caller.CLIENT,
        wire="oauth",
        bodies=[
            Body(TokenForm, {**_SECRET, "client_id": str(examples.COMPANY), "scope": Scope.DOSSIER_READ.value}, FORM),
            Body(CompanyCredentials, {"companyId": str(examples.COMPANY), "companySecret": examples.SECRET}),
        ],
        replies=[
            Reply(
                200,
                "A token; one asked for without a scope has every scope",
                TokenAnswer(access_token=examples.TOKEN, expires_in=900, scope=Scope.DOSSIER_READ.value),
            )
        ],
        errors=[errors.InvalidScope],
    ),
    Operation(
        method="POST",
        path="/auth/token/internal",
        summary="Get an internal token: for our own services",
        caller=Caller.CLIENT,
        wire="oauth",
        bodies=[Body(TokenForm, {**_SECRET, "client_id": "dossier"}, FORM)],
        replies=[Reply(200, "A token", TokenAnswer(access_token=examples.TOKEN, expires_in=900))],
    ),
    Operation(
        method="POST",
        path="/auth/token/professional",
        summary="Have a professional's SSO token signed, without a key of the company's own",
        caller=Caller.COMPANY,
        scope=Scope.SSO_ISSUE,
        bodies=[Body(TokenContents, _CONTENTS)],
        replies=[
            Reply(201, "Signed", SignedToken(token=examples.TOKEN, jti=str(examples.LAUNCH), expires_in=300)),
        ],
    ),
    Operation(
        method="POST",
        path="/auth/introspect",
        summary="Ask whether a token of the company's own would be accepted now (RFC 7662)",
        caller=Caller.CLIENT_OR_COMPANY,
        wire="oauth",
        bodies=[Body(OwnTokenForm, {**_CLIENT, "token": examples.TOKEN}, FORM)],
        replies=[
            Reply(
                200,
                "What it says; a token that is no good, or another's, is not active. Nothing is spent by asking",
                IntrospectionAnswer(
                    active=True,
                    scope=Scope.DOSSIER_READ.value,
                    client_id=str(examples.COMPANY),
                    token_type="Bearer",  # noqa: S106 - the type, no secret
                    exp=1_767_226_500,
                    iat=1_767_225_600,
                    sub=str(examples.COMPANY),
                    aud="https://sso.example",
                    iss="https://sso.example",
                    jti=str(examples.LAUNCH),
                ),
            )
        ],
    ),
    Operation(
        method="POST",
        path="/auth/revoke",
        summary="Have a token of the company's own be accepted nowhere any more (RFC 7009)",
        caller=Caller.CLIENT_OR_COMPANY,
        wire="oauth",
        bodies=[Body(OwnTokenForm, {**_CLIENT, "token": examples.TOKEN}, FORM)],
        replies=[Reply(200, "It is accepted nowhere from now on; also if it was not before, or is another's")],
    ),
    Operation(
        method="POST",
        path="/auth/login",
        summary="Sign a patient of the demo in",
        caller=Caller.ANYONE,
        bodies=[Body(PatientLogin, {"bsn": examples.BSN, "lastName": "Jansen"})],
        replies=[
            Reply(
                200,
                "A patient token, which opens nothing but itself",
                TokenAnswer(access_token=examples.TOKEN, expires_in=900),
            )
        ],
        errors=[errors.NotAuthenticated, errors.RateLimited],
    ),
    Operation(
        method="GET",
        path="/.well-known/oauth-authorization-server",
        summary="Get what an OAuth client has to know of this server (RFC 8414)",
        caller=Caller.ANYONE,
        replies=[
            Reply(
                200,
                "The metadata, good for five minutes",
                ServerMetadata.model_validate(Metadata("https://sso.example").document()),
                headers=["Cache-Control"],
            )
        ],
    ),
    Operation(
        method="GET",
        path="/.well-known/jwks.json",
        summary="Show the public keys that our tokens verify with (RFC 7517)",
        caller=Caller.ANYONE,
        replies=[
            Reply(
                200,
                "The keys",
                KeySet(keys=[{**examples.JWK, "kid": examples.KID, "use": "sig"}]),
                media="application/jwk-set+json",
                headers=["Cache-Control"],
            )
        ],
    ),
)
