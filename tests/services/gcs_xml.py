"""The XML API, and accounts, before gcp-storage-emulator: run in its environment.

obstore speaks the XML API alone, of which the emulator has a plain GET and PUT. Here is what
Google documents of it and the emulator lacks, each with the reason; the buckets, the objects,
their checksums, the JSON API and resumable uploads are the emulator's own. Who gives no token
may do all, as in the emulator; who gives one is asked for a right one, as by Google.
"""

from __future__ import annotations

import json
import secrets
import sys
from datetime import datetime
from email.utils import format_datetime
from http import server as http_server
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from gcp_storage_emulator import __main__ as emulator
from gcp_storage_emulator import server
from gcp_storage_emulator.exceptions import NotFound
from gcp_storage_emulator.handlers import objects
from google.auth import jwt
from google.auth.exceptions import GoogleAuthError

JSON_API = ("", "storage", "upload", "download", "batch", "wipe")
PAGE = 1000
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
REFUSALS = {
    401: ("AuthenticationRequired", "Authentication required."),
    403: ("AccessDenied", "Access denied."),
}
TOO_EARLY_OR_LATE = (
    "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
    "Check your iat and exp values in the JWT claim."
)
NO_BUCKET = "The specified bucket does not exist."
accounts: dict[str, dict[str, str]] = {}
tokens: dict[str, str] = {}
finished: dict[str, dict] = {}


