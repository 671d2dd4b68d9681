"""Secrets in files. Keys are 32 random octets as one line of base64url, readable by their owner alone."""

import base64
import os
import secrets
from pathlib import Path
from typing import Final

from common.errors import SettingsError

KEY_BYTES: Final = 32
SECRET_CHARACTERS: Final = 32
"""The least; what is kept of a secret is a plain digest, so it has to be beyond guessing."""

_KEYS: Final = ("-----BEGIN", "{")
"""How a key begins that is in PEM, or a JWK."""


def read_key(path: Path) -> bytes:
    """Return the 32 octets of a key file. Raises SettingsError with a sentence that says how to mend it."""
    try:
        text = path.read_text("ascii").strip()
        key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except OSError as error:
        raise SettingsError(f"The key file {path} cannot be read: {error.strerror}.") from None
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise SettingsError(f"The key file {path} is damaged: put back the right one from your backup.")
    return key


def read_text(path: Path) -> str:
    """Return the text in a file, without white space round it; empty if it is none. Raises SettingsError."""
    try:
        return path.read_text("utf-8").strip()
    except OSError as error:
        raise SettingsError(f"The file {path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        return ""


def read_secret(path: Path) -> str:
    """Return the secret in a file, without white space round it. Raises SettingsError, never with what is in it.

    A key is none: the public half would be a secret that everybody knows.
    """
    secret = read_text(path)
    if secret.startswith(_KEYS):
        raise SettingsError(
            f"The file {path} has a key and no secret: name it as PUBLIC_KEY_FILE or PRIVATE_KEY_FILE, "
            "or make a secret with `openssl rand -hex 32`."
        )
    if len(secret) < SECRET_CHARACTERS:
        raise SettingsError(f"The secret in {path} can be guessed: make one with `openssl rand -hex 32`.")
    return secret


def read_given_secret(path: Path) -> str:
    """Return the secret that another has given us, as long as that one likes it. Raises SettingsError."""
    credential = read_text(path)
    if not credential:
        raise SettingsError(f"The secret file {path} is empty or no text: put in what the identity provider gave you.")
    return credential


def make_key(path: Path) -> None:
    """Write a new key file, as `write_new`. Raises OSError."""
    write_new(path, base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).rstrip(b"=").decode() + "\n")


def write_new(path: Path, text: str) -> None:
    """Write a file that only its owner can read, complete or not at all, and never over one. Raises OSError."""
    new = _written(path, text)
    try:
        os.link(new, path)  # unlike a rename, a link never replaces
    finally:
        new.unlink()


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can read, complete or not at all, in place of an older one. Raises OSError."""
    _written(path, text).replace(path)


def _written(path: Path, text: str) -> Path:
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return new
