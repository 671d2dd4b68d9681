"""`sso patient`: what a patient may ask of an operator: to see all that is kept on them, and to have it erased."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import typer

from common.clock import wall_clock
from common.errors import NotFound, SettingsError
from identity.pseudoniem.service import Pseudoniemen
from identity.pseudoniem.store_sql import SqlPseudoniemen
from identity.pseudoniem.versions import recognised
from keys.sealing import CannotOpen
from schemas.identifiers import Bsn, Pseudoniem
from services.commands.given import Config, settings_of
from services.databases import PSEUDONIEM_OWNER, Databases, open_databases, urls_of
from services.patient_data import erase, export, is_known
from services.required import DATABASES, DIGEST_KEY, SEALING_KEY, require
from services.schema import require_current
from services.wiring import read_digest_keys, read_sealer

T = TypeVar("T")
Known = Annotated[UUID | None, typer.Option("--pseudoniem", help="The patient by pseudoniem, in place of a BSN.")]
Wait = Annotated[float, typer.Option(help="Seconds after which to look again for what a request was still writing.")]

app = typer.Typer(help="Show or erase all that is kept on one patient.", no_args_is_help=True)


@app.command("export")
def export_all(pseudoniem: Known = None, config: Config = None) -> None:
    """Write all that is kept on a patient to standard output, as JSON. The BSN is read from standard input.

    It is in no argument, because everybody on the machine can see those.
    """
    settings = settings_of(config)
    require(settings, SEALING_KEY)
    sealer = read_sealer(settings)

    async def shown(databases: Databases, patient: Pseudoniem) -> str:
        try:
            return json.dumps(await export(databases, sealer, patient, wall_clock()), indent=2, ensure_ascii=False)
        except CannotOpen:
            raise SettingsError(
                "Something is sealed with another key: set SSO_KEYS__OTHER_SEALING_FILE to the dossier service's key."
            ) from None

    typer.echo(_with_patient(config, pseudoniem, shown))


@app.command("erase")
def erase_all(pseudoniem: Known = None, wait: Wait = 15.0, config: Config = None) -> None:
    """Erase all that is kept on a patient. The BSN is read from standard input. What happened stays in the audit.

    Ends with 1 if something is left: run it again, with the pseudoniem that it said.
    """

    async def erased(databases: Databases, patient: Pseudoniem) -> bool:
        typer.echo(f"Erasing what is kept under the pseudoniem {patient}.")
        for pause in (wait, 0.0):
            for table, count in (await erase(databases, patient, wall_clock())).items():
                if count:
                    typer.echo(f"{table}: {count}")
            await asyncio.sleep(pause)
        return not await is_known(databases, patient)

    if not _with_patient(config, pseudoniem, erased):
        typer.echo("Something is still written: run this again with --pseudoniem.", err=True)
        raise typer.Exit(1)
    typer.echo("Nothing is left but the audit.")


def _with_patient(config: Path | None, given: UUID | None, ask: Callable[[Databases, Pseudoniem], Awaitable[T]]) -> T:
    settings = settings_of(config)
    require(settings, *DATABASES, *([DIGEST_KEY] if given is None else []))
    bsn = None if given is not None else _read_bsn()

    async def answer() -> T:
        databases = open_databases(urls_of(settings.database), patient=True)
        try:
            await require_current(databases)
            if bsn is None:
                return await ask(databases, Pseudoniem(UUID(str(given))))
            store = SqlPseudoniemen(databases.pseudoniem)
            keys = await recognised(store, read_digest_keys(settings))
            patient = await Pseudoniemen(store, keys, databases.audit(PSEUDONIEM_OWNER), wall_clock).find(bsn)
            if patient is None:
                raise NotFound("Nothing is kept on a patient with this BSN.")
            return await ask(databases, patient)
        finally:
            await databases.close()

    return asyncio.run(answer())


def _read_bsn() -> Bsn:
    if sys.stdin.isatty():
        return _bsn(typer.prompt("BSN", hide_input=True))
    return _bsn(sys.stdin.readline())


def _bsn(text: str) -> Bsn:
    try:
        return Bsn(text.strip())
    except ValueError as error:
        raise SettingsError(f"That is no BSN: {error}.") from None
