"""`sso professional`: what an operator does about a company's professionals."""

from typing import Annotated

import typer

from common.clock import wall_clock
from identity.companies.model import Company
from identity.professionals.links import Links
from identity.professionals.store_sql import SqlLinks
from schemas.identifiers import name_or_none
from services.commands.company import admission_of
from services.commands.given import Config
from services.commands.identity_database import CompanyId, printable, with_identity
from services.databases import IDENTITY_OWNER, Databases

app = typer.Typer(help="Mend which account a company's professional comes in on.", no_args_is_help=True)


@app.callback()
def _of_professionals() -> None:
    """Keep the command's name: an application of one command would be that command."""


@app.command()
def unlink(
    company_id: CompanyId,
    sub: Annotated[str, typer.Argument(help="The company's own name for the professional: `sub` in its tokens.")],
    config: Config = None,
) -> None:
    """Undo the link to a wrong account, for ever; sessions and tokens of it end, and the next launch finds another."""

    async def undo(databases: Databases) -> Company:
        company = await admission_of(databases).find(company_id)
        links = Links(SqlLinks(databases.identity), databases.audit(IDENTITY_OWNER), wall_clock)
        await links.undo(company.company_id, name_or_none(sub))
        return company

    company = with_identity(config, undo)
    typer.echo(f"{printable(sub)} of {printable(company.name)} ({company.company_id}) is linked to no account.")
