"""What only a store in a cloud can meet: busy servers, lost answers, wrong keys, cut uploads."""

import itertools
import json
import os
import random
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime, timedelta

import pytest
from store.refusals import refusals
from store.unreliable import comes_through, unreliable

from artnb.digest import digest_bytes
from artnb.errors import CorruptObjectError, InvalidValueError, StoreError, StoreReadOnlyError
from artnb.keys import object_key
from artnb.store import open_backend
from artnb.store.cloud import PART, CloudBackend
from artnb.store.retrying import Retry
from artnb.testing.store import KEY

pytestmark = pytest.mark.server
COUNT = itertools.count(1)
QUICK = {"first": 0.01, "longest": 0.05}


@pytest.fixture
def bucket(ceph, monkeypatch):
    for name, value in ceph.env.items():
        monkeypatch.setenv(name, value)
    return ceph.new_bucket(f"cloud-{os.getpid()}-{next(COUNT)}")


@pytest.fixture
def proxied(ceph, bucket, tmp_path):
    """A proxy, and a backend that speaks through it."""
    with unreliable(ceph.endpoint) as (proxy, address):
        url = f"s3://{bucket}/team?endpoint={address}"
        yield proxy, CloudBackend(url, uploads=tmp_path / "uploads", retry=Retry(**QUICK))


@pytest.mark.parametrize("fate", ["503", "reset", "late reset"])
def test_what_is_refused_or_lost_now_and_then_comes_through(proxied, fate):
    comes_through(*proxied, fate)


def test_what_stays_busy_is_given_up_and_said_to_be_busy(ceph, bucket):
    with unreliable(ceph.endpoint) as (proxy, address):
        proxy.decide = lambda *_: "503"
        backend = CloudBackend(
            f"s3://{bucket}/team?endpoint={address}", retry=Retry(seconds=0.5, **QUICK)
        )
        with pytest.raises(StoreError, match="is busy and refused again and again"):
            backend.put_bytes(KEY, b"data")
        assert len(proxy.seen) > 6


@pytest.mark.parametrize("how", ["missing", "forbidden"])
def test_what_is_not_there_or_not_allowed_is_asked_for_once(proxied, how, monkeypatch):
    proxy, backend = proxied
    if how == "missing":
        with pytest.raises(OSError, match="is missing from the store"):
            backend.open(KEY)
        assert len(proxy.seen) == 1
        return
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    other = CloudBackend(f"{backend.location}?endpoint=http://{proxy_host(backend)}")
    proxy.seen.clear()
    with pytest.raises(StoreError, match="does not accept the credentials"):
        other.open(KEY)
    assert len(proxy.seen) == 1


def proxy_host(backend):
    return backend._address.config["endpoint"].removeprefix("http://")


def test_bytes_that_change_on_the_way_back_are_read_as_they_are(proxied):
    """A reader gets what came; that it is something else, its digest says further up."""
    proxy, backend = proxied
    backend.put_bytes(KEY, b"0123456789")
    proxy.decide = lambda method, *_: "changed" if method == "GET" else None
    with backend.open(KEY) as stream:
        assert stream.read() == b"1123456789"


