"""References: files that stay where they are, and what shows that they are still the same.

Of each its size is noted and one proof more: the SHA-256 of a file of this machine, else
the etag or checksum that its place tells, else the time of its last change. The time is
not noted beside a better proof: the same bytes written again would make a new version.
"""

from __future__ import annotations

import base64
import netrc
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from artnb.digest import digest_file
from artnb.errors import (
    ArtnbError,
    InvalidValueError,
    MissingExtraError,
    ReferenceWarning,
    StoreError,
    StoreReadOnlyError,
    VerificationError,
)
from artnb.osfaults import translated
from artnb.progress import Progress
from artnb.secrets import hidden, secrets_of, shareable, without_secrets
from artnb.store.remote import _PACKAGES
from artnb.store.staging import copy_and_hash
from artnb.warning import warn

__all__ = ["ReferenceMissingError", "Referenced", "fetch", "find"]

_LOCAL = ("file", "local", "")
_ETAGS = ("ETag", "etag", "e_tag", "md5Hash", "content_md5", "Content-MD5", "Digest")
_TIMES = ("mtime", "LastModified", "last_modified", "Last-Modified", "updated", "modified")


class ReferenceMissingError(VerificationError):
    """What a reference names is not there any more."""


class ReferenceUnreachedError(ReferenceMissingError):
    """The server of what a reference names does not answer."""


@dataclass(frozen=True, slots=True)
class Referenced:
    """One file that is referred to.

    Attributes
    ----------
    path : str
        Inside the artifact.
    url : str
        Where it is.
    digest : str
        Stands for the bytes: the SHA-256, else the etag, else what there is.
    meta : dict
        ``sha256``, ``etag`` or ``mtime`` (seconds since the epoch): the proof.
    """

    path: str
    url: str
    digest: str
    size: int
    meta: dict[str, Any] = field(default_factory=dict)


def find(
    uri: str, name: str | None, *, checksum: bool = True, max_objects: int | None = None
) -> list[Referenced]:
    """Return the file that a URI names, or all below it.

    Parameters
    ----------
    name : str, optional
        Path in the artifact of the file, or of the folder; default: its own name.
    checksum : bool
        False: note the URI only, without a look at it.
    max_objects : int, optional
        Fail if there are more.

    Raises
    ------
    InvalidValueError
        There is nothing, or too much.
    StoreError
        Its place cannot be reached, or does not let us in.

    Warns
    -----
    ReferenceWarning
        The URI holds a password or a token: what is kept is the URI without it.
    """
    kept = shareable(uri)
    if kept != uri:
        warn(
            f"{without_secrets(uri)}: the password or token in the address is not kept with the "
            f"version. {_how_to_get_in(uri)}",
            ReferenceWarning,
        )
    parts = urlsplit(kept)
    base = os.path.basename(parts.path.rstrip("/")) or parts.netloc  # noqa: PTH119 - of a URL
    if not checksum:
        return [Referenced(name or base, kept, kept, 0)]
    with _told_plainly(uri):
        fs, place = _opened(uri)
        info = fs.info(place)
        if info["type"] != "directory":
            return [_noted(fs, info, name or base, kept)]
        found = sorted(
            (path, each)
            for path, each in fs.find(place, detail=True).items()
            if each["type"] == "file"
        )
    if not found:
        raise InvalidValueError(f"{without_secrets(uri)} holds no file.")
    if max_objects is not None and len(found) > max_objects:
        raise InvalidValueError(
            f"{without_secrets(uri)} holds {len(found)} files, more than max_objects={max_objects}."
        )
    top = str(info["name"]).rstrip("/") + "/"
    prefix = f"{name.rstrip('/')}/" if name else ""
    inside = [(path.removeprefix(top), each) for path, each in found]
    return [_noted(fs, each, prefix + path, f"{kept.rstrip('/')}/{path}") for path, each in inside]


def fetch(
    url: str, meta: Mapping[str, Any], size: int, target: Path, progress: Progress | None = None
) -> None:
    """Write what a URL names to `target`, if it is what was referred to.

    Raises
    ------
    ReferenceMissingError
        There is nothing any more.
    VerificationError
        It is another file by now; the message says what shows it.
    StoreError
        Its place cannot be reached, or does not let us in.
    """
    try:
        with _told_plainly(url):
            fs, place = _opened(url)
            before = fs.info(place)
            _check(before, meta, size, url)
            with (
                translated(f"write {target}"),
                fs.open(place, "rb") as source,
                open(target, "xb", buffering=0) as copy,
            ):
                found, _ = copy_and_hash(cast(BinaryIO, _Readable(source)), copy, progress)
            if (expected := meta.get("sha256")) and found != expected:
                raise _changed(url, f"its SHA-256 was {expected[:12]}, and is {found[:12]}")
            _check(fs.info(place), meta, size, url)  # it did not change under our hands
    except ReferenceMissingError as error:
        target.unlink(missing_ok=True)
        why = f"{without_secrets(url)} is not there any more. Bring it back"
        if isinstance(error, ReferenceUnreachedError):
            why = str(error).removesuffix(".")
        raise type(error)(
            f"{why}, or pass allow_missing_references=True to have the other files."
        ) from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise


