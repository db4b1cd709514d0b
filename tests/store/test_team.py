"""A team's work on real servers: a store in a bucket, push and pull through one."""

import contextlib
import itertools
import os
import subprocess
import sys

import obstore
import pytest

from artnb.cli import main
from artnb.errors import StoreError, StoreReadOnlyError
from artnb.exchange import pull, push
from artnb.repository import Content, Repository, close_repositories
from artnb.settings import Settings
from artnb.store.cloud_options import parse_address

pytestmark = pytest.mark.server
COUNT = itertools.count(1)


@pytest.fixture
def bucket(ceph, monkeypatch):
    for name, value in ceph.env.items():
        monkeypatch.setenv(name, value)
    return ceph.new_bucket(f"team-{os.getpid()}-{next(COUNT)}")


@contextlib.contextmanager
def opened(folder, store=None):
    settings = Settings.resolve(
        folder, {"ARTNB_DIR": str(folder), **({"ARTNB_STORE": store} if store else {})}
    )
    repository = Repository(settings)
    try:
        yield repository
    finally:
        repository.close()


def log(repository, name, text, count=30):
    run = repository.start_run("demo")
    contents = [Content(f"part-{n}.txt", f"{text}{n}".encode()) for n in range(count)]
    contents.append(Content("large.bin", text.encode() * 100_000))
    version = repository.commit("demo", name, "dataset", contents, run_id=run.id).version
    repository.finish_run(run.id)
    return version


def test_a_repository_on_a_bucket_does_what_one_in_a_folder_does(bucket, tmp_path):
    with opened(tmp_path / "one", f"s3://{bucket}/team") as here:
        first = log(here, "rows", "one")
        second = log(here, "rows", "two")
        place = here.download(first, tmp_path / "out")
        assert (place / "part-7.txt").read_text() == "one7"
        here.cache.clear()
        place = here.download(second, tmp_path / "out2")
        assert (place / "large.bin").read_bytes() == b"two" * 100_000
        assert here.maintenance.verify().remaining == ()
        here.delete(first.id)
        assert here.maintenance.collect(grace=0).bytes > 300_000
        assert here.maintenance.verify().remaining == ()
        assert here.maintenance.usage() is not None


