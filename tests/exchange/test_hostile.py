"""What comes from elsewhere is proved, refused or left out; and each error says what to do."""

import io
import json
import pickle
import shutil
import struct
import sys
import traceback
import uuid
import zipfile
from pathlib import Path

import fsspec
import pytest
from exchange.exchange_kit import fill, graph, objects

from artnb.cli import main
from artnb.digest import canonical_json, digest_bytes
from artnb.errors import (
    ArtnbError,
    CatalogError,
    CommError,
    CorruptObjectError,
    InvalidNameError,
    InvalidPathError,
    InvalidValueError,
    MissingExtraError,
    StoreError,
    StoreReadOnlyError,
    TypeMismatchError,
)
from artnb.exchange import pull, push
from artnb.keys import journal_key, record_key
from artnb.model import Entry, Location, Manifest
from artnb.repository import Content, Repository
from artnb.settings import Settings
from artnb.store import LocalBackend, pack_index


def write(repository, statement, *values):
    with repository._catalog._db.transaction() as db:
        db.execute("pragma defer_foreign_keys=on")
        db.execute(statement, values)


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("update collections set name = '../../thing'", InvalidNameError),
        ("update collections set type = 'a/b'", InvalidNameError),
        ("update projects set name = 'a/b'", InvalidNameError),
        ("update aliases set alias = 'v7'", None),
        ("update alias_moves set alias = 'v7'", InvalidNameError),
        ("update alias_moves set moved_by = char(27) || '[2J'", CatalogError),
        ("update versions set digest = '../../etc/passwd'", CatalogError),
        ("update versions set record = 'x'", CatalogError),
        ("update versions set number = number - 9", CatalogError),
        ("update versions set metadata = '[1]'", CatalogError),
        ("update versions set state = 'deleted', deleted_at = 'x'", CatalogError),
        ("update runs set code = '../../etc/passwd'", CatalogError),
        ("update runs set state = 'anything'", CatalogError),
        ("update runs set config = 'no json'", StoreError),
        ("update runs set name = x'00ff'", CatalogError),
        ("update edges set kind = 'owns'", CatalogError),
    ],
)
def test_rows_that_artnb_does_not_write_are_refused(here, there, statement, error):
    fill(there)
    write(there, statement)
    if error is None:
        list(pull(here, str(there.root)))  # aliases are made from the moves
        return
    with pytest.raises(error):
        list(pull(here, str(there.root)))
    assert here.projects() == []


@pytest.mark.parametrize("run_id", ["../../evil", "..", "a\\b", "c:x", "x" * 200, "a\nb"])
def test_a_run_id_that_is_no_file_name_is_refused(here, there, run_id):
    there.start_run("demo", run_id=run_id)
    with pytest.raises(CatalogError, match="The id of the run"):
        list(pull(here, str(there.root)))


@pytest.mark.parametrize("path", ["../evil", "/evil", "a/../../evil", "C:evil", "a\\b", "a//b",
                                  "a\x1b[2Jb", "a\x85b", "photo\u202egpj.exe", "x" * 300,
                                  "/".join(["x" * 200] * 15), ".", "", "e\u0301"])  # fmt: skip
def test_entry_paths_that_leave_the_artifact_are_refused(here, there, monkeypatch, path):
    monkeypatch.setattr("artnb.content.check_entry_paths", list)
    monkeypatch.setattr("artnb.content.check_entry_path", str)
    run = there.start_run("demo")
    there.commit("demo", "thing", "dataset", [Content(path, b"x")], run_id=run.id)
    there.finish_run(run.id)
    with pytest.raises((InvalidPathError, CatalogError)):
        list(pull(here, str(there.root)))
    assert here.projects() == []


ENTRY = {"digest": "0" * 64, "size": 1}


@pytest.mark.parametrize(
    "entries",
    [
        {"a": ENTRY, "a/b": ENTRY},
        {"a": {**ENTRY, "size": 1 << 63}},
        {"a": {**ENTRY, "size": -1}},
        {"a": {**ENTRY, "size": float("inf")}},
        {"a": {**ENTRY, "size": "many"}},
        {f"{n}": {**ENTRY, "size": 1 << 61} for n in range(4)},
        {"a": {**ENTRY, "digest": "../../etc/passwd"}},
        {"a": {**ENTRY, "meta": [1]}},
        {"a": {**ENTRY, "format": "x" * 1000}},
        {"a": {**ENTRY, "ref": 3}},
        {"a": []},
        [],
        None,
        "text",
    ],
)
def test_a_manifest_that_artnb_does_not_write_is_refused(here, there, entries):
    fill(there, data=[b"1"])
    digest = there.put_blob(json.dumps({"artnb": 1, "entries": entries}).encode())
    write(there, "update versions set digest = ?", digest)
    with pytest.raises((CatalogError, InvalidPathError)):
        list(pull(here, str(there.root)))
    assert here.projects() == []


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 100_000, b"\xff\xfe", b"", b"1e999"])
def test_a_manifest_that_is_no_json_is_refused(here, there, body):
    fill(there, data=[b"1"])
    write(there, "update versions set digest = ?", there.put_blob(body))
    with pytest.raises(CatalogError, match="cannot be read as one"):
        list(pull(here, str(there.root)))


