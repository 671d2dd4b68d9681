"""`POST /company/register`: anyone may register a company, and sees its secret this once."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from common.http.body import json_object
from common.http.routing import Resource
from identity.companies.service import Companies
from schemas.base import Rules
from schemas.bodies import CompanyRegistration, RegisteredCompany


@dataclass(frozen=True, slots=True)
class CompanyEndpoints:
    """The registration of companies (contract, section 5)."""

    companies: Companies

    def routes(self) -> list[Resource]:
        """Return the routes of these endpoints."""
        return [Resource("/company/register", POST=self.register)]

    async def register(self, request: Request) -> Response:
        """Register a company; the same name twice makes two."""
        asked = CompanyRegistration.parse(await json_object(request), Rules())
        company, secret = await self.companies.register(asked.company_name)
        answer = RegisteredCompany(
            company_id=company.company_id, company_name=company.name, company_secret=secret, status=company.status.value
        )
        return JSONResponse(answer.wire(), 201, headers={"Location": "/company"})
