"""What only a store on Google can meet: sessions of large uploads, accounts, emulators."""

import base64
import hashlib
import itertools
import json
import os
import random
import subprocess
import sys
import textwrap
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from google.auth import _helpers
from ports import free_port
from store.refusals import refusals
from store.unreliable import comes_through, unreliable

from artnb.digest import digest_bytes
from artnb.errors import CorruptObjectError, MissingExtraError, StoreError, StoreReadOnlyError
from artnb.keys import object_key
from artnb.store import cloud, open_backend, sessions
from artnb.store.cloud import CloudBackend
from artnb.store.retrying import Retry
from artnb.testing.store import KEY

pytestmark = pytest.mark.server
COUNT = itertools.count(1)
QUICK = {"first": 0.01, "longest": 0.05}
CHUNK = 512 << 10
LARGE = random.Random(1).randbytes(3 * CHUNK - 5)
LARGE_KEY = object_key(digest_bytes(LARGE))


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch):
    monkeypatch.setattr(cloud, "PART", CHUNK)
    monkeypatch.setattr(sessions, "CHUNK", CHUNK)


@pytest.fixture
def bucket(gcs):
    return gcs.new_bucket(f"google-{os.getpid()}-{next(COUNT)}")


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "large"
    path.write_bytes(LARGE)
    return path


@pytest.fixture
def proxied(gcs, bucket, tmp_path):
    """A proxy, and a backend that speaks through it."""
    with unreliable(gcs.endpoint) as (proxy, address):
        url = f"gs://{bucket}/team?endpoint={address}&anonymous=true"
        yield proxy, CloudBackend(url, uploads=tmp_path / "uploads", retry=Retry(**QUICK))


def in_google(gcs, bucket, key=LARGE_KEY):
    """What Google itself says of an object: its MD5, or None where it is not."""
    found = gcs.call("GET", f"/b/{bucket}/o?prefix=team/{key}")["items"]
    return base64.b64decode(found[0]["md5Hash"]).hex() if found else None


def note_of(uploads):
    (note,) = uploads.iterdir()
    return note


def bytes_put(proxy, since=0):
    sent = zip(proxy.seen[since:], proxy.sizes[since:], strict=True)
    return sum(size for (method, _), size in sent if method == "PUT")


MD5 = hashlib.md5(LARGE, usedforsecurity=False).hexdigest()
KILLED = textwrap.dedent("""
    import os, sys
    from pathlib import Path
    from artnb.store import cloud, sessions
    sessions.CHUNK = cloud.PART = int(sys.argv[5])
    send, left = sessions.SessionClient.send, iter(range(2))
    def sent(*of):
        if next(left, None) is None:
            os.kill(os.getpid(), 9)
        return send(*of)
    sessions.SessionClient.send = sent
    url, key, source, uploads = sys.argv[1:5]
    cloud.CloudBackend(url, uploads=Path(uploads)).put_file(key, Path(source))
""")


@pytest.fixture
def killed(proxied, bucket, source, tmp_path):
    """The proxy and a backend, after a process was killed that had sent two of three chunks."""
    proxy, backend = proxied
    url = f"gs://{bucket}/team?endpoint={backend._address.config['base_url']}&anonymous=true"
    command = [sys.executable, "-c", KILLED, url, LARGE_KEY, source, tmp_path / "uploads",
               str(CHUNK)]  # fmt: skip
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run(command, env=env).returncode == -9
    assert bytes_put(proxy) == 2 * CHUNK
    return proxy, backend


def test_an_upload_goes_on_where_another_process_was_killed(gcs, killed, bucket, source, tmp_path):
    proxy, backend = killed
    assert in_google(gcs, bucket) is None
    assert note_of(tmp_path / "uploads").stat().st_mode & 0o777 == 0o600
    before = len(proxy.seen)
    backend.put_file(LARGE_KEY, source)
    assert bytes_put(proxy, before) == len(LARGE) - 2 * CHUNK
    assert in_google(gcs, bucket) == MD5
    assert list((tmp_path / "uploads").iterdir()) == []
    assert not [path for method, path in proxy.seen[before:] if method == "POST"]


def test_two_that_go_on_with_one_session_both_arrive(gcs, killed, bucket, source):
    _, backend = killed
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: backend.put_file(LARGE_KEY, source), range(2)))
    assert in_google(gcs, bucket) == MD5


def test_a_note_that_names_another_place_is_passed_over(gcs, killed, bucket, source, tmp_path):
    _, backend = killed
    note = note_of(tmp_path / "uploads")
    elsewhere = f"http://127.0.0.1:{free_port()}/upload?upload_id=1"
    note.write_text(json.dumps({**json.loads(note.read_text()), "session": elsewhere}))
    backend.put_file(LARGE_KEY, source)
    assert in_google(gcs, bucket) == MD5


