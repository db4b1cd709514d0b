"""Verify finds every kind of damage, says what it hits, and repairs what it can."""

import hashlib
import os
import shutil

import pytest

from artnb.cli import main
from artnb.errors import CorruptObjectError, InvalidValueError, StoreReadOnlyError
from artnb.maintenance import verification
from artnb.repository import Content, Repository
from artnb.settings import Settings
from artnb.store import LocalBackend, index_of
from artnb.store.proving import prove

pytestmark = pytest.mark.both_catalogs

BIG = os.urandom(300_000)
FILES = {"big.bin": BIG, "a.txt": b"small a", "b.txt": b"small b", "c.txt": b"small c"}


@pytest.fixture
def run(repository):
    return repository.start_run("demo", code="x = 1")


@pytest.fixture
def version(repository, run):
    return log(repository, run)


def log(repository, run, name="thing", files=FILES, project="demo"):
    contents = [Content(path, data) for path, data in files.items()]
    return repository.commit(project, name, "dataset", contents, run_id=run.id).version


def digest(data):
    return hashlib.sha256(data).hexdigest()


def place(repository, blob):
    return repository._catalog.locate([blob])[blob]


def overwrite(repository, key, offset, length):
    path = repository.root / "objects" / key
    path.chmod(0o644)
    with path.open("r+b") as stream:
        stream.seek(offset, os.SEEK_END if offset < 0 else os.SEEK_SET)
        found = stream.read(length)
        stream.seek(-len(found), os.SEEK_CUR)
        stream.write(bytes(255 - byte for byte in found))
    return path


def damage(repository, blob):
    at = place(repository, blob)
    return overwrite(repository, at.object, at.offset, at.length)


def states(repository):
    return {v.ref: v.state for v in repository.versions("demo")}


def test_a_sound_repository_is_said_to_be_sound(repository, version, capsys):
    report = repository.maintenance.verify()
    assert (report.damage, report.healed, report.versions) == ((), (), 1)
    assert report.bytes >= sum(map(len, FILES.values()))
    assert main(["verify"]) == 0
    assert "All is sound." in capsys.readouterr().out


@pytest.mark.parametrize("path", FILES)
def test_damage_of_a_file_is_found_and_hits_its_version_only(repository, run, version, path):
    log(repository, run, "other", {"x": b"nothing to do with it"})
    damage(repository, digest(FILES[path]))
    (found,) = repository.maintenance.verify().remaining
    assert found.digest == digest(FILES[path])
    assert [(hit.version.ref, hit.part) for hit in found.hits] == [("thing:v0", path)]
    assert "quarantine" in found.moved_to
    assert states(repository) == {"thing:v0": "damaged", "other:v0": "live"}


def test_the_rest_of_a_damaged_pack_stays_readable(repository, version):
    damage(repository, digest(b"small b"))
    repository.maintenance.verify()
    assert repository.read_blob(digest(b"small a")) == b"small a"
    assert repository.read_blob(digest(b"small c")) == b"small c"
    assert len(repository.manifest(version)) == len(FILES)
    assert len(repository.maintenance.verify().remaining) == 1


@pytest.mark.parametrize("path", FILES)
def test_what_another_process_repaired_meanwhile_stays(repository, run, version, path, monkeypatch):
    blob = digest(FILES[path])
    damage(repository, blob)

    def slowly(store, places):
        for finding in prove(store, places):
            if blob in finding.damaged:  # as by another process, while this one stood still
                monkeypatch.setattr(verification, "prove", prove)
                with pytest.raises(CorruptObjectError):
                    repository.read_blob(blob)
                log(repository, run)
            yield finding

    monkeypatch.setattr(verification, "prove", slowly)
    report = repository.maintenance.verify()
    assert report.remaining == ()
    assert repository.read_blob(blob) == FILES[path]
    assert states(repository) == {"thing:v0": "live"}
    assert repository.maintenance.verify().damage == ()


@pytest.mark.parametrize("part", ["manifest", "record", "code"])
def test_damage_beside_the_files_is_found(repository, run, version, part):
    record = repository._catalog.upkeep.records()[version.id]
    blob = {"manifest": version.digest, "record": record, "code": run.code}[part]
    damage(repository, blob)
    (found,) = repository.maintenance.verify().remaining
    assert found.digest == blob
    assert [hit.part for hit in found.hits] == ([] if part == "code" else [f"its {part}"])


def test_a_damaged_index_of_a_pack_is_mended_from_its_blobs(repository, version, tmp_path):
    key = place(repository, digest(b"small a")).object
    overwrite(repository, key, -40, 10)
    report = repository.maintenance.verify()
    assert [(d.digest, d.repaired_from) for d in report.damage] == [(key, "its own blobs")]
    assert repository.maintenance.verify().damage == ()
    assert (repository.download(version, tmp_path / "out") / "a.txt").read_bytes() == b"small a"


def test_a_damaged_index_of_manifest_and_record_alone_is_mended(repository, run):
    version = log(repository, run, files={"big.bin": BIG})
    key = place(repository, version.digest).object
    assert place(repository, version.record).object == key
    overwrite(repository, key, -40, 10)
    report = repository.maintenance.verify()
    assert [(d.digest, d.repaired_from) for d in report.damage] == [(key, "its own blobs")]
    assert repository.maintenance.verify().damage == ()
    assert list(repository.manifest(version).entries) == ["big.bin"]
    at = place(repository, version.record).object
    assert version.record in index_of(repository._store.backend, at).records