def test_spans_that_overlap_are_not_fetched(here, there):
    """A small pack whose spans overlap would arrive as any number of bytes."""
    fill(there, data=[b"1", b"2"])
    (pack,) = {row[0] for row in there._catalog._db.rows(
        "select object from blobs where object like 'pack/%' limit 1")}  # fmt: skip
    with there._store.backend.open(pack) as stream:
        data = stream.read()
    spans = [(digest_bytes(data[:n]), 0, n) for n in range(3, 9)]
    for digest, start, length in spans:
        write(there, "insert into blobs values (?, ?, ?, ?)", digest, pack, start, length)
    manifest = Manifest.of([Entry(str(n), d, length) for n, (d, _, length) in enumerate(spans)])
    there.put_blob(manifest.to_bytes())
    write(there, "update versions set digest = ? where number = 0", manifest.digest)
    (done,) = pull(here, str(there.root))
    assert "demo/thing:v0" in done.left_out
    assert here._catalog.locate([digest for digest, *_ in spans]) == {}


def test_the_index_of_a_pack_may_not_overlap_or_be_longer_than_it():
    blob = b"0123456789"
    for spans, length in (
        ([(digest_bytes(blob), 0, 10), (digest_bytes(blob), 0, 10)], None),
        ([(digest_bytes(blob), -5, 10)], None),
        ([(digest_bytes(blob), 0, True)], None),
        ([(digest_bytes(blob), 0, 10)], 1 << 60),
    ):
        index = canonical_json({"blobs": spans})
        data = blob + index + struct.pack("<Q", length or len(index)) + b"ARTNBPK1"
        with pytest.raises(CorruptObjectError):
            pack_index(io.BytesIO(data))


def test_an_archive_that_unpacks_to_far_more_is_not_unpacked(here, tmp_path):
    key = journal_key("0" * 64)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(key, b"\0" * (100 << 20))
    assert (tmp_path / "bomb.zip").stat().st_size < 200_000
    with pytest.raises(StoreError, match="104857600 bytes packed into"):
        list(pull(here, f"zip://::file://{tmp_path}/bomb.zip"))


def test_an_archive_with_paths_that_leave_it_only_gives_what_artnb_writes(here, there, tmp_path):
    fill(there, data=[b"1"])
    list(push(there, f"file://{tmp_path}/share"))
    with zipfile.ZipFile(tmp_path / "store.zip", "w") as archive:
        for path in sorted((tmp_path / "share").rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(tmp_path / "share"))
        for name in ("../../evil", "/etc/evil", "journal/../../evil", "sha256/..", "pack/\x00/x"):
            archive.writestr(name, b"evil")
    (done,) = pull(here, f"zip://::file://{tmp_path}/store.zip")
    assert done.received.versions == 1
    assert not any("evil" in str(path) for path in tmp_path.rglob("*"))


def test_a_journal_entry_that_is_too_large_to_be_one_is_not_read(here, tmp_path):
    path = tmp_path / "share" / journal_key("0" * 64)
    path.parent.mkdir(parents=True)
    with open(path, "wb") as stream:
        stream.truncate(1 << 40)  # holes
    with pytest.raises(CatalogError, match="which no entry of a journal has"):
        list(pull(here, f"file://{tmp_path}/share"))


def test_a_manifest_of_a_newer_format_is_said_to_be_one(here, there):
    fill(there, data=[b"1"])
    body = canonical_json({"artnb": 2, "entries": {}})
    digest = there.put_blob(body)
    write(there, "update versions set digest = ?", digest)
    with pytest.raises(CatalogError, match="format 2, not 1"):
        list(pull(here, str(there.root)))


def test_bytes_that_do_not_have_their_digest_never_arrive(here, there):
    fill(there, data=[b"1", b"large" * 100_000])
    for path in (there.root / "objects").rglob("*"):
        if path.is_file() and path.parts[-3] in ("pack", "sha256"):
            data = path.read_bytes()
            path.chmod(0o644)
            path.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    (done,) = pull(here, str(there.root))
    assert done.left_out
    assert here.maintenance.verify().damage == ()
    for version in here.versions("demo"):
        here.download(version, Path("out"))