class Handler(server.RequestHandler):
    """Passes the JSON API on to the emulator, and answers the rest."""

    def route(self) -> None:
        url = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        bucket, _, key = (unquote(part) for part in url.path.lstrip("/").partition("/"))
        if url.path == "/token":
            self.give_token()
        elif refused := self.refused():
            server._read_raw_data(self)
            self.refuse(refused, bucket in JSON_API)
        elif bucket in JSON_API:
            self.pass_on(url.path, asked)
        elif bucket not in self.storage.buckets:
            server._read_raw_data(self)
            self.fail(404, "NoSuchBucket", NO_BUCKET)
        elif not key:
            self.list(bucket, asked)
        elif answer := getattr(self, f"{self.command.lower()}_object", None):
            answer(bucket, key)
        else:
            server._read_raw_data(self)
            self.fail(501, "NotImplemented", "Uploads in parts are not.")

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = route

    # accounts -----------------------------------------------------------------------------

    def give_token(self) -> None:
        """Give a service account's token, as Google's token endpoint does for a signed JWT."""
        asked = parse_qs(server._read_raw_data(self).decode())
        assertion = asked["assertion"][0] if asked["grant_type"] == [GRANT] else ""
        account = accounts.get(jwt.decode(assertion, verify=False)["iss"])
        try:
            if account is None:
                raise GoogleAuthError("Invalid grant: account not found")
            jwt.decode(assertion, certs=account["key"])
        except (GoogleAuthError, ValueError) as error:
            why = str(error)
            if "Token used too early" in why or "Token expired" in why:
                why = TOO_EARLY_OR_LATE
            self.json(400, {"error": "invalid_grant", "error_description": why})
            return
        token = secrets.token_urlsafe()
        tokens[token] = account["role"]
        self.json(200, {"access_token": token, "expires_in": 3599, "token_type": "Bearer"})

    def refused(self) -> int:
        kind, _, token = self.headers.get("Authorization", "").partition(" ")
        if kind != "Bearer" or not token:
            return 0
        role = tokens.get(token)
        if role is None:
            return 401
        return 403 if role == "reader" and self.command not in ("GET", "HEAD") else 0

    def refuse(self, status: int, in_json: bool) -> None:
        if not in_json:
            self.fail(status, *REFUSALS[status])
            return
        reason = {401: "authError", 403: "forbidden"}[status]
        self.json(status, {"error": {"code": status, "message": REFUSALS[status][1],
                                     "errors": [{"reason": reason}]}})  # fmt: skip

    # the JSON API -------------------------------------------------------------------------

    def pass_on(self, path: str, asked: dict[str, str]) -> None:
        done = finished.get(asked.get("upload_id", ""))
        starts = path.startswith("/upload/") and self.command == "POST"
        if done is not None:
            # A session that has ended answers with its object; the emulator forgets it.
            server._read_raw_data(self)
            self.json(200, done)
        elif starts and path.split("/")[5] not in self.storage.buckets:
            # The emulator's 404 has no body.
            server._read_raw_data(self)
            self.json(404, {"error": {"code": 404, "message": NO_BUCKET}})
        else:
            server.Router(self).handle(self.command)

    # the XML API --------------------------------------------------------------------------

    def put_object(self, bucket: str, key: str) -> None:
        body = server._read_raw_data(self) or b""
        if source := self.headers.get("x-goog-copy-source"):
            # The emulator takes a copy for an upload of nothing.
            from_bucket, _, from_key = unquote(source).lstrip("/").partition("/")
            try:
                objects._copy("", self.storage, from_bucket, from_key, bucket, key)
            except NotFound:
                self.fail(404, "NoSuchKey", "The specified key does not exist.")
                return
            self.answer(200, b"<CopyObjectResult></CopyObjectResult>", self.marks(bucket, key))
            return
        kind = self.headers.get("Content-Type", "application/octet-stream")
        made = objects._make_object_resource("", bucket, key, kind, str(len(body)))
        self.storage.create_file(bucket, key, body, objects._checksums(body, made))
        self.answer(200, b"", self.marks(bucket, key))  # the emulator gives no ETag

    def get_object(self, bucket: str, key: str) -> None:
        try:
            body = self.storage.get_file(bucket, key, show_error=False)
        except NotFound:
            self.fail(404, "NoSuchKey", "The specified key does not exist.")
            return
        status, marks = 200, self.marks(bucket, key)
        if asked := self.headers.get("Range"):
            first, _, last = asked.removeprefix("bytes=").partition("-")
            start, end = int(first), min(int(last or len(body)) + 1, len(body))
            if start >= len(body):
                self.fail(416, "InvalidRange", "The requested range cannot be satisfied.")
                return
            marks["Content-Range"] = f"bytes {start}-{end - 1}/{len(body)}"
            status, body = 206, body[start:end]
        self.answer(status, body, marks)

    head_object = get_object  # the emulator has no HEAD

    def delete_object(self, bucket: str, key: str) -> None:  # nor a DELETE
        try:
            self.storage.delete_file(bucket, key)
        except NotFound:
            self.fail(404, "NoSuchKey", "The specified key does not exist.")
        else:
            self.answer(204)

    def list(self, bucket: str, asked: dict[str, str]) -> None:  # nor GET of a bucket
        found, folders = self.storage.get_file_list(
            bucket, asked.get("prefix"), asked.get("delimiter")
        )
        after = asked.get("continuation-token", "")
        left = [each for each in found if each["name"] > after]
        page = left[: min(PAGE, int(asked.get("max-keys", PAGE)))]
        parts = [f"<Name>{escape(bucket)}</Name><IsTruncated>"
                 f"{str(len(page) < len(left)).lower()}</IsTruncated>"]  # fmt: skip
        if len(page) < len(left):
            token = escape(page[-1]["name"])
            parts.append(f"<NextContinuationToken>{token}</NextContinuationToken>")
        parts += [
            f"<Contents><Key>{escape(each['name'])}</Key><Size>{each['size']}</Size>"
            f"<LastModified>{each['updated']}</LastModified><ETag>{etag(each)}</ETag></Contents>"
            for each in page
        ]
        parts += [f"<CommonPrefixes><Prefix>{escape(each)}</Prefix></CommonPrefixes>"
                  for each in folders]  # fmt: skip
        self.answer(200, f"<ListBucketResult>{''.join(parts)}</ListBucketResult>".encode())

    # inner --------------------------------------------------------------------------------

    def marks(self, bucket: str, key: str) -> dict[str, str]:
        made = self.storage.get_file_obj(bucket, key)
        when = datetime.fromisoformat(made["updated"])
        return {"ETag": etag(made), "Last-Modified": format_datetime(when, usegmt=True)}

    def json(self, status: int, body: dict) -> None:
        self.answer(status, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def fail(self, status: int, code: str, message: str) -> None:
        body = (
            f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{message}</Message></Error>"
        )
        self.answer(status, body.encode(), {"Content-Type": "application/xml"})

    def answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def etag(made: dict) -> str:
    """Return what the XML API has as the tag of an object that was not composed: its MD5."""
    import base64

    return f'"{base64.b64decode(made["md5Hash"]).hex()}"'


def incomplete(response, storage, upload_id, fallback_end=0) -> None:
    """Answer how far a session got; without a Range where nothing has arrived.

    The emulator says then that the first byte has arrived.
    """
    response.status = objects.GoogleHTTPStatus.RESUME_INCOMPLETE
    if received := storage.get_resumable_byte_count(upload_id):
        response["Range"] = f"bytes=0-{received - 1}"


def finalize(response, storage, obj, data, upload_id, _real=objects._finalize_resumable_object):
    _real(response, storage, obj, data, upload_id)
    finished[upload_id] = obj


def main() -> None:
    port, known = sys.argv[1:]
    accounts.update(json.loads(Path(known).read_text()))
    objects._resumable_incomplete = incomplete
    objects._finalize_resumable_object = finalize
    server.RequestHandler = Handler
    http_server.HTTPServer.request_queue_size = 128  # five, and a sixth client waits a second
    emulator.main(["start", "--host", "127.0.0.1", "--port", port, "--in-memory", "--quiet"])


if __name__ == "__main__":
    main()
