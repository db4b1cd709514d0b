"""Large uploads to S3 in parts that are kept: a later try, or process, sends the rest.

A note beside the repository says which upload a file belongs to; which parts have arrived
the service is asked, and each is compared by its MD5 before it is taken for sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from artnb.errors import MissingExtraError
from artnb.store.cloud_options import CloudAddress, aws_session
from artnb.store.notes import Note, abandoned

__all__ = ["MultipartClient", "forget_abandoned", "upload"]

PART = 8 << 20
_MOST_PARTS = 10_000
_AT_ONCE = 8


class MultipartClient:
    """The four calls of S3 that obstore does not show."""

    def __init__(self, address: CloudAddress) -> None:
        try:
            from botocore import UNSIGNED
            from botocore.config import Config
        except ImportError as error:
            raise MissingExtraError("A large upload to S3", "botocore", "s3") from error
        config = address.config
        anonymous = {"signature_version": UNSIGNED} if config.get("skip_signature") else {}
        style = "virtual" if config.get("virtual_hosted_style_request") else "path"
        self.bucket = address.bucket
        self._client = aws_session().create_client(
            "s3",
            region_name=config.get("region") or "us-east-1",
            endpoint_url=config.get("endpoint"),
            aws_access_key_id=config.get("access_key_id"),
            aws_secret_access_key=config.get("secret_access_key"),
            config=Config(
                s3={"addressing_style": style},
                retries={"max_attempts": 2},
                max_pool_connections=_AT_ONCE,
                # Not every server knows the newer checksums; the MD5 of each part is compared.
                request_checksum_calculation="when_required",
                **anonymous,
            ),
        )

    def begin(self, path: str) -> str:
        """Return the number of a new upload."""
        made = self._client.create_multipart_upload(Bucket=self.bucket, Key=path)
        return str(made["UploadId"])

    def send(self, path: str, upload_id: str, number: int, body: bytes) -> str:
        """Send a part and return its tag."""
        done = self._client.upload_part(
            Bucket=self.bucket, Key=path, UploadId=upload_id, PartNumber=number, Body=body
        )
        return str(done["ETag"])

    def parts(self, path: str, upload_id: str) -> dict[int, str]:
        """Return number -> tag of the parts that have arrived; none if the upload is gone."""
        found: dict[int, str] = {}
        pages = self._client.get_paginator("list_parts")
        try:
            for page in pages.paginate(Bucket=self.bucket, Key=path, UploadId=upload_id):
                found.update({part["PartNumber"]: part["ETag"] for part in page.get("Parts", ())})
        except self._client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in ("NoSuchUpload", "404"):
                raise
            raise KeyError(upload_id) from None
        return found

    def end(self, path: str, upload_id: str, tags: dict[int, str]) -> None:
        """Make the object of its parts."""
        parts = [{"PartNumber": number, "ETag": tag} for number, tag in sorted(tags.items())]
        self._client.complete_multipart_upload(
            Bucket=self.bucket, Key=path, UploadId=upload_id, MultipartUpload={"Parts": parts}
        )

    def abort(self, path: str, upload_id: str) -> None:
        """Give the room of an upload back; one that is gone is no error."""
        try:
            self._client.abort_multipart_upload(Bucket=self.bucket, Key=path, UploadId=upload_id)
        except self._client.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in ("NoSuchUpload", "404"):
                raise


def upload(client: MultipartClient, path: str, file: Path, notes: Path) -> bool:
    """Send a file, leaving out the parts that have arrived before.

    Returns
    -------
    bool
        Whether the service named each part by its MD5, which proves what has arrived; one
        that encrypts does not.

    Parameters
    ----------
    path : str
        Of the object in the bucket; it holds the digest, so the same path means the same file.
    notes : Path
        The folder of the notes.
    """
    size = file.stat().st_size
    part = max(PART, -(-size // _MOST_PARTS))
    note = Note(notes, f"{client.bucket}/{path}")
    upload_id, there = _resumed(client, path, note, size, part)
    if upload_id is None:
        upload_id, there = client.begin(path), {}
        note.write({"path": path, "upload": upload_id, "size": size, "part": part})
    tags: dict[int, str] = {}
    marks: dict[int, str] = {}

    def send(number: int) -> None:
        with open(file, "rb") as stream:
            stream.seek((number - 1) * part)
            body = stream.read(part)
        mark = hashlib.md5(body, usedforsecurity=False).hexdigest()
        known = there.get(number, "")
        if known.strip('"') != mark:
            known = client.send(path, str(upload_id), number, body)
        tags[number], marks[number] = known, mark

    numbers = range(1, -(-size // part) + 1)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="artnb-upload") as pool:
        waiting = [pool.submit(send, number) for number in numbers]
        try:
            for each in waiting:
                each.result()
        except BaseException:
            for each in waiting:
                each.cancel()
            raise
    client.end(path, upload_id, tags)
    note.forget()
    return all(tags[number].strip('"') == marks[number] for number in numbers)


def forget_abandoned(notes: Path, connect: Callable[[], MultipartClient]) -> int:
    """Abort the uploads of this repository that nobody went on with for a week."""
    old = [(path, known) for path, known in abandoned(notes) if "session" not in known]
    client = connect() if old else None
    for path, known in old:
        if client is not None and known:
            client.abort(known["path"], known["upload"])
        path.unlink(missing_ok=True)
    return len(old)


def _resumed(
    client: MultipartClient, path: str, note: Note, size: int, part: int
) -> tuple[str | None, dict[int, str]]:
    known = note.read()
    if known and (known.get("path"), known.get("size"), known.get("part")) == (path, size, part):
        try:
            return known["upload"], client.parts(path, known["upload"])
        except KeyError:
            pass  # ended or aborted meanwhile
    return None, {}