def test_a_place_outside_the_store_is_not_read(here, there, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"s" * 50)
    fill(there, data=[b"1"])
    digest = digest_bytes(b"s" * 50)
    manifest = Manifest.of([Entry("a", digest, 50)])
    there.put_blob(manifest.to_bytes())
    write(there, "update versions set digest = ?", manifest.digest)
    write(there, "insert into blobs values (?, '../../../secret', 0, 50)", digest)
    (done,) = pull(here, str(there.root))
    assert done.left_out == ("demo/thing:v0",)
    assert here._catalog.locate([digest]) == {}


def test_a_record_made_up_in_the_receivers_name_is_left_out(here, there):
    (version,) = fill(there, data=[b"1"])
    made_up = canonical_json(
        {"artnb": 1, "catalog": here._catalog.identity, "manifest": version.digest, "at": 1e12}
    )
    digest = digest_bytes(made_up)
    there._store.backend.put_bytes(record_key(digest), made_up)
    write(there, "update versions set record = ?", digest)
    at = Location(record_key(digest), 0, len(made_up))
    write(there, "insert into blobs values (?, ?, 0, ?)", digest, at.object, at.length)
    (done,) = pull(here, str(there.root))
    assert done.left_out == ("demo/thing:v0",)
    assert not here._store.backend.exists(record_key(digest))


def test_another_run_of_that_id_is_not_written_over(here, there):
    ours = here.start_run("demo", run_id="same")
    here.finish_run(ours.id)
    theirs = there.start_run("demo", run_id="same", config={"evil": 1})
    there.finish_run(theirs.id)
    before = graph(here)
    with pytest.raises(InvalidValueError, match="another run"):
        list(pull(here, str(there.root)))
    assert graph(here) == before


def test_a_collection_of_another_type_is_refused_whole(here, there):
    fill(here)
    run = there.start_run("demo")
    there.commit("demo", "thing", "model", [Content("a", b"x")], run_id=run.id)
    there.finish_run(run.id)
    before = graph(here)
    with pytest.raises(TypeMismatchError):
        list(pull(here, str(there.root)))
    assert graph(here) == before


class Evil:
    def __reduce__(self):
        return (Path.touch, (Path("loaded"),))


def test_no_pickle_is_loaded(here, there):
    run = there.start_run("demo")
    body = Content("value.pkl", pickle.dumps(Evil()), format="pickle")
    there.commit("demo", "thing", "variable", [body], run_id=run.id)
    there.finish_run(run.id)
    (done,) = pull(here, str(there.root))
    assert done.received.versions == 1
    assert not Path("loaded").exists()


# errors -------------------------------------------------------------------------------


def said(capsys, monkeypatch, repository, *arguments):
    monkeypatch.chdir(repository.root.parent)
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("artnb: ")
    assert error.count("\n") == 1
    return error


def test_what_is_not_there_is_said(here, tmp_path, capsys, monkeypatch):
    fill(here)
    (tmp_path / "plain").mkdir()
    for command, url, words in (
        ("push", str(tmp_path / "nowhere"), "not a folder"),
        ("push", str(tmp_path / "plain"), f"file://{tmp_path}/plain"),
        ("push", f"file://{tmp_path}/no/where", "There is no folder"),
        ("pull", f"file://{tmp_path}/nowhere", "There is no folder"),
        ("pull", f"file://{tmp_path}/plain", "no journal"),
        ("pull", "memory://nothing-here", "no journal"),
        ("push", "nonsense://x", "fsspec knows"),
        ("push", str(here.root), "own store"),
        ("push", f"file://{here.location}", "own store"),
    ):
        assert words in said(capsys, monkeypatch, here, command, url)
    assert "did you mean 'demo'" in said(
        capsys, monkeypatch, here, "push", f"file://{tmp_path}/plain", "dmeo"
    )
    assert objects(tmp_path / "plain") == {}