@pytest.mark.parametrize("how", ["unknown", "expired"])
def test_a_session_that_is_no_more_is_begun_anew(gcs, killed, bucket, source, tmp_path, how):
    proxy, backend = killed
    note = note_of(tmp_path / "uploads")
    known = json.loads(note.read_text())
    if how == "unknown":
        note.write_text(json.dumps({**known, "session": f"{known['session']}-other"}))
    else:
        old = known["session"].rpartition("upload_id=")[2]
        proxy.decide = lambda method, path, _: "410" if old in path else None
    before = len(proxy.seen)
    backend.put_file(LARGE_KEY, source)
    assert bytes_put(proxy, before) == len(LARGE)
    assert in_google(gcs, bucket) == MD5
    assert list((tmp_path / "uploads").iterdir()) == []


def test_a_session_that_holds_other_bytes_is_refused_by_google_and_begun_anew(
    gcs, killed, bucket, source, tmp_path
):
    _, backend = killed
    note = note_of(tmp_path / "uploads")
    known = json.loads(note.read_text())
    client = sessions.SessionClient(backend._address)
    wrong = client.begin(f"team/{LARGE_KEY}", len(LARGE), known["md5"])
    client.send(wrong, 0, bytes(CHUNK), len(LARGE))
    note.write_text(json.dumps({**known, "session": wrong}))
    backend.put_file(LARGE_KEY, source)
    assert in_google(gcs, bucket) == MD5


def test_an_upload_that_arrives_as_something_else_is_refused(
    gcs, proxied, bucket, source, tmp_path, monkeypatch
):
    _, backend = proxied
    send = sessions.SessionClient.send

    def changed(client, session, start, body, size):
        return send(client, session, start, bytes([body[0] ^ 1]) + body[1:], size)

    monkeypatch.setattr(sessions.SessionClient, "send", changed)
    with pytest.raises(CorruptObjectError, match="is not what was sent"):
        backend.put_file(LARGE_KEY, source)
    assert in_google(gcs, bucket) is None
    assert list((tmp_path / "uploads").iterdir()) == []


@pytest.mark.parametrize("fate", ["503", "reset", "late reset"])
@pytest.mark.parametrize("which", [1, 3])
def test_chunks_that_are_refused_or_whose_answer_is_lost_come_through(
    gcs, proxied, bucket, source, fate, which
):
    """The first, and the last, after whose lost answer the session has its object."""
    proxy, backend = proxied
    chunks = itertools.count(1)
    proxy.decide = lambda method, *_: fate if method == "PUT" and next(chunks) == which else None
    backend.put_file(LARGE_KEY, source)
    assert next(chunks) > which
    assert in_google(gcs, bucket) == MD5
    again = CHUNK if which == 1 else len(LARGE) - 2 * CHUNK
    assert bytes_put(proxy) == len(LARGE) + (0 if fate == "late reset" else again)


def test_what_is_lost_now_and_then_comes_through(proxied):
    comes_through(*proxied, "late reset")


def test_no_error_names_a_session(proxied, source, tmp_path):
    proxy, backend = proxied
    proxy.decide = lambda method, *_: "403" if method == "PUT" else None
    with pytest.raises(StoreError) as caught:
        backend.put_file(LARGE_KEY, source)
    session = json.loads(note_of(tmp_path / "uploads").read_text())["session"]
    told = "".join(traceback.format_exception(caught.value))
    assert session not in told
    assert session.rpartition("upload_id=")[2] not in told


def test_notes_of_sessions_that_have_run_out_are_removed(gcs, bucket, tmp_path):
    uploads = tmp_path / "uploads"
    uploads.mkdir()
    for name in ("old", "new"):
        (uploads / f"{name}.json").write_text('{"session": "http://127.0.0.1:1/"}')
    week = time.time() - 8 * 24 * 3600
    os.utime(uploads / "old.json", (week, week))
    url = f"gs://{bucket}?endpoint={gcs.endpoint}&anonymous=true"
    open_backend(url, uploads=uploads).tidy()
    assert [path.name for path in uploads.iterdir()] == ["new.json"]


# who comes, and errors ----------------------------------------------------------------------


def account(monkeypatch, path):
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(path))


def test_a_large_file_goes_up_with_an_accounts_token(gcs, bucket, source, tmp_path, monkeypatch):
    account(monkeypatch, gcs.owner)
    url = f"gs://{bucket}/team?endpoint={gcs.endpoint}"
    open_backend(url, uploads=tmp_path / "uploads").put_file(LARGE_KEY, source)
    assert in_google(gcs, bucket) == MD5


@pytest.mark.parametrize("with_scheme", [True, False])
def test_an_emulator_is_found_as_googles_libraries_find_it(gcs, bucket, monkeypatch, with_scheme):
    host = gcs.endpoint if with_scheme else gcs.endpoint.removeprefix("http://")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", host)
    backend = open_backend(f"gs://{bucket}/team")
    backend.put_bytes(KEY, b"data")
    assert in_google(gcs, bucket, KEY) == hashlib.md5(b"data", usedforsecurity=False).hexdigest()


