"""`sso company`: what an operator decides of companies."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from common.clock import wall_clock
from identity.companies.admission import Admission
from identity.companies.model import Company, Status
from identity.companies.store_sql import SqlCompanies
from identity.companies.withdrawal import KeyWithdrawal
from keys.key_sets.store_sql import SqlKeySets
from services.commands.given import Config
from services.commands.identity_database import CompanyId, printable, with_identity
from services.databases import IDENTITY_OWNER, Databases

T = TypeVar("T")

app = typer.Typer(help="See which companies there are, and which may take part.", no_args_is_help=True)


@app.command("list")
def list_all(
    status: Annotated[Status | None, typer.Option(help="Only companies of this status.")] = None, config: Config = None
) -> None:
    """List the companies, in the order of their registration."""
    for company in _with_admission(config, lambda admission: admission.all()):
        if status in {None, company.status}:
            moment = company.registered_at.strftime("%Y-%m-%d %H:%M")
            typer.echo(f"{company.company_id}  {company.status.value:<9}  {moment}  {printable(company.name)}")


@app.command()
def show(company_id: CompanyId, config: Config = None) -> None:
    """Show one company."""
    company = _with_admission(config, lambda admission: admission.find(company_id))
    typer.echo(f"Company     {company.company_id}")
    typer.echo(f"Name        {printable(company.name)}")
    typer.echo(f"Status      {company.status.value}")
    typer.echo(f"Registered  {company.registered_at:%Y-%m-%d %H:%M} UTC")


@app.command()
def approve(company_id: CompanyId, config: Config = None) -> None:
    """Let a company in that waits for approval."""
    _say(_with_admission(config, lambda admission: admission.approve(company_id)))


@app.command()
def suspend(company_id: CompanyId, config: Config = None) -> None:
    """Refuse a company's tokens, launches and sessions, at once."""
    _say(_with_admission(config, lambda admission: admission.suspend(company_id)))


@app.command()
def resume(company_id: CompanyId, config: Config = None) -> None:
    """Let a suspended company in again."""
    _say(_with_admission(config, lambda admission: admission.resume(company_id)))


@app.command("withdraw-keys")
def withdraw_keys(company_id: CompanyId, config: Config = None) -> None:
    """Forget where a suspended company publishes its keys, and let others have those keys."""

    async def withdraw(databases: Databases) -> Company:
        return await KeyWithdrawal(admission_of(databases), SqlKeySets(databases.identity)).withdraw(company_id)

    company = with_identity(config, withdraw)
    typer.echo(f"{printable(company.name)} ({company.company_id}) publishes no keys.")


def _with_admission(config: Path | None, ask: Callable[[Admission], Awaitable[T]]) -> T:
    return with_identity(config, lambda databases: ask(admission_of(databases)))


def admission_of(databases: Databases) -> Admission:
    """Return what finds and admits companies."""
    return Admission(SqlCompanies(databases.identity), databases.audit(IDENTITY_OWNER), wall_clock)


def _say(company: Company) -> None:
    typer.echo(f"{printable(company.name)} ({company.company_id}) is {company.status.value}.")
