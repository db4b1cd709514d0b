"""References: files that stay where they are, and what shows that they are still the same.

Of each its size is noted and one proof more: the SHA-256 of a file of this machine, else
the etag or checksum that its place tells, else the time of its last change. The time is
not noted beside a better proof: the same bytes written again would make a new version.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from artnb.digest import digest_file
from artnb.errors import InvalidValueError, MissingExtraError, VerificationError
from artnb.osfaults import translated
from artnb.progress import Progress
from artnb.store.remote import _PACKAGES
from artnb.store.secrets import without_secrets
from artnb.store.staging import copy_and_hash

__all__ = ["ReferenceMissingError", "Referenced", "fetch", "find"]

_LOCAL = ("file", "local", "")
_ETAGS = ("ETag", "etag", "e_tag", "md5Hash", "content_md5", "Content-MD5", "Digest")
_TIMES = ("mtime", "LastModified", "last_modified", "Last-Modified", "updated", "modified")


class ReferenceMissingError(VerificationError):
    """What a reference names is not there any more."""


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
        There is nothing, or too much; or the URI holds a password.
    """
    if (parts := urlsplit(uri)).password:
        raise InvalidValueError(
            f"{without_secrets(uri)}: the address holds a password, which would be kept with the "
            "version. Leave it out, and give it by the environment or a configuration file."
        )
    base = os.path.basename(parts.path.rstrip("/")) or parts.netloc  # noqa: PTH119 - of a URL
    if not checksum:
        return [Referenced(name or base, uri, uri, 0)]
    fs, place = _opened(uri)
    try:
        info = fs.info(place)
    except FileNotFoundError:
        raise InvalidValueError(f"{without_secrets(uri)} is not there.") from None
    if info["type"] != "directory":
        return [_noted(fs, info, name or base, uri)]
    found = sorted(
        (path, each) for path, each in fs.find(place, detail=True).items() if each["type"] == "file"
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
    return [_noted(fs, each, prefix + path, f"{uri.rstrip('/')}/{path}") for path, each in inside]


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
    """
    fs, place = _opened(url)
    try:
        before = fs.info(place)
        _check(before, meta, size, url)
        try:
            with (
                translated(f"write {target}"),
                fs.open(place, "rb") as source,
                open(target, "xb", buffering=0) as copy,
            ):
                found, _ = copy_and_hash(cast(BinaryIO, _Readable(source)), copy, progress)
            if (expected := meta.get("sha256")) and found != expected:
                raise _changed(url, f"its SHA-256 was {expected[:12]}, and is {found[:12]}")
            _check(fs.info(place), meta, size, url)  # it did not change under our hands
        except BaseException:
            target.unlink(missing_ok=True)
            raise
    except FileNotFoundError as error:
        raise ReferenceMissingError(
            f"{without_secrets(url)} is not there any more. Bring it back, or pass "
            "allow_missing_references=True to have the other files."
        ) from error


def _opened(url: str) -> tuple[Any, str]:
    import fsspec

    protocol = url.partition("://")[0]
    try:
        fs, place = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise MissingExtraError(
            f"The reference {without_secrets(url)}", _PACKAGES.get(protocol, protocol)
        ) from error
    except ValueError as error:
        raise InvalidValueError(
            f"{without_secrets(url)} cannot be opened: {without_secrets(str(error))}. Use a path "
            "or a URL that fsspec knows, or checksum=False to note the address only."
        ) from error
    with suppress(Exception):
        fs.invalidate_cache()  # a listing of before says nothing of now
    return fs, place


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

    def readinto(self, buffer: bytearray) -> int:
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)
