"""Where a catalogue is: a file, or a schema in a PostgreSQL database."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from artnb.errors import InvalidValueError

__all__ = ["FileAddress", "ServerAddress", "parse_address", "without_password"]

_SERVERS = ("postgresql", "postgres")
_SCHEMA = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_JOURNALS = ("wal", "delete")
_SECRET = ("password", "sslpassword", "passfile", "sslkey")


@dataclass(frozen=True, slots=True)
class FileAddress:
    """``sqlite:///PATH``, with ``?journal=delete`` where the filesystem cannot bear WAL."""

    path: Path
    journal: str | None = None


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """``postgresql://USER:PASSWORD@HOST:PORT/DATABASE?schema=NAME``.

    Attributes
    ----------
    conninfo : str
        What libpq is told; it may hold the password.
    schema : str or None
        None: the first of the user's search path.
    shown : str
        The address without what is secret.
    secrets : tuple of str
        What no message may hold.
    """

    conninfo: str = field(repr=False)
    schema: str | None
    host: str
    port: str
    database: str
    user: str
    shown: str
    secrets: tuple[str, ...] = field(repr=False)

    @property
    def defaults(self) -> dict[str, Any]:
        """What is set where the URL does not: that an absent server is noticed soon."""
        given = dict(parse_qsl(urlsplit(self.conninfo).query))
        return {
            key: value
            for key, value in {"connect_timeout": 10, "application_name": "artnb"}.items()
            if key not in given
        }

    @classmethod
    def parse(cls, url: str) -> ServerAddress:
        """Return the address of a URL.

        Raises
        ------
        InvalidValueError
            It cannot be read. The message does not repeat it, for it may hold a password.
        """
        try:
            parts = urlsplit(url)
            port = str(parts.port or "")
        except ValueError:
            raise _unreadable() from None  # its message repeats what it takes for the port
        query = parse_qsl(parts.query, keep_blank_values=True)
        given = dict(query)
        schema = given.get("schema")
        if schema is not None and not _SCHEMA.fullmatch(schema):
            raise InvalidValueError(
                f"The schema {schema!r} of the catalogue's URL cannot be used; write it in lower "
                "case letters, digits and _."
            )
        if parts.fragment or "@" in parts.path:  # a password with # or / that is not quoted
            raise _unreadable()
        rest = urlencode([(k, v) for k, v in query if k != "schema"], quote_via=quote)
        conninfo = parts._replace(scheme="postgresql", query=rest).geturl()
        host = unquote(parts.hostname or given.get("host", ""))
        secrets = [parts.password or "", *(given.get(key, "") for key in _SECRET)]
        return cls(
            conninfo=conninfo,
            schema=schema,
            host=host or "the local socket",
            port=port or given.get("port", "5432"),
            database=unquote(parts.path.lstrip("/")) or given.get("dbname", ""),
            user=unquote(parts.username or given.get("user", "")),
            shown=without_password(url),
            secrets=tuple(
                {text for secret in secrets for text in (secret, unquote(secret)) if text}
            ),
        )


def _unreadable() -> InvalidValueError:
    return InvalidValueError(
        "The catalogue's URL cannot be read. Write "
        "postgresql://USER:PASSWORD@HOST:PORT/DATABASE, with / : @ # ? and % of a password as "
        "%2F %3A %40 %23 %3F %25; or leave the password to PGPASSWORD or ~/.pgpass."
    )


def parse_address(url: str) -> FileAddress | ServerAddress:
    """Return where a catalogue is.

    Raises
    ------
    InvalidValueError
        No such kind of catalogue is known.
    """
    scheme, mark, rest = url.partition("://")
    if mark and scheme in _SERVERS:
        return ServerAddress.parse(url)
    if not mark:
        return FileAddress(Path(url).expanduser())
    if scheme != "sqlite" or not rest.startswith("/"):
        raise InvalidValueError(
            f"A catalogue on {scheme!r} is not supported; set ARTNB_CATALOG to sqlite:///PATH or "
            "postgresql://USER@HOST/DATABASE."
        )
    path, asked, journal = rest[1:].partition("?journal=")
    if asked and journal not in _JOURNALS:
        raise InvalidValueError(f"journal={journal!r} does not exist; there is: wal, delete.")
    return FileAddress(Path(path).expanduser(), journal or None)


def without_password(url: str) -> str:
    """Return the URL of a catalogue without what is secret in it.

    Examples
    --------
    >>> without_password("postgresql://ann:secret@db/team?schema=a&password=x")
    'postgresql://ann@db/team?schema=a'
    """
    scheme, mark, _ = url.partition("://")
    if not mark or scheme not in _SERVERS:
        return url
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    query = [(k, v) for k, v in parse_qsl(parts.query) if k not in _SECRET]
    return parts._replace(
        scheme="postgresql",
        netloc=user.partition(":")[0] + at + host,
        query=urlencode(query, safe="/", quote_via=quote),
    ).geturl()
