"""`POST /company/register`: anyone may, and sees the secret this once. `GET /company`: what we know of the caller."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from common.http.bearer import bearer_token
from common.http.body import json_object
from common.http.routing import Resource
from identity.companies.service import Companies
from schemas.base import Rules
from schemas.bodies import CompanyAnswer, CompanyRegistration, RegisteredCompany
from schemas.callers import CompanyAccess


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
        return JSONResponse(answer.wire())

    async def register(self, request: Request) -> Response:
        """Register a company; the same name twice makes two."""
        asked = CompanyRegistration.parse(await json_object(request), Rules())
        company, secret = await self.companies.register(asked.company_name)
        answer = RegisteredCompany(
            company_id=company.company_id, company_name=company.name, company_secret=secret, status=company.status.value
        )
        return JSONResponse(answer.wire(), 201, headers={"Location": "/company"})
