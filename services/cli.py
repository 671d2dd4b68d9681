"""The command `sso`."""

import sys

import typer

from common.errors import ServiceError, SettingsError
from services.commands import (
    bench,
    company,
    company_secret,
    config,
    keys,
    patient,
    professional,
    pseudoniem,
    reseal,
    schema,
    serve,
    token,
)
from services.commands.given import exit_code

app = typer.Typer(
    help="Single sign-on in patient context for Dutch healthcare.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.add_typer(serve.app, name="serve")
app.command("bench")(bench.bench)
app.command("migrate")(schema.migrate_schema)
keys.app.command("reseal")(reseal.reseal_all)
app.add_typer(keys.app, name="keys")
company.app.add_typer(company_secret.app, name="secret")
app.add_typer(company.app, name="company")
app.add_typer(patient.app, name="patient")
app.add_typer(professional.app, name="professional")
app.add_typer(config.app, name="config")
app.add_typer(pseudoniem.app, name="pseudoniem")
app.add_typer(token.app, name="token")


def main() -> None:
    """Run the command; what cannot be done ends in one sentence, and in exit code 2 where the settings are wrong."""
    try:
        app()
    except (SettingsError, ServiceError) as error:
        sys.exit(exit_code(error))
