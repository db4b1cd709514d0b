"""Large uploads to Google in a session: a later try, or process, sends what did not arrive.

A session takes a file from its beginning to its end and says how much it has; it lives for a
week. Its address lets anyone write that object, so it is kept where only its owner reads it,
and no error names it.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from artnb import ownjson as json
from artnb.errors import CorruptObjectError
from artnb.store.calls import Answer, RefusedError, call
from artnb.store.cloud_options import CloudAddress
from artnb.store.notes import Note, abandoned

__all__ = ["SessionClient", "forget_abandoned", "upload"]

CHUNK = 16 << 20
"""Bytes a request; Google asks for a multiple of 256 KiB."""
_SERVICE = "https://storage.googleapis.com"
_RESUME = 308
_GONE = (400, 404, 410, 412, 416, 499)


@dataclass(frozen=True, slots=True)
class _Progress:
    """How many bytes a session has; what was made of them, once it has all."""

    arrived: int
    made: dict[str, Any] | None = None


class SessionClient:
    """The three calls of Google's JSON API that obstore does not show."""

    def __init__(self, address: CloudAddress) -> None:
        self.place = address.place
        self.base = str(address.config.get("base_url") or _SERVICE).rstrip("/")
        self.bucket = address.bucket
        self._tokens = address.google_tokens()

    def begin(self, path: str, size: int, mark: str) -> str:
        """Return the address of a new session for bytes of this MD5, which Google compares."""
        bucket, name = quote(self.bucket, safe=""), quote(path, safe="")
        headers = {
            "Content-Type": "application/json; charset=UTF-8",
            "X-Upload-Content-Type": "application/octet-stream",
            "X-Upload-Content-Length": str(size),
        }
        if self._tokens is not None:
            headers["Authorization"] = f"Bearer {self._tokens.get()}"
        answer = call(
            "POST",
            f"{self.base}/upload/storage/v1/b/{bucket}/o?uploadType=resumable&name={name}",
            json.dumps({"name": path, "md5Hash": mark}).encode(),
            headers,
        )
        return str(answer.headers["Location"])

    def ask(self, session: str, size: int) -> _Progress:
        """Return how far a session is."""
        return self._put(session, b"", f"bytes */{size}", size)

    def send(self, session: str, start: int, body: bytes, size: int) -> _Progress:
        """Send the bytes from `start` on, and return how far the session is."""
        return self._put(session, body, f"bytes {start}-{start + len(body) - 1}/{size}", size)

    def _put(self, session: str, body: bytes, span: str, size: int) -> _Progress:
        answer = call("PUT", session, body, {"Content-Range": span}, accept=(_RESUME,))
        if answer.status == _RESUME:
            return _Progress(_arrived(answer))
        return _Progress(size, json.loads(answer.body or b"{}"))


def upload(client: SessionClient, path: str, file: Path, notes: Path | None) -> bool:
    """Send a file, leaving out what has arrived before.

    Parameters
    ----------
    path : str
        Of the object in the bucket; it holds the digest, so the same path means the same file.
    notes : Path or None
        The folder of the notes; without one, each try begins anew.

    Returns
    -------
    bool
        Whether Google named the MD5 of the file, which proves what has arrived.
    """
    size = file.stat().st_size
    note = Note(notes, f"{client.base}/{client.bucket}/{path}")
    known = note.read()
    session, mark = str(known.get("session")), str(known.get("md5"))
    here = session.startswith(f"{client.base}/")
    if here and (known.get("path"), known.get("size")) == (path, size):
        try:
            made = _sent(client, session, file, client.ask(session, size), size)
        except RefusedError as error:
            if error.status not in _GONE:
                raise
            # It has run out, was ended, or is another's by now: a new one takes all of it.
        else:
            note.forget()
            return made.get("md5Hash") == mark
    return _begun(client, path, file, size, note)


def _begun(client: SessionClient, path: str, file: Path, size: int, note: Note) -> bool:
    """Send all of a file in a new session; return whether Google named its MD5."""
    with open(file, "rb") as stream:
        digest = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).digest()
    mark = base64.b64encode(digest).decode()
    session = client.begin(path, size, mark)
    note.write({"path": path, "size": size, "md5": mark, "session": session})
    try:
        made = _sent(client, session, file, _Progress(0), size)
    except RefusedError as error:
        if error.status in _GONE:
            note.forget()
        if error.status == 400 and "hash" in str(error):
            raise CorruptObjectError(
                f"What arrived in {client.place} as {path} is not what was sent: its MD5 is not "
                f"{digest.hex()}. It was refused there, and nothing was recorded. Try again; if it "
                "comes back, something between here and there changes the bytes."
            ) from None
        raise
    note.forget()
    return made.get("md5Hash") == mark


def forget_abandoned(notes: Path) -> None:
    """Remove the notes of sessions that have run out: those that are a week old."""
    for path, known in abandoned(notes):
        if "upload" not in known:
            path.unlink(missing_ok=True)


def _sent(
    client: SessionClient, session: str, file: Path, progress: _Progress, size: int
) -> dict[str, Any]:
    """Send what a session lacks, and return what Google made of it."""
    with open(file, "rb") as stream:
        while progress.made is None:
            start = progress.arrived
            if start >= size:
                raise RefusedError(400, f"a session has {start} of {size} bytes and does not end")
            stream.seek(start)
            progress = client.send(session, start, stream.read(CHUNK), size)
            if progress.arrived <= start:
                raise ConnectionError("a session kept nothing of what was sent")
    return progress.made


def _arrived(answer: Answer) -> int:
    """Return how many bytes a session has; without a header it has none."""
    span = answer.headers.get("Range")
    return int(span.rpartition("-")[2]) + 1 if span else 0