def test_an_upload_that_arrives_as_something_else_is_refused(bucket, monkeypatch):
    backend = open_backend(f"s3://{bucket}/team")
    put = backend._api.put

    def torn(store, path, data, **options):
        return put(store, path, data[: len(data) // 2], **options)

    monkeypatch.setattr(backend._api, "put", torn)
    with pytest.raises(CorruptObjectError, match="is not what was sent"):
        backend.put_bytes(KEY, b"0123456789")
    monkeypatch.undo()
    assert not backend.exists(KEY)


def test_an_upload_goes_on_where_another_process_was_killed(ceph, bucket, tmp_path):
    data = random.Random(1).randbytes(PART) * 5 + b"end"
    source = tmp_path / "large"
    source.write_bytes(data)
    key = object_key(digest_bytes(data))
    script = textwrap.dedent("""
        import os, sys
        from pathlib import Path
        from artnb.store.cloud import CloudBackend
        from artnb.store import multipart
        url, key, source, uploads = sys.argv[1:]
        multipart._AT_ONCE = 1
        send = multipart.MultipartClient.send
        def sent(self, path, upload_id, number, body):
            if number == 4:
                os.kill(os.getpid(), 9)
            return send(self, path, upload_id, number, body)
        multipart.MultipartClient.send = sent
        CloudBackend(url, uploads=Path(uploads)).put_file(key, Path(source))
    """)
    command = [sys.executable, "-c", script, f"s3://{bucket}/team", key, source,
               tmp_path / "uploads"]  # fmt: skip
    env = {**os.environ, **ceph.env, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run(command, env=env).returncode == -9
    listed = ceph.client().list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert len(listed) == 1

    with unreliable(ceph.endpoint) as (proxy, address):
        url = f"s3://{bucket}/team?endpoint={address}"
        backend = CloudBackend(url, uploads=tmp_path / "uploads")
        backend.put_file(key, source)
        parts = [path for method, path in proxy.seen if method == "PUT"]
    assert len(parts) == 3  # the last three of six
    assert backend_digest(open_backend(f"s3://{bucket}/team"), key) == digest_bytes(data)
    assert "Uploads" not in ceph.client().list_multipart_uploads(Bucket=bucket)
    assert list((tmp_path / "uploads").iterdir()) == []


@pytest.fixture
def container(azurite, monkeypatch):
    """One with the rights to it, and the blocks that wait in it under a path."""
    for name, value in azurite.env.items():
        monkeypatch.setenv(name, value)
    name = azurite.new_container(f"blocks-{os.getpid()}-{next(COUNT)}")

    def blob(path):
        from azure.storage.blob import BlobClient

        return BlobClient.from_connection_string(azurite.connection, name, path)

    return name, blob


def test_an_upload_to_azure_goes_on_where_another_process_was_killed(azurite, container, tmp_path):
    box, blob = container
    data = random.Random(1).randbytes(PART) * 5 + b"end"
    source = tmp_path / "large"
    source.write_bytes(data)
    key = object_key(digest_bytes(data))
    script = textwrap.dedent("""
        import os, sys
        from pathlib import Path
        from artnb.store import blocks
        from artnb.store.cloud import CloudBackend
        blocks._AT_ONCE = 1
        call, left = blocks._call, iter(range(3))
        def called(method, *rest):
            if method == "PUT" and next(left, None) is None:
                os.kill(os.getpid(), 9)
            return call(method, *rest)
        blocks._call = called
        CloudBackend(sys.argv[1]).put_file(sys.argv[2], Path(sys.argv[3]))
    """)
    command = [sys.executable, "-c", script, f"az://{box}/team", key, source]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run(command, env=env).returncode == -9
    with blob(f"team/{key}") as waiting:
        assert len(waiting.get_block_list("uncommitted")[1]) == 3

    with unreliable(azurite.endpoint) as (proxy, address):
        backend = CloudBackend(f"az://{box}/team?endpoint={address}/{azurite.account}")
        backend.put_file(key, source)
        sent = [path for method, path in proxy.seen if method == "PUT"]
    assert ["comp=blocklist" in path for path in sent] == [False] * 3 + [True]
    assert backend_digest(open_backend(f"az://{box}/team"), key) == digest_bytes(data)


def test_an_upload_by_a_token_that_signs_nothing_goes_on_with_any_other(
    container, tmp_path, monkeypatch
):
    """The blocks that it left have names of their own, which are as long."""
    box, blob = container
    source = tmp_path / "large"
    source.write_bytes(random.Random(2).randbytes(PART + 1))
    key = object_key(digest_bytes(source.read_bytes()))
    with blob(f"team/{key}") as waiting:
        waiting.stage_block(os.urandom(16).hex(), b"half of something")
    backend = CloudBackend(f"az://{box}/team")
    backend.put_file(key, source)
    assert backend_digest(backend, key) == digest_bytes(source.read_bytes())
    backend.delete(key)

    def refused(*_):
        raise backend._api.exceptions.GenericError("SAS keys cannot be made with a SAS token")

    monkeypatch.setattr(backend._api, "sign", refused)
    backend.put_file(key, source)
    assert backend_digest(backend, key) == digest_bytes(source.read_bytes())


@pytest.mark.parametrize("fate", ["503", "late reset"])
def test_blocks_that_are_refused_or_whose_answer_is_lost_come_through(
    azurite, container, tmp_path, fate
):
    box, _ = container
    source = tmp_path / "large"
    source.write_bytes(random.Random(3).randbytes(PART + 1))
    key = object_key(digest_bytes(source.read_bytes()))
    with unreliable(azurite.endpoint) as (proxy, address):
        backend = CloudBackend(
            f"az://{box}/team?endpoint={address}/{azurite.account}", retry=Retry(**QUICK)
        )
        fates = iter([fate] * 2)
        proxy.decide = lambda method, path, *_: next(fates, None) if "comp=block" in path else None
        backend.put_file(key, source)
        assert next(fates, None) is None
    assert backend_digest(open_backend(f"az://{box}/team"), key) == digest_bytes(
        source.read_bytes()
    )


def backend_digest(backend, key):
    with backend.open(key) as stream:
        return digest_bytes(stream.read())


def test_parts_that_nobody_goes_on_with_are_aborted(ceph, bucket, tmp_path):
    from artnb.store.multipart import MultipartClient

    uploads = tmp_path / "uploads"
    backend = CloudBackend(f"s3://{bucket}/team", uploads=uploads)
    client = MultipartClient(backend._address)
    old, new = (client.begin(f"team/{name}") for name in ("old", "new"))
    for name, upload in (("old", old), ("new", new)):
        uploads.mkdir(exist_ok=True)
        note = {"path": f"team/{name}", "upload": upload}
        (uploads / f"{name}.json").write_text(json.dumps(note))
    week = time.time() - 8 * 24 * 3600
    os.utime(uploads / "old.json", (week, week))
    backend.tidy()
    left = ceph.client().list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert [each["Key"] for each in left] == ["team/new"]
    assert [path.name for path in uploads.iterdir()] == ["new.json"]


# errors ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ceph", "swift"])
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "does not accept the credentials"),
        ({"AWS_ACCESS_KEY_ID": "nobody"}, "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_wrong_keys_are_said_to_be_wrong(request, monkeypatch, tmp_path, name, change, says):
    server = request.getfixturevalue(name)
    bucket = server.new_bucket(f"keys-{os.getpid()}-{next(COUNT)}")
    for key, value in {**server.env, **change}.items():
        monkeypatch.setenv(key, value)
    for text in refusals(open_backend(f"s3://{bucket}/team")):
        assert says in text
        assert server.endpoint in text
        assert "wrong" not in text
        assert server.secret not in text


@pytest.mark.parametrize("name", ["ceph", "swift"])
def test_a_bucket_that_is_not_there_is_named(request, monkeypatch, tmp_path, name):
    server = request.getfixturevalue(name)
    for key, value in server.env.items():
        monkeypatch.setenv(key, value)
    for text in refusals(open_backend("s3://no-such-bucket/team")):
        assert "there is no bucket 'no-such-bucket'" in text


def test_azure_refusals_are_told_as_s3s_are(azurite, monkeypatch, tmp_path):
    for key, value in azurite.env.items():
        monkeypatch.setenv(key, value)
    for text in refusals(open_backend("az://no-such-box/team")):
        assert "there is no container 'no-such-box'" in text
    box = azurite.new_container(f"keys-{os.getpid()}-{next(COUNT)}")
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "d3Jvbmc=")
    for text in refusals(open_backend(f"az://{box}/team")):
        assert "does not accept the credentials" in text
        assert "AZURE_STORAGE_ACCOUNT_KEY" in text
        assert "d3Jvbmc=" not in text


def sas(azurite, box, permission, start, end):
    """A token for a container, from and to so many hours from now."""
    from azure.storage.blob import generate_container_sas

    now = datetime.now(UTC)
    return generate_container_sas(
        azurite.account, box, account_key=azurite.key, permission=permission,
        start=now + timedelta(hours=start), expiry=now + timedelta(hours=end),
    )  # fmt: skip


@pytest.fixture
def with_token(azurite, container, monkeypatch):
    """Open a container by a token alone."""
    box, _ = container

    def opened(*rights):
        monkeypatch.delenv("AZURE_STORAGE_ACCOUNT_KEY", raising=False)
        monkeypatch.setenv("AZURE_STORAGE_SAS_TOKEN", sas(azurite, box, *rights))
        return open_backend(f"az://{box}/team")

    return opened


def test_a_token_that_may_read_is_told_so_at_each_write(with_token, tmp_path):
    """Deletions are told in their own way: Azure answers them by the dozen."""
    with_token("rwlcd", -1, 1).put_bytes(KEY, b"public")
    backend = with_token("rl", -1, 1)
    with backend.open(KEY) as stream:
        assert stream.read() == b"public"
    source = tmp_path / "large"
    source.write_bytes(bytes(PART + 1))
    for write in (
        lambda: backend.put_bytes("sha256/ff/" + "0" * 62, b"data"),
        lambda: backend.put_file("sha256/fe/" + "0" * 62, source),
        lambda: backend.delete(KEY),
    ):
        with pytest.raises(StoreReadOnlyError, match="the credentials do not allow it"):
            write()
    assert backend.exists(KEY)


@pytest.mark.parametrize(("start", "end"), [(-2, -1), (1, 2)])
def test_a_token_that_has_run_out_or_is_for_later_is_told_so(with_token, start, end):
    for text in refusals(with_token("rwlcd", start, end)):
        assert "does not accept the credentials" in text
        assert "the clock of this machine must be right" in text
        assert "sig=" not in text


def test_the_right_region_is_named(swift, monkeypatch, tmp_path):
    bucket = swift.new_bucket(f"region-{os.getpid()}-{next(COUNT)}")
    for key, value in swift.env.items():
        monkeypatch.setenv(key, value)
    backend = open_backend(f"s3://{bucket}/team?region=eu-west-9")
    for text in refusals(backend):
        assert "lies in another region. Set AWS_REGION=us-east-1." in text


def test_a_reader_without_leave_to_write_is_told_so(ceph, bucket, monkeypatch, tmp_path):
    policy = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",'
        f'"Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:aws:s3:::{bucket}",'
        f'"arn:aws:s3:::{bucket}/*"]}}]}}'
    )
    open_backend(f"s3://{bucket}/team").put_bytes(KEY, b"public")
    ceph.client().put_bucket_policy(Bucket=bucket, Policy=policy)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    backend = open_backend(f"s3://{bucket}/team?anonymous=true")
    with backend.open(KEY) as stream:
        assert stream.read() == b"public"
    with pytest.raises(StoreReadOnlyError, match="the credentials do not allow it"):
        backend.put_bytes("sha256/ff/" + "0" * 62, b"data")


def test_a_clock_that_is_wrong_is_named(ceph, bucket):
    """The proxy puts the date of an hour ago into what it passes on, as a wrong clock would."""
    with unreliable(ceph.endpoint) as (proxy, address):
        proxy.hours_late = 1
        backend = CloudBackend(f"s3://{bucket}/team?endpoint={address}", retry=Retry(**QUICK))
        for text in refusals(backend):
            assert "the clock of this machine differs too much" in text


def test_an_address_where_nobody_listens_is_given_up_soon(bucket, monkeypatch, tmp_path):
    from ports import free_port

    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    backend = CloudBackend("s3://bucket/team", retry=Retry(**QUICK))
    for text in refusals(backend):
        assert "cannot be reached" in text


def test_without_credentials_it_says_which_to_set(ceph, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(StoreError, match="Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or"):
        open_backend(f"s3://bucket/team?endpoint={ceph.endpoint}")


def test_a_profile_is_enough(ceph, bucket, monkeypatch, tmp_path):
    for name in ceph.env:
        monkeypatch.delenv(name)
    (tmp_path / "config").write_text(
        f"[profile team]\nregion = us-east-1\nendpoint_url = {ceph.endpoint}\n"
        f"aws_access_key_id = {ceph.key}\naws_secret_access_key = {ceph.secret}\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "team")
    backend = open_backend(f"s3://{bucket}/team", uploads=tmp_path / "uploads")
    data = random.Random(2).randbytes(PART + 1)
    (tmp_path / "large").write_bytes(data)
    backend.put_file(object_key(digest_bytes(data)), tmp_path / "large")
    assert backend_digest(backend, object_key(digest_bytes(data))) == digest_bytes(data)


def test_an_option_that_does_not_exist_is_named():
    with pytest.raises(InvalidValueError, match=r"'regoin'.*did you mean 'region'"):
        open_backend("s3://bucket/team?regoin=x")
