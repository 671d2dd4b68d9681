"""The settings that a command was given."""

import os
from pathlib import Path
from typing import Annotated

import typer

from common.errors import ServiceError, SettingsError
from common.settings import Settings
from common.settings_source import Given, read_settings

Config = Annotated[Path | None, typer.Option(help="TOML file with settings; else the one that SSO_CONFIG names.")]


def read_given(config: Path | None) -> Given:
    """Return the settings of the file and the environment, with a warning for each variable that means nothing.

    Raises SettingsError.
    """
    given = read_settings(os.environ, config)
    for name in given.unknown:
        typer.echo(f"Warning: {name} is no setting of this service.", err=True)
    return given


def settings_of(config: Path | None) -> Settings:
    """Return the settings themselves; as `read_given`."""
    return read_given(config).settings


def exit_code(error: Exception) -> int:
    """Say in one sentence what cannot be done; return 2 where the settings are wrong, else 1."""
    typer.echo(f"sso: {error.detail if isinstance(error, ServiceError) else error}", err=True)
    return 2 if isinstance(error, SettingsError) else 1