def test_a_missing_object_is_found(repository, version):
    (repository.root / "objects" / place(repository, digest(BIG)).object).unlink()
    (found,) = repository.maintenance.verify().remaining
    assert (found.digest, found.moved_to) == (digest(BIG), None)
    assert states(repository) == {"thing:v0": "damaged"}


def test_a_catalogue_that_lists_other_files_is_found(repository, version):
    with repository._catalog._db.transaction() as db:
        db.execute("update section_entries set path = 'renamed' where path = 'a.txt'")
    (found,) = repository.maintenance.verify().remaining
    assert "other files than the manifest" in found.reason


def test_a_verified_project_leaves_the_others_alone(repository, run, version):
    other = repository.start_run("other")
    log(repository, other, "far", {"x.bin": os.urandom(300_000)}, project="other")
    damage(repository, digest(BIG))
    assert repository.maintenance.verify("other").damage == ()
    assert repository.maintenance.verify("demo").remaining


@pytest.mark.parametrize("path", FILES)
def test_a_download_repairs_what_it_still_has(repository, version, tmp_path, path):
    repository.download(version, tmp_path / "out")
    damage(repository, digest(FILES[path]))
    assert repository.maintenance.verify().remaining
    report = repository.maintenance.verify(repair=[tmp_path / "out"])
    assert report.remaining == ()
    assert [v.ref for v in report.healed] == ["thing:v0"]
    assert states(repository) == {"thing:v0": "live"}
    out = repository.download(version, tmp_path / "again")
    assert {p.name: p.read_bytes() for p in out.iterdir()} == FILES


def test_a_file_that_was_changed_repairs_nothing(repository, version, tmp_path):
    out = repository.download(version, tmp_path / "out")
    (out / "a.txt").unlink()
    (out / "a.txt").write_bytes(b"small x")
    damage(repository, digest(b"small a"))
    assert repository.maintenance.verify(repair=[out]).remaining
    assert states(repository) == {"thing:v0": "damaged"}


def test_another_repository_repairs_files_and_manifest(repository, version, tmp_path):
    other = Repository(Settings.resolve(tmp_path / "elsewhere", {"ARTNB_DIR": str(tmp_path / "e")}))
    log(other, other.start_run("demo"))
    for blob in (digest(BIG), digest(b"small a"), version.digest):
        damage(repository, blob)
    report = repository.maintenance.verify(repair=[other.root])
    other.close()
    assert {d.digest for d in report.damage} == {digest(BIG), digest(b"small a"), version.digest}
    assert report.remaining == ()
    assert repository.maintenance.verify().damage == ()


@pytest.mark.parametrize("part", ["manifest", "record"])
def test_a_copy_of_the_store_repairs_what_says_what_a_version_is(
    repository, version, tmp_path, part
):
    shutil.copytree(repository.root / "objects", tmp_path / "backup")
    record = repository._catalog.upkeep.records()[version.id]
    damage(repository, version.digest if part == "manifest" else record)
    assert repository.maintenance.verify(repair=[tmp_path / "backup"]).remaining == ()
    assert repository.maintenance.verify().damage == ()


def test_a_store_by_url_repairs(repository, version, tmp_path):
    settings = Settings.resolve(
        tmp_path, {"ARTNB_DIR": str(tmp_path / "m"), "ARTNB_STORE": "memory://spare/store"}
    )
    other = Repository(settings)
    log(other, other.start_run("demo"))
    assert other.maintenance.verify().damage == ()
    damage(repository, digest(BIG))
    damage(repository, digest(b"small c"))
    assert repository.maintenance.verify(repair=["memory://spare/store"]).remaining == ()
    other.close()


def test_a_read_only_repository_is_verified_and_left_as_it_is(repository, version, monkeypatch):
    path = damage(repository, digest(BIG))
    monkeypatch.setattr(LocalBackend, "read_only", property(lambda _: True))
    (found,) = repository.maintenance.verify().remaining
    assert found.moved_to is None
    assert path.exists()
    assert states(repository) == {"thing:v0": "live"}
    with pytest.raises(StoreReadOnlyError, match="nothing can be repaired"):
        repository.maintenance.verify(repair=["."])


def test_a_folder_that_is_not_there_is_refused(repository):
    with pytest.raises(InvalidValueError, match="nowhere is not a folder"):
        repository.maintenance.verify(repair=["nowhere"])


def test_the_command_names_the_versions_and_fails_until_all_is_whole(
    repository, version, tmp_path, capsys
):
    out = repository.download(version, tmp_path / "out")
    damage(repository, digest(b"small a"))
    assert main(["verify", "demo"]) == 1
    said = capsys.readouterr().out
    assert "hits demo/thing:v0 (a.txt)" in said
    assert "moved to" in said
    assert main(["verify", "--repair", str(out)]) == 0
    said = capsys.readouterr().out
    assert f"repaired from {out / 'a.txt'}" in said
    assert "whole again demo/thing:v0" in said
