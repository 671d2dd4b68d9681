"""`sso company secret`: the secrets of a company, for the operator of one that has lost its own."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from common.clock import wall_clock
from identity.companies.admission import Admission
from identity.companies.secrets import CompanySecrets
from identity.companies.store_sql import SqlCompanies
from keys.store_sql import SqlPartnerKeys
from schemas.base import MAX_TEXT
from schemas.company_secrets import MAX_DAYS
from schemas.identifiers import CompanyId
from services.commands.given import Config
from services.commands.identity_database import CompanyId as Whose
from services.commands.identity_database import printable, with_identity
from services.databases import IDENTITY_OWNER, Databases

T = TypeVar("T")
Days = Annotated[int | None, typer.Option(min=1, max=MAX_DAYS, help="For how long; without it until it is revoked.")]
Label = Annotated[str | None, typer.Option(help="What to know it by.")]
SecretId = Annotated[str, typer.Argument(help="The secret's id, as `sso company secret list` shows it.")]

app = typer.Typer(help="See, make and revoke the secrets of a company.", no_args_is_help=True)


@app.command("list")
def list_all(company_id: Whose, config: Config = None) -> None:
    """List the secrets that count, without the secrets. Times are UTC; the last use is exact to the hour."""
    for secret in _with_secrets(config, company_id, lambda secrets, whose: secrets.current(whose)):
        times = f"made {_time(secret.created_at)}, ends {_time(secret.expires_at)}, used {_time(secret.last_used_at)}"
        typer.echo(f"{secret.secret_id}  {times}  {printable(secret.label or '')}".rstrip())


@app.command()
def add(company_id: Whose, label: Label = None, expires_in_days: Days = None, config: Config = None) -> None:
    """Make one more secret, and show it this once: hand it over so that nobody else reads it."""
    if label is not None and (len(label) > MAX_TEXT or not label.isprintable()):
        raise typer.BadParameter(f"A label has at most {MAX_TEXT} characters that can be printed.")
    secret, text = _with_secrets(config, company_id, lambda secrets, whose: secrets.make(whose, label, expires_in_days))
    typer.echo(text)
    typer.echo(f"Secret {secret.secret_id}, which ends {_time(secret.expires_at)}: it is not shown again.", err=True)


@app.command()
def revoke(company_id: Whose, secret_id: SecretId, config: Config = None) -> None:
    """Revoke a secret: it gets no token from now on.

    Tokens from before manage no keys and no secrets any more, and end within 15 minutes.
    """
    _with_secrets(config, company_id, lambda secrets, whose: secrets.revoke(whose, secret_id.lower(), by_operator=True))
    typer.echo(f"{printable(secret_id)} is revoked.")


def _with_secrets(config: Path | None, company_id: str, ask: Callable[[CompanySecrets, CompanyId], Awaitable[T]]) -> T:
    async def answer(databases: Databases) -> T:
        store, audit = SqlCompanies(databases.identity), databases.audit(IDENTITY_OWNER)
        company = await Admission(store, audit, wall_clock).find(company_id)
        secrets = CompanySecrets(store, SqlPartnerKeys(databases.identity), audit, wall_clock)
        return await ask(secrets, company.company_id)

    return with_identity(config, answer)


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "never"
