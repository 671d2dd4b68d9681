"""`/company`: to register, which anyone may; what we know of the caller; and the secrets of a company."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from common.http.answer import json_answer
from common.http.bearer import bearer_token
from common.http.body import json_object
from common.http.routing import Resource
from identity.companies.model import CompanySecret
from identity.companies.secrets import CompanySecrets
from identity.companies.service import Companies
from schemas.base import Rules
from schemas.bodies import CompanyAnswer, CompanyRegistration, RegisteredCompany
from schemas.callers import CompanyAccess
from schemas.company_secrets import MadeSecret, SecretAnswer, SecretRequest
from schemas.scopes import Scope


@dataclass(frozen=True, slots=True)
class CompanyEndpoints:
    """The registration of companies (contract, section 5)."""

    companies: Companies
    access: CompanyAccess

    def routes(self) -> list[Resource]:
        """Return the routes of these endpoints."""
        return [Resource("/company/register", POST=self.register), Resource("/company", GET=self.show)]

    async def show(self, request: Request) -> Response:
        """Show the company that calls."""
        caller = await self.access.company(bearer_token(request), None)
        company = await self.companies.show(caller.company_id)
        answer = CompanyAnswer(
            company_id=company.company_id,
            company_name=company.name,
            status=company.status.value,
            created_at=company.registered_at,
        )
        return json_answer(answer)

    async def register(self, request: Request) -> Response:
        """Register a company; the same name twice makes two."""
        asked = CompanyRegistration.parse(await json_object(request), Rules())
        company, secret = await self.companies.register(asked.company_name)
        answer = RegisteredCompany(
            company_id=company.company_id, company_name=company.name, company_secret=secret, status=company.status.value
        )
        return json_answer(answer, 201, headers={"Location": "/company"})


@dataclass(frozen=True, slots=True)
class CompanySecretEndpoints:
    """`/company/secrets`: a company's own secrets, of which none is ever shown a second time."""

    secrets: CompanySecrets
    access: CompanyAccess

    def routes(self) -> list[Resource]:
        """Return the routes of this endpoint."""
        return [
            Resource("/company/secrets", GET=self.show, POST=self.make),
            Resource("/company/secrets/{id}", DELETE=self.revoke),
        ]

    async def show(self, request: Request) -> Response:
        """List the secrets that count, without the secrets."""
        caller = await self.access.company(bearer_token(request), Scope.KEYS_MANAGE)
        secrets = await self.secrets.current(caller.company_id)
        return JSONResponse({"items": [_answer(secret) for secret in secrets]})

    async def make(self, request: Request) -> Response:
        """Make one more secret, and show it this once."""
        caller = await self.access.company(bearer_token(request), Scope.KEYS_MANAGE)
        asked = SecretRequest.parse(await json_object(request), Rules())
        secret, text = await self.secrets.make(
            caller.company_id, asked.label, asked.expires_in_days, issued_at=caller.issued_at
        )
        answer = MadeSecret(
            id=secret.secret_id,
            company_secret=text,
            label=secret.label,
            created_at=secret.created_at,
            expires_at=secret.expires_at,
        )
        return json_answer(answer, 201, headers={"Location": f"/company/secrets/{secret.secret_id}"})

    async def revoke(self, request: Request) -> Response:
        """Revoke a secret."""
        caller = await self.access.company(bearer_token(request), Scope.KEYS_MANAGE)
        await self.secrets.revoke(caller.company_id, request.path_params["id"])
        return Response(status_code=204)


def _answer(secret: CompanySecret) -> dict[str, object]:
    answer = SecretAnswer(
        id=secret.secret_id,
        label=secret.label,
        created_at=secret.created_at,
        expires_at=secret.expires_at,
        last_used_at=secret.last_used_at,
    )
    return answer.wire()