def test_a_missing_package_is_named(here, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.setattr("artnb.store.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'artnb\[s3\]'"):
        list(push(here, "s3://bucket/team"))
    assert "pip install 'artnb[s3]'" in said(capsys, monkeypatch, here, "pull", "s3://bucket/team")


def test_a_target_that_may_not_be_written_is_said_to_be_one(here, there, tmp_path, monkeypatch):
    fill(here)
    with zipfile.ZipFile(tmp_path / "team.zip", "w") as archive:
        archive.writestr("x", b"")
    with pytest.raises(StoreReadOnlyError, match="may not be written"):
        list(push(here, f"zip://::file://{tmp_path}/team.zip"))
    monkeypatch.setattr(
        LocalBackend, "read_only", property(lambda self: there.location in self.location)
    )
    with pytest.raises(StoreReadOnlyError, match="may not be written"):
        list(push(here, str(there.root)))


def test_what_may_not_be_written_can_be_pulled_from(here, there, tmp_path):
    fill(there)
    list(push(there, f"file://{tmp_path}/team"))
    with zipfile.ZipFile(tmp_path / "team.zip", "w") as archive:
        for path in (tmp_path / "team").rglob("*"):
            archive.write(path, path.relative_to(tmp_path / "team"))
    list(pull(here, f"zip://::file://{tmp_path}/team.zip"))
    assert graph(here) == graph(there)


def test_what_a_newer_artnb_wrote_is_refused(here, there, tmp_path):
    entry = json.dumps({"artnb": 2, "catalog": "x", "entry": 1}).encode()
    LocalBackend(tmp_path / "team").put_bytes(journal_key(digest_bytes(entry)), entry)
    for action in (push, pull):
        with pytest.raises(CatalogError, match="newer artnb"):
            list(action(here, f"file://{tmp_path}/team"))
    fill(there)
    write(there, "insert into migrations values ('9999-later', 0)")
    with pytest.raises(CatalogError, match="newer artnb"):
        list(pull(here, str(there.root)))


@pytest.mark.parametrize("body", [b"[]", b"7", b"{}", b"no json", b'{"artnb":1,"catalog":"x"}'])
def test_a_journal_that_is_none_is_refused(here, tmp_path, body):
    LocalBackend(tmp_path / "team").put_bytes(journal_key(digest_bytes(body)), body)
    with pytest.raises(ArtnbError):
        list(pull(here, f"file://{tmp_path}/team"))
    assert here.projects() == []


SECRET = "hunter2"
URL = f"memory://someone:{SECRET}@team/artnb?token=tok-{SECRET}"


def test_secrets_of_a_url_are_nowhere(here, there, capsys, monkeypatch, caplog):
    fill(here)
    monkeypatch.chdir(here.root.parent)
    heard = said(capsys, monkeypatch, here, "pull", URL)
    assert "no journal" in heard
    assert main(["push", URL]) == 0
    assert main(["push", URL]) == 0
    list(pull(there, URL))
    heard += str(capsys.readouterr()) + caplog.text

    fs = fsspec.filesystem("memory")
    for error in (RuntimeError(f"401 for {URL}"), PermissionError(13, f"403 for {URL}")):

        def refuse(*_, error=error, **__):
            raise error

        with monkeypatch.context() as patch:
            patch.setattr(type(fs), "pipe_file", refuse)
            here.finish_run(here.start_run("demo").id)
            with pytest.raises(StoreError) as caught:
                list(push(here, URL))
            heard += "".join(traceback.format_exception(caught.value))
    assert "do not allow it" in heard
    assert "401" in heard
    key = next(
        key for key in fs.find(f"someone:{SECRET}@team") if "/sha256/" in key or "/pack/" in key
    )
    fs.rm(key)
    try:
        list(pull(there, URL))
    except ArtnbError as error:
        heard += "".join(traceback.format_exception(error))
    assert SECRET not in heard
    assert not any(SECRET.encode() in data for data in objects(here.root).values())
    assert not any(SECRET.encode() in data for data in objects(there.root).values())
    stored = objects(f"memory://someone:{SECRET}@team")
    assert stored
    assert not any(SECRET.encode() in data for data in stored.values())
    fs.rm(f"someone:{SECRET}@team", recursive=True)


def test_a_missing_project_in_a_store_is_named(here, there, tmp_path):
    fill(here)
    list(push(here, f"file://{tmp_path}/team"))
    with pytest.raises(CommError, match="did you mean 'demo'"):
        list(pull(there, f"file://{tmp_path}/team", ["dmeo"]))


def test_its_own_bucket_is_known_under_another_spelling(tmp_path):
    name = uuid.uuid4().hex
    environ = {"ARTNB_DIR": str(tmp_path / ".artnb"), "ARTNB_STORE": f"memory://{name}/team"}
    mine = Repository(Settings.resolve(tmp_path, environ))
    fill(mine)
    for exchange in (push, pull):
        with pytest.raises(InvalidValueError, match="own store"):
            list(exchange(mine, f"memory:///{name}/team"))
    assert not [key for key in objects(f"memory://{name}/team") if key.startswith("tmp/")]
    mine.close()


def test_a_copy_of_its_store_is_another(here, tmp_path):
    fill(here)
    here.write_runs()
    shutil.copytree(here.location, tmp_path / "copy")
    (done,) = push(here, f"file://{tmp_path}/copy")
    assert done.project == "demo"
