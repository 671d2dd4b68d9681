"""`sso keys`: the secret keys that production is given. Only the demo makes its own."""

from pathlib import Path
from typing import Annotated

import typer

from common.errors import SettingsError
from common.key_files import make_key

app = typer.Typer(help="Make the secret keys of an installation.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep `init` a command of its own."""


@app.command()
def init(out: Annotated[Path, typer.Option(help="Folder for the key files; made if it is not there.")]) -> None:
    """Make the sealing key and the digest key, readable by their owner alone, and never over existing ones."""
    files = {"SSO_KEYS__SEALING_FILE": out / "sealing.key", "SSO_KEYS__DIGEST_FILE": out / "digest.key"}
    for file in files.values():
        if file.exists():
            raise SettingsError(f"{file} is there already, and a key is never written over.")
    try:
        out.mkdir(parents=True, exist_ok=True, mode=0o700)
        for file in files.values():
            make_key(file)
    except OSError as error:
        raise SettingsError(f"No keys can be made in {out}: {error.strerror}.") from None
    for name, file in files.items():
        typer.echo(f"{name}={file.absolute()}")
    typer.echo("Keep a copy of both in a safe place: without them the database cannot be read.", err=True)