@contextmanager
def _told_plainly(url: str) -> Iterator[None]:
    """Raise what a filesystem says as our own errors, without what is secret in the URL."""
    secrets = secrets_of(url, os.environ)
    chain = shareable(url) == url  # else a traceback would show the address
    try:
        yield
    except ArtnbError:
        raise
    except Exception as error:
        # A filesystem of fsspec raises what its own library raises, of any class.
        if _refuses(error):
            told: ArtnbError = StoreReadOnlyError(
                f"{without_secrets(url)} does not let us in. {_how_to_get_in(url)}"
            )
        elif not isinstance(error, FileNotFoundError):
            told = StoreError(
                f"{without_secrets(url)} could not be read ({_reason(error, secrets)}). Check the "
                "address and the network, then try again. Nothing was recorded."
            )
        elif (cause := _unreached(error)) is not None:
            told = ReferenceUnreachedError(
                f"{without_secrets(url)} could not be reached ({_reason(cause, secrets)}). Check "
                "the address and the network, then try again."
            )
        else:
            told = ReferenceMissingError(f"{without_secrets(url)} is not there.")
        raise told from (error if chain else None)


def _reason(error: BaseException, secrets: Iterable[str]) -> str:
    return hidden(f"{type(error).__name__}: {error}".partition("\n")[0], secrets)


def _refuses(error: BaseException) -> bool:
    """Return whether credentials are what is missing."""
    for cause in _causes(error):
        if getattr(cause, "status", None) in (401, 403) or isinstance(cause, PermissionError):
            return True
    return bool(re.search(r"\b(401|403)\b|AccessDenied|NoCredentials|Forbidden", str(error)))


def _unreached(error: BaseException) -> BaseException | None:
    """Return why a server was not reached; None where it answered."""
    causes = (each for each in _causes(error) if isinstance(each, OSError))
    return next((each for each in causes if not isinstance(each, FileNotFoundError)), None)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it came from.

    fsspec says of any answer but 200, and of none, that the file is not there; its cause knows.
    """
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _how_to_get_in(url: str) -> str:
    protocol = url.rpartition("::")[2].partition("://")[0]
    if protocol in _LOCAL:
        return "Change its permissions, or those of its folder."
    if protocol in ("http", "https"):
        return (
            "Who fetches it needs access of their own: a line of its host in ~/.netrc, or headers "
            """in FSSPEC_HTTPS='{"headers": {"Authorization": "Bearer ..."}}'. Of what lies in """
            "a bucket, s3://, gs:// or az:// is a better address than a signed one, which expires."
        )
    return (
        "Who fetches it needs access of their own: by the variables or files that "
        f"{protocol}:// takes credentials from, or fsspec's variables "
        f"FSSPEC_{protocol.upper()}_..."
    )


def _opened(url: str) -> tuple[Any, str]:
    import fsspec

    protocol = url.partition("://")[0]
    try:
        fs, place = fsspec.core.url_to_fs(url, **_login(url))
    except ImportError as error:
        raise MissingExtraError(
            f"The reference {without_secrets(url)}", _PACKAGES.get(protocol, protocol)
        ) from error
    except ValueError as error:
        raise InvalidValueError(
            f"{without_secrets(url)} cannot be opened: {without_secrets(str(error))}. Use a path "
            "or a URL that fsspec knows, or checksum=False to note the address only."
        ) from (error if shareable(url) == url else None)
    with suppress(Exception):
        fs.invalidate_cache()  # a listing of before says nothing of now
    return fs, place


def _login(url: str) -> dict[str, Any]:
    """Return what fsspec is told of a web address's user: by the address, or by ~/.netrc."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        return {}
    try:
        # Not of the line `default`: no host is to get another's password.
        found = netrc.netrc(os.environ.get("NETRC") or None).hosts.get(parts.hostname)
    except (OSError, netrc.NetrcParseError):
        return {}
    if found is None:
        return {}
    login = base64.b64encode(f"{found[0]}:{found[2] or ''}".encode()).decode()
    return {"headers": {"Authorization": f"Basic {login}"}}


def _noted(fs: Any, info: Mapping[str, Any], path: str, url: str) -> Referenced:
    seen = {"sha256": digest_file(str(info["name"]))[0]} if _is_local(fs) else _seen(info)
    size = int(info.get("size") or 0)
    digest = seen.get("sha256") or seen.get("etag") or f"{size}-{seen.get('mtime', '')}"
    return Referenced(path, url, str(digest), size, seen)


def _seen(info: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a filesystem tells of a file by which a change shows best."""
    if etag := next((info[key] for key in _ETAGS if info.get(key)), None):
        return {"etag": str(etag).removeprefix("W/").strip('"')}
    time = next((info[key] for key in _TIMES if info.get(key)), None)
    if isinstance(time, datetime):
        return {"mtime": time.timestamp()}
    return {} if time is None else {"mtime": time if isinstance(time, (int, float)) else str(time)}


def _check(info: Mapping[str, Any], meta: Mapping[str, Any], size: int, url: str) -> None:
    now = _seen(info)
    there = info.get("size")
    if size and there is not None and int(there) != size:
        raise _changed(url, f"it had {size} bytes, and has {there}")
    for proof, name in (("etag", "etag"), ("mtime", "time of change")):
        if proof in meta and meta[proof] != now.get(proof):
            raise _changed(url, f"its {name} was {meta[proof]}, and is {now.get(proof)}")


def _changed(url: str, how: str) -> VerificationError:
    return VerificationError(
        f"{without_secrets(url)} is not the file any more that was referred to: {how}. Refer to it "
        "anew (add_reference) in a new version."
    )


def _is_local(fs: Any) -> bool:
    protocol = fs.protocol if isinstance(fs.protocol, str) else fs.protocol[0]
    return protocol in _LOCAL


class _Readable:
    """A file of fsspec as `copy_and_hash` reads it: some have no `readinto`."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        return bytes(self._stream.read(size))

    def readinto(self, buffer: bytearray) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
