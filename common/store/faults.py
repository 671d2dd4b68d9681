"""What goes wrong with a database, in our words: what is not the caller's mistake is Unavailable."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import asyncpg
from sqlalchemy import exc

from common.errors import Unavailable

# SQLSTATE classes in which nothing is wrong with the statement: connection, resources, lock, operator, system.
_TRANSIENT: Final = frozenset({"08", "40", "53", "55", "57", "58"})
_READ_ONLY: Final = "25006"
"""A failover to a standby, say: as it is now, nothing can be decided here."""

_UNDONE: Final = frozenset({"40P01", "55P03"})
"""A deadlock, and a lock that was not to be had in time: PostgreSQL has undone the statement, for others' sake."""

_OF_THE_CONNECTION: Final = (
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # PostgreSQL has ended it, and the driver has not read so yet
    asyncpg.InvalidCachedStatementError,  # a migration has changed what was prepared
    asyncpg.OutdatedSchemaCacheError,
)
"""What is no fault of a statement: on another connection, or a moment later, it is good."""


def ends_connections(error: BaseException) -> bool:
    """Return whether after this error the other connections that lie idle are no better than this one.

    The server stops or starts anew (SQLSTATE 57P..), or cannot be reached (08...).
    """
    state = _state(getattr(error, "orig", error))
    return isinstance(error, asyncpg.InternalClientError | ConnectionError) or state.startswith(("57P", "08"))


@contextmanager
def translated() -> Iterator[None]:
    """Raise Unavailable for what fails in the database. A broken constraint stays: who knows it says what it means."""
    try:
        yield
    except exc.IntegrityError:
        raise
    except exc.DBAPIError as error:
        plain = isinstance(error, exc.OperationalError | exc.InterfaceError)
        if plain or error.connection_invalidated or _transient(error.orig):
            raise _unavailable(error.orig) from None
        raise
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:  # of `statements`
        if isinstance(error, _OF_THE_CONNECTION) or _transient(error):
            raise _unavailable(error) from None
        raise
    except (exc.TimeoutError, OSError) as error:  # no connection free, or none to be had (TimeoutError is an OSError)
        raise _unavailable(error) from None


def _transient(error: BaseException | None) -> bool:
    state = _state(error)
    return state[:2] in _TRANSIENT or state == _READ_ONLY


def _state(error: BaseException | None) -> str:
    return str(getattr(error, "sqlstate", None) or "")


def _unavailable(error: BaseException | None) -> Unavailable:
    return Unavailable("the database", private=type(error).__name__, undone=_state(error) in _UNDONE)