def test_a_catalogue_is_made_again_from_a_bucket(bucket, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ARTNB_DIR", str(tmp_path / "one"))
    monkeypatch.setenv("ARTNB_STORE", f"s3://{bucket}/team")
    with opened(tmp_path / "one", f"s3://{bucket}/team") as here:
        log(here, "rows", "one")
    (tmp_path / "one" / ".artnb" / "catalog.db").unlink()
    assert main(["rebuild"]) == 0
    with opened(tmp_path / "one", f"s3://{bucket}/team") as here:
        version = here.resolve("rows:latest", "demo")
        place = here.download(version, tmp_path / "out")
        assert (place / "part-0.txt").read_text() == "one0"
    close_repositories()
    capsys.readouterr()
    assert main(["cache"]) == 0
    assert "holds" in capsys.readouterr().out
    assert main(["cache", "--clear"]) == 0
    assert "holds       0 B" in capsys.readouterr().out


def place_on(request, monkeypatch, server):
    """Return a real server, the name of a new bucket there, and the URL of a store in it."""
    service = request.getfixturevalue(server)
    for name, value in service.env.items():
        monkeypatch.setenv(name, value)
    name = f"share-{os.getpid()}-{next(COUNT)}"
    return service, name, service.new_place(name)


@pytest.mark.parametrize("server", ["ceph", "swift", "azurite", "gcs"])
def test_work_goes_to_a_team_and_back(request, server, tmp_path, monkeypatch):
    _, _, url = place_on(request, monkeypatch, server)
    with opened(tmp_path / "one") as one, opened(tmp_path / "two") as two:
        log(one, "rows", "one")
        assert [done.received.versions for done in push(one, url)] == [1]
        assert [done.changed for done in push(one, url)] == [False]
        log(two, "rows", "two")
        assert [done.received.versions for done in push(two, url)] == [1]
        assert [done.received.versions for done in pull(one, url)] == [1]
        texts = set()
        for version in one.versions("demo", "rows"):
            place = one.download(version, tmp_path / "out" / version.version)
            texts.add((place / "part-1.txt").read_text())
        assert texts == {"one1", "two1"}
        assert [done.changed for done in pull(one, url)] == [False]


DIES = """
import os, sys
from artnb.exchange import push
from artnb.repository import Repository
from artnb.store.cloud import CloudBackend
calls = 0
def dying(original):
    def replaced(*given, **how):
        global calls
        calls += 1
        if calls == int(sys.argv[2]):
            os._exit(9)
        return original(*given, **how)
    return replaced
for name in ("put_bytes", "put_file"):
    setattr(CloudBackend, name, dying(getattr(CloudBackend, name)))
list(push(Repository(), sys.argv[1]))
"""


@pytest.mark.parametrize("server", ["ceph", "azurite"])
def test_a_push_that_is_killed_anywhere_leaves_all_or_nothing(
    request, server, tmp_path, monkeypatch
):
    _, _, url = place_on(request, monkeypatch, server)
    with opened(tmp_path / "two") as two:
        log(two, "rows", "two")
        list(push(two, url))
    with opened(tmp_path / "one") as one:
        versions = [log(one, "rows", text) for text in ("one", "three")]
        runs = {run.id for run in one.runs("demo")}
    environment = {**os.environ, "ARTNB_DIR": str(tmp_path / "one")}
    call, died = 0, True
    while died:
        call += 1
        done = subprocess.run(
            [sys.executable, "-c", DIES, url, str(call)],
            env=environment, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode in (0, 9), done.stderr
        died = done.returncode == 9
        with opened(tmp_path / f"fresh{call}") as fresh:
            list(pull(fresh, url))
            assert fresh.maintenance.verify().damage == ()
            count = len(fresh.versions("demo", "rows"))
            assert count in ((1, 3) if died else (3,))
            assert (runs <= {run.id for run in fresh.runs("demo")}) == (count == 3)
    assert call > 3
    with opened(tmp_path / "one") as one:
        (again,) = push(one, url)
        assert (again.changed, again.blobs) == (False, 0)
    with opened(tmp_path / "last") as last:
        list(pull(last, url))
        # The numbers that were taken are those of who came first; contents and runs are the same.
        digests = {version.digest: version.number for version in last.versions("demo", "rows")}
        assert [digests[version.digest] for version in versions] == [2, 1]
        assert {run.id for run in last.runs("demo")} > runs


@pytest.mark.parametrize("server", ["ceph", "azurite", "gcs"])
def test_a_bucket_that_vanishes_loses_nothing(request, server, tmp_path, monkeypatch):
    """Deleted, or out of reach, while it is used; then it is there again."""
    service, bucket, url = place_on(request, monkeypatch, server)
    inside = parse_address(url).connect()
    with opened(tmp_path / "one", url) as here:
        first = log(here, "rows", "one")
        keys = [found["path"] for batch in obstore.list(inside) for found in batch]
        kept = {key: bytes(obstore.get(inside, key).bytes()) for key in keys}
        obstore.delete(inside, keys)
        service.drop(bucket)

        gone = f"there is no (bucket|container) '{bucket}'"
        with pytest.raises(StoreError, match=gone):
            log(here, "rows", "two")
        for doing in (here.maintenance.verify, here.maintenance.collect):
            with pytest.raises(StoreError, match=gone):
                doing()
        here.download(first, tmp_path / "kept")  # this machine's cache has it
        here.cache.clear()
        with pytest.raises(StoreError, match=gone):
            here.download(first, tmp_path / "out")
        assert here.version(first.id).state == "live"

        service.new_place(bucket)  # empty: not what it was
        with pytest.raises(StoreError, match="neither its mark nor its objects are there"):
            here.download(first, tmp_path / "out")
        assert here.version(first.id).state == "live"
        for key, data in kept.items():
            obstore.put(inside, key, data)
        here.download(first, tmp_path / "out")
        assert log(here, "rows", "two").ref == "rows:v1"
        assert here.maintenance.verify().damage == ()


@pytest.mark.filterwarnings("ignore:The journal of .* waits")  # of the refused run
def test_who_may_only_read_is_told_so_and_nothing_is_recorded(gcs, tmp_path, monkeypatch):
    url = f"{gcs.new_place(f'share-{os.getpid()}-{next(COUNT)}')}?endpoint={gcs.endpoint}"
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(gcs.owner))
    with opened(tmp_path / "one", url) as here:
        first = log(here, "rows", "one")
        here.cache.clear()
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(gcs.reader))
    refused = "the credentials do not allow it"
    with opened(tmp_path / "one", url) as here:
        here.download(first, tmp_path / "out")
        assert here.maintenance.verify().remaining == ()
        with pytest.raises(StoreReadOnlyError, match=refused):
            log(here, "rows", "two")
        assert [version.ref for version in here.versions("demo", "rows")] == ["rows:v0"]
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(gcs.owner))
    with opened(tmp_path / "one", url) as here:
        assert log(here, "rows", "two").ref == "rows:v1"
        here.delete(first.id)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(gcs.reader))
    with (
        opened(tmp_path / "one", url) as here,
        pytest.raises(StoreReadOnlyError, match=refused),
    ):
        here.maintenance.collect(grace=0)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(gcs.owner))
    with opened(tmp_path / "one", url) as here:
        assert here.maintenance.collect(grace=0).bytes > 300_000
        assert here.maintenance.verify().remaining == ()