def test_a_bucket_that_is_not_there_is_named(gcs, monkeypatch, source):
    for name, value in gcs.env.items():
        monkeypatch.setenv(name, value)
    backend = open_backend("gs://no-such-bucket/team")
    for text in refusals(backend):
        assert "there is no bucket 'no-such-bucket'" in text
    with pytest.raises(StoreError, match="there is no bucket 'no-such-bucket'"):
        backend.put_file(LARGE_KEY, source)


def test_a_bucket_that_vanishes_is_named(gcs, bucket, monkeypatch, source, tmp_path):
    for name, value in gcs.env.items():
        monkeypatch.setenv(name, value)
    backend = open_backend(f"gs://{bucket}/team", uploads=tmp_path / "uploads")
    backend.put_bytes(KEY, b"data")
    backend.delete(KEY)
    gcs.call("DELETE", f"/b/{bucket}")
    with pytest.raises(StoreError, match="there is no bucket"):
        backend.put_bytes(KEY, b"data")
    with pytest.raises(StoreError, match="there is no bucket"):
        backend.put_file(LARGE_KEY, source)
    with pytest.raises(StoreError, match="there is no bucket"):
        list(backend.keys())


def test_who_is_not_known_is_told_so(gcs, bucket, monkeypatch):
    account(monkeypatch, gcs.stranger)
    for text in refusals(open_backend(f"gs://{bucket}/team?endpoint={gcs.endpoint}")):
        assert "does not accept the credentials (invalid_grant)" in text
        assert "Check GOOGLE_APPLICATION_CREDENTIALS" in text


def test_a_reader_without_leave_to_write_is_told_so(gcs, bucket, source, monkeypatch, tmp_path):
    url = f"gs://{bucket}/team?endpoint={gcs.endpoint}"
    account(monkeypatch, gcs.owner)
    open_backend(url).put_bytes(KEY, b"public")
    account(monkeypatch, gcs.reader)
    backend = open_backend(url, uploads=tmp_path / "uploads")
    with backend.open(KEY) as stream:
        assert stream.read() == b"public"
    for write in (
        lambda: backend.put_bytes("sha256/ff/" + "0" * 62, b"data"),
        lambda: backend.put_file(LARGE_KEY, source),
        lambda: backend.delete(KEY),
    ):
        with pytest.raises(StoreReadOnlyError, match="the credentials do not allow it"):
            write()


def test_a_clock_that_is_wrong_is_named(gcs, bucket, monkeypatch):
    account(monkeypatch, gcs.owner)
    real = _helpers.utcnow
    monkeypatch.setattr(_helpers, "utcnow", lambda: real() - timedelta(hours=2))
    for text in refusals(open_backend(f"gs://{bucket}/team?endpoint={gcs.endpoint}")):
        assert "the clock of this machine differs too much" in text


@pytest.fixture
def nobody(monkeypatch, tmp_path):
    """A machine that knows no account, and is none of Google's."""
    for name in list(os.environ):
        if name.startswith("GOOGLE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))
    monkeypatch.setenv("NO_GCE_CHECK", "true")


def test_without_credentials_it_says_which_to_set(gcs, nobody):
    with pytest.raises(StoreError, match="Set GOOGLE_APPLICATION_CREDENTIALS"):
        open_backend(f"gs://bucket/team?endpoint={gcs.endpoint}")


def test_who_comes_as_anybody_is_told_what_writing_takes(nobody, monkeypatch, source):
    """Without a request: Google's own address is not asked, for it could not be reached here."""
    backend = open_backend("gs://bucket/team?anonymous=true")
    monkeypatch.setattr(backend, "_size", lambda key: None)
    for write in (
        lambda: backend.put_bytes(KEY, b"x"),
        lambda: backend.put_file(LARGE_KEY, source),
    ):
        with pytest.raises(StoreError, match="Set GOOGLE_APPLICATION_CREDENTIALS"):
            write()


def test_without_googles_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.auth.transport.requests", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'artnb\[gs\]'"):
        open_backend("gs://bucket/team")


@pytest.mark.parametrize("body", [None, "no JSON", '{"type": "other"}'])
def test_a_key_file_that_cannot_be_used_is_named(gcs, monkeypatch, tmp_path, body):
    path = tmp_path / "key.json"
    if body is not None:
        path.write_text(body)
    account(monkeypatch, path)
    with pytest.raises(StoreError, match=r"Correct GOOGLE_APPLICATION_CREDENTIALS \(.*key\.json"):
        open_backend(f"gs://bucket/team?endpoint={gcs.endpoint}")


def test_tokens_that_cannot_be_asked_for_are_no_wrong_key(gcs, monkeypatch, tmp_path):
    key = json.loads(gcs.owner.read_text())
    path = tmp_path / "key.json"
    path.write_text(json.dumps({**key, "token_uri": f"http://127.0.0.1:{free_port()}/token"}))
    account(monkeypatch, path)
    backend = CloudBackend(f"gs://bucket/team?endpoint={gcs.endpoint}", retry=Retry(**QUICK))
    for text in refusals(backend):
        assert "cannot be reached" in text
