"""What PostgreSQL says when something is wrong, as our own errors: what happened, what to do."""

from __future__ import annotations

import psycopg
from psycopg import errors

from artnb.catalog.address import ServerAddress
from artnb.catalog.session import TransactionLostError
from artnb.errors import (
    ArtnbError,
    CatalogError,
    CatalogLockedError,
    InvalidValueError,
    StoreFullError,
    StoreReadOnlyError,
)
from artnb.texts import Message

__all__ = ["could_not_connect", "explained", "too_old"]

_FULL = ("too many clients", "remaining connection slots")
_PASSING = (
    *_FULL,
    "starting up",
    "not yet accepting connections",
    "in recovery mode",
    "shutting down",
)


def could_not_connect(
    address: ServerAddress, error: psycopg.OperationalError
) -> tuple[CatalogError, bool]:
    """Return the error of a connection that did not come about, and whether that may pass."""
    said = _hidden(str(error), address)
    place = f"{address.host}, port {address.port}"
    if any(words in said for words in _PASSING):
        told = f"The PostgreSQL server at {place} takes no connection now ({_last(said)})."
        full = any(words in said for words in _FULL)
        return CatalogError(f"{told} Wait{', or raise its max_connections' if full else ''}."), True
    if "no password supplied" in said:
        return CatalogError(
            f"The PostgreSQL server at {place} wants a password of the {_user(address)}, and none "
            "was found. Give it here by PGPASSWORD, ~/.pgpass or ARTNB_CATALOG: passwords do not "
            "travel with a run's handle, nor are they recorded."
        ), False
    if "password authentication failed" in said:
        what = f"The PostgreSQL server at {place} refused the {_user(address)}"
        return CatalogError(
            f"{what} ({_last(said)}). Correct the password in ARTNB_CATALOG, PGPASSWORD or "
            "~/.pgpass."
        ), False
    if "database" in said and "does not exist" in said:
        host = "" if address.host == "the local socket" else f" -h {address.host}"
        return CatalogError(
            f"There is no database {address.database!r} at {place}. Make it: createdb{host} "
            f"-p {address.port} {address.database}"
        ), False
    if ("role" in said and "does not exist" in said) or "no pg_hba.conf entry" in said:
        return CatalogError(
            f"The PostgreSQL server at {place} does not let the user in ({_last(said)}). Ask its "
            "administrator for a role, or name another in ARTNB_CATALOG."
        ), False
    return CatalogError(
        Message(
            "The PostgreSQL server at {0} does not answer ({1}). Nothing was recorded; start it, "
            "or correct ARTNB_CATALOG.",
            place,
            _last(said),
        )
    ), False


def explained(
    doing: str, address: ServerAddress, error: psycopg.Error, holder: str = ""
) -> ArtnbError:
    """Return the error of a statement; `holder` says who may have locked what it waited for."""
    said = _hidden(str(error), address).strip().splitlines()[0] if str(error).strip() else ""
    place = f"the catalogue {address.shown}"
    if isinstance(error, errors.DiskFull):
        return StoreFullError(
            f"The disk of {place} is full. Nothing was recorded; make room on its server, then try "
            "again."
        )
    if isinstance(error, (errors.InsufficientPrivilege, errors.ReadOnlySqlTransaction)):
        return StoreReadOnlyError(
            f"The {_user(address)} may not {doing} {place} ({said}). Let its "
            f"owner run: grant all on schema {address.schema or 'public'} to the user, and on all "
            "tables in it."
        )
    if isinstance(error, (errors.LockNotAvailable, errors.QueryCanceled)):
        return CatalogLockedError(
            f"Another process kept {place} locked ({said}). Nothing was recorded.{holder} "
            "Try again when it is over; lock_timeout (ARTNB_LOCK_TIMEOUT) says how long is waited."
        )
    if isinstance(error, (psycopg.DataError, errors.UntranslatableCharacter)):
        return InvalidValueError(
            f"PostgreSQL cannot keep a text or number that it was given ({said}). Nothing was "
            "recorded; leave characters such as \\0 out of names and descriptions."
        )
    if isinstance(error, (psycopg.OperationalError, errors.IdleInTransactionSessionTimeout)):
        return TransactionLostError(
            Message(
                "The connection to the catalogue {0} broke ({1}). Nothing was recorded; when the "
                "server is back, try again.",
                address.shown,
                said,
            )
        )
    return CatalogError(f"Could not {doing} {place}: {said}.")


def too_old(location: str, version: int, oldest: int) -> CatalogError:
    """Return the error of a server that lacks what is needed."""
    return CatalogError(
        f"The server of {location} is PostgreSQL {version // 10_000}; artnb needs {oldest} or "
        "newer. Upgrade it, or name another in ARTNB_CATALOG."
    )


def _user(address: ServerAddress) -> str:
    return f"user {address.user!r}" if address.user else "user of this login"


def _hidden(text: str, address: ServerAddress) -> str:
    for secret in sorted(address.secrets, key=len, reverse=True):
        if len(secret) > 3:  # a shorter one would be found in any word; no server repeats it
            text = text.replace(secret, "***")
    return text


def _last(text: str) -> str:
    """Return the reason of the last attempt, without what libpq puts before it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    reasons = [line for line in lines if "failed: " in line or "FATAL: " in line] or lines[:1]
    reason = reasons[-1].rpartition("failed: ")[2] if reasons else "no reason given"
    return reason.removeprefix("FATAL:").strip()
