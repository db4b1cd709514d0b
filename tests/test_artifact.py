"""Artifacts: drafts, versions, and what is refused at each."""

import datetime
import os
import time
from pathlib import Path

import numpy as np
import pytest

import artnb
from artnb import ingest, intake
from artnb.errors import (
    ArtifactFinalizedError,
    ArtifactNotLoggedError,
    CommError,
    EntryExistsError,
    InvalidMetadataError,
    InvalidNameError,
    InvalidPathError,
    InvalidValueError,
    TypeMismatchError,
    UntrustedError,
    VerificationError,
)
from artnb.store import StagingArea, statcache


@pytest.fixture
def run():
    with artnb.init(project="demo", job_type="make") as opened:
        yield opened


@pytest.fixture
def draft():
    return artnb.Artifact("thing", type="dataset")


def test_text_and_bytes_are_written_and_come_back(run, draft):
    with draft.new_file("a.txt") as file:
        file.write("zwölf\n")
    with draft.new_file("b.bin", mode="wb") as file:
        file.write(b"\x00\xff")
    run.log_artifact(draft)
    folder = draft.download()
    assert folder == os.path.join("artifacts", "thing:v0")
    assert open(f"{folder}/a.txt", encoding="utf-8").read() == "zwölf\n"
    assert open(f"{folder}/b.bin", "rb").read() == b"\x00\xff"


def test_names_of_any_script_are_kept_and_found(run, tmp_path):
    draft = artnb.Artifact("데이터-Größe", type="데이터셋")
    with draft.new_file("행.txt") as stream:
        stream.write("하나")
    run.log_artifact(draft, aliases=["최고"])
    found = artnb.use_artifact("데이터-Gro\u0308ße:최고")
    assert found.name == "데이터-Größe:v0"
    folder = Path(found.download())
    assert folder.name == "데이터-Größe:v0"
    assert (folder / "행.txt").read_text("utf-8") == "하나"


def test_a_second_new_file_of_a_path_is_refused_unless_it_says_so(run, draft):
    with draft.new_file("a.txt") as file:
        file.write("one")
    with pytest.raises(EntryExistsError, match=r"'a\.txt'.*mode 'w'"):
        draft.new_file("a.txt").__enter__()
    with draft.new_file("a.txt", mode="a") as file:
        file.write(" two")
    assert open(run.log_artifact(draft).file()).read() == "one two"


def test_an_error_in_the_block_adds_nothing_and_frees_the_name(run, draft):
    with pytest.raises(KeyError), draft.new_file("a.txt") as file:
        file.write("half")
        raise KeyError("stop")
    with draft.new_file("a.txt") as file:
        file.write("whole")
    assert open(run.log_artifact(draft).file()).read() == "whole"


def test_an_artifact_is_not_logged_while_a_file_is_open(run, draft):
    with draft.new_file("a.txt") as file:
        file.write("x")
        with pytest.raises(InvalidValueError, match="still being written"):
            run.log_artifact(draft)
    assert run.log_artifact(draft).version == "v0"


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "C:\\x", ""])
def test_entry_paths_stay_inside(draft, path, tmp_path):
    (tmp_path / "f").write_text("x")
    with pytest.raises(InvalidPathError):
        draft.new_file(path).__enter__()
    if path:
        with pytest.raises(InvalidPathError):
            draft.add_file(tmp_path / "f", name=path)


def test_a_file_counts_as_it_was_when_it_was_added(run, draft, tmp_path):
    for size in (10, 400_000):
        path = tmp_path / f"{size}"
        path.write_bytes(b"a" * size)
        draft.add_file(path)
        path.write_bytes(b"b" * size)
    folder = run.log_artifact(draft).download()
    assert open(f"{folder}/400000", "rb").read() == b"a" * 400_000
    assert open(f"{folder}/10", "rb").read() == b"a" * 10


def test_a_folder_is_added_with_hidden_files_and_links_followed(run, draft, tmp_path):
    source = tmp_path / "source"
    (source / "sub").mkdir(parents=True)
    (source / "empty").mkdir()
    (source / "sub" / ".hidden").write_text("h")
    (source / "a").write_text("a")
    (source / "link").symlink_to(source / "a")
    draft.add_dir(source, name="data")
    run.log_artifact(draft)
    assert [e.path for e in draft.files()] == ["data/a", "data/link", "data/sub/.hidden"]


def test_what_is_in_an_added_folder_clashes_with_what_comes_later(draft, tmp_path):
    source = tmp_path / "source"
    (source / "a" / "b").mkdir(parents=True)
    (source / "a" / "b" / "c").write_text("c")
    (source / "d").write_text("d")
    draft.add_dir(source)
    for name in ("a", "a/b", "d/e", "data/d/e"):
        if name == "data/d/e":
            draft.remove("a")
            draft.add_dir(source, name="data")
        with pytest.raises(EntryExistsError, match="file and a folder"):
            draft.add_file(source / "d", name=name)
    draft.add_file(source / "d", name="a")
    assert set(draft._draft.contents) == {"a", "d", "data/a/b/c", "data/d"}


def test_two_files_of_a_folder_that_are_one_name_are_not_both_added(draft, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for name in ("e\u0301", "\u00e9"):
        (source / name).write_text(name)
    if len(list(source.iterdir())) < 2:
        pytest.skip("the filesystem holds them for one name, too")
    with pytest.raises(EntryExistsError, match="other content"):
        draft.add_dir(source)
    assert draft._draft.contents == {}


def test_the_repository_is_not_added_to_itself(run, draft, tmp_path):
    (tmp_path / "a").write_text("a")
    draft.add_dir(tmp_path)
    assert set(draft._draft.contents) == {"a"}


def test_the_same_path_takes_the_same_content_and_no_other(draft, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text("1")
    two.write_text("2")
    draft.add_file(one, name="x")
    draft.add_file(one, name="x")
    with pytest.raises(EntryExistsError):
        draft.add_file(two, name="x")
    draft.add_file(two, name="x", overwrite=True)


def test_a_path_is_not_a_file_and_a_folder(draft):
    with draft.new_file("a/b") as file:
        file.write("x")
    with pytest.raises(EntryExistsError, match="file and a folder"), draft.new_file("a") as file:
        file.write("y")
    with draft.new_file("f") as file:
        file.write("x")
    with pytest.raises(EntryExistsError, match="file and a folder"), draft.new_file("f/g") as file:
        file.write("y")
    assert set(draft._draft.contents) == {"a/b", "f"}


def test_a_folder_without_entries_leaves_its_name_free(draft):
    for name in ("a/b", "a/c/d"):
        with draft.new_file(name) as file:
            file.write("x")
    with draft.new_file("a/b", mode="w") as file:  # replaced, not counted twice
        file.write("y")
    draft.remove("a")
    with draft.new_file("a") as file:
        file.write("z")
    assert set(draft._draft.contents) == {"a"}


@pytest.mark.parametrize(("call", "said"), [("add_file", "use add_dir"), ("add_dir", "not there")])
def test_what_cannot_be_added_is_said(draft, tmp_path, call, said):
    with pytest.raises(InvalidValueError, match=said):
        getattr(draft, call)(tmp_path if call == "add_file" else tmp_path / "nothing")


def test_entries_are_removed(draft):
    for name in ("a", "d/b", "d/c"):
        with draft.new_file(name) as file:
            file.write(name)
    draft.remove("d")
    assert set(draft._draft.contents) == {"a"}
    with pytest.raises(FileNotFoundError, match="there is: a"):
        draft.remove("zz")


@pytest.mark.parametrize("name", ["my data", "a/b", "", "..", "<script>"])
def test_names_are_checked(name):
    with pytest.raises(InvalidNameError):
        artnb.Artifact(name, type="dataset")
    with pytest.raises(InvalidNameError):
        artnb.Artifact("fine", type=name)


def test_metadata_becomes_json(run):
    draft = artnb.Artifact(
        "m",
        "dataset",
        metadata={
            1: np.float32(0.5), "n": float("nan"), "a": np.arange(3), "s": {2}, "t": (1, 2),
            "d": datetime.date(2026, 1, 2),
        },
    )  # fmt: skip
    run.log_artifact(draft)
    assert artnb.Api().artifact("demo/m").metadata == {
        "1": 0.5, "n": None, "a": [0, 1, 2], "s": [2], "t": [1, 2], "d": "2026-01-02",
    }  # fmt: skip


@pytest.mark.parametrize("value", [{"a": {"b": float("inf")}}, ["list"], "{no json"])
def test_metadata_that_json_cannot_hold_is_refused(value):
    with pytest.raises(InvalidMetadataError):
        artnb.Artifact("m", "dataset", metadata=value)


def test_a_draft_answers_no_question_of_a_version(draft):
    for name in ("version", "digest", "aliases", "qualified_name", "project", "size"):
        with pytest.raises(ArtifactNotLoggedError, match="log_artifact"):
            getattr(draft, name)
    for name in ("download", "verify", "used_by", "logged_by", "files"):
        with pytest.raises(ArtifactNotLoggedError):
            getattr(draft, name)()


def test_a_version_takes_no_change_of_content(run, draft):
    run.log_artifact(draft)
    with pytest.raises(ArtifactFinalizedError, match="new_draft"):
        draft.new_file("x")
    with pytest.raises(ArtifactFinalizedError):
        draft.remove("x")


def test_a_version_is_changed_through_a_new_draft(run, draft):
    with draft.new_file("a") as file:
        file.write("1")
    run.log_artifact(draft)
    again = draft.new_draft()
    with again.new_file("b") as file:
        file.write("2")
    run.log_artifact(again)
    assert [e.path for e in again.files()] == ["a", "b"]
    assert (again.version, again.type) == ("v1", "dataset")


def test_aliases_metadata_and_description_are_saved(run, draft):
    run.log_artifact(draft, aliases=["first"])
    draft.aliases.append("best")
    draft.aliases.remove("first")
    draft.metadata["accuracy"] = 0.9
    draft.description = "good"
    draft.save()
    found = artnb.Api().artifact("demo/thing:best")
    assert (found.aliases, found.metadata, found.description) == (
        ["latest", "best"], {"accuracy": 0.9}, "good",
    )  # fmt: skip
    assert not artnb.Api().artifact_exists("demo/thing:first")


def test_a_draft_saves_itself_through_the_open_run_or_one_of_its_own(draft):
    draft.save()
    assert draft.logged_by().job_type == "auto"
    with artnb.init(project="demo", job_type="make") as run:
        other = artnb.Artifact("other", "dataset")
        other.save()
    assert other.logged_by().id == run.id


def test_values_are_added_and_come_back(run, draft):
    draft["weights"] = np.arange(6.0).reshape(2, 3)
    draft.add({"lr": 0.1}, "config")
    draft.add(artnb.Image(np.zeros((4, 4)), caption="dark"), "picture")
    run.log_artifact(draft)
    np.testing.assert_array_equal(draft["weights"], np.arange(6.0).reshape(2, 3))
    assert draft.get("config") == {"lr": 0.1}
    picture = draft.get("picture")
    assert (picture.image.size, picture.caption) == ((4, 4), "dark")
    assert draft.get("nothing") is None


def test_a_value_that_would_run_code_asks_for_trust(run, draft):
    draft["odd"] = {1: UntrustedError}
    run.log_artifact(draft)
    with pytest.raises(UntrustedError, match="trust=True"):
        draft.get("odd")
    assert draft.get("odd", trust=True) == {1: UntrustedError}


def test_verify_checkout_and_entries(run, draft, tmp_path):
    with draft.new_file("a") as file:
        file.write("1")
    run.log_artifact(draft)
    folder = draft.download(tmp_path / "out")
    draft.verify(folder)
    (tmp_path / "out" / "extra").write_text("x")
    with pytest.raises(VerificationError, match=r"extra.*checkout"):
        draft.verify(folder)
    draft.checkout(folder)
    draft.verify(folder)
    entry = draft.get_entry("a")
    assert (entry.path, entry.size, len(entry.digest)) == ("a", 1, 64)
    assert open(entry.download(tmp_path / "two")).read() == "1"
    with pytest.raises(CommError, match="there is: a"):
        draft.get_entry("b")


def test_the_second_download_writes_nothing(run, draft):
    with draft.new_file("a.bin", "wb") as file:
        file.write(os.urandom(400_000))
    run.log_artifact(draft)
    folder = draft.download()
    before = os.stat(f"{folder}/a.bin")
    time.sleep(0.02)
    draft.download()
    after = os.stat(f"{folder}/a.bin")
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_the_folder_of_downloads_can_be_set(run, draft, tmp_path, monkeypatch):
    monkeypatch.setenv("ARTNB_ARTIFACT_DIR", str(tmp_path / "elsewhere"))
    artnb.finish()
    with artnb.init(project="demo", dir=tmp_path / "new", job_type="x") as other:
        draft = artnb.Artifact("thing", "dataset")
        other.log_artifact(draft)
        assert draft.download() == str(tmp_path / "elsewhere" / "thing:v0")


def test_another_type_is_refused_with_both_names(run, draft):
    run.log_artifact(draft)
    with pytest.raises(TypeMismatchError, match="'dataset', not 'model'"):
        run.log_artifact(artnb.Artifact("thing", "model"))


def test_a_file_that_is_added_again_unchanged_is_not_read_again(run, tmp_path, monkeypatch):
    path = tmp_path / "big"
    path.write_bytes(os.urandom(400_000))
    past = time.time() - 60
    os.utime(path, (past, past))
    one = artnb.Artifact("big", "dataset")
    one.add_file(path)
    run.log_artifact(one)

    def unwanted(*_):
        raise AssertionError("the file was read again")

    monkeypatch.setattr("artnb.store.staging.StagingArea.stage_and_stat", unwanted)
    two = artnb.Artifact("big", "dataset")
    two.add_file(path)
    assert run.log_artifact(two).version == "v0"


def test_a_file_that_changes_while_the_others_are_added_is_added_again_as_it_is(
    run, tmp_path, monkeypatch
):
    folder = tmp_path / "in"
    folder.mkdir()
    past = time.time() - 60
    for name in "ab":
        (folder / name).write_text("old")
        os.utime(folder / name, (past, past))
    real = StagingArea.stage_and_stat

    def stage(self, path, progress=None):
        done = real(self, path, progress)
        (folder / "a").write_text("new")
        os.utime(folder / "a", (past + 1, past + 1))
        return done

    with monkeypatch.context() as patch:
        patch.setattr(StagingArea, "stage_and_stat", stage)
        one = artnb.Artifact("data", "dataset")
        one.add_dir(folder)
    run.log_artifact(one)
    two = artnb.Artifact("data", "dataset")
    two.add_dir(folder)
    run.log_artifact(two)
    folders = [Path(v.download(tmp_path / v.version)) for v in (one, two)]
    read = [(place / "a").read_text() for place in folders]
    assert read == ["old", "new"]


@pytest.mark.parametrize(("many", "at_most"), [(1000, 10), (2, 1000), (2, 1)])
def test_of_a_folder_added_again_only_what_changed_is_read(
    run, tmp_path, monkeypatch, many, at_most
):
    monkeypatch.setattr(ingest, "_MANY", many)
    monkeypatch.setattr(intake, "_SEVERAL", many)
    monkeypatch.setattr(statcache, "_AT_MOST", at_most)
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    contents = {name: name.encode() for name in ("a", "sub/b", "sub/c", "d")}

    def write(names):
        for name in names:
            (folder / name).write_bytes(contents[name])
            os.utime(folder / name, (0, len(contents[name])))

    read = []
    real = StagingArea.stage_and_stat

    def stage(self, path, progress=None):
        read.append(os.path.relpath(path, folder))
        return real(self, path, progress)

    monkeypatch.setattr(StagingArea, "stage_and_stat", stage)
    write(contents)
    for changed in (set(contents), set(), {"sub/c"}, {"d", "e"}):
        for name in changed:
            contents[name] = contents.get(name, b"") + b"."
        write(changed)
        read.clear()
        artifact = artnb.Artifact("data", "dataset")
        artifact.add_dir(folder)
        assert set(read) == changed
        run.log_artifact(artifact)
        out = Path(artifact.download(tmp_path / "out"))
        assert {name: (out / name).read_bytes() for name in contents} == contents


def test_a_draft_that_is_dropped_leaves_no_copy(tmp_path):
    path = tmp_path / "big"
    path.write_bytes(os.urandom(400_000))
    draft = artnb.Artifact("big", "dataset")
    draft.add_file(path)
    folder = draft._repository.staging.folder
    assert len(list(folder.iterdir())) == 1
    del draft
    assert list(folder.iterdir()) == []


def test_a_folder_of_which_one_file_clashes_adds_nothing(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in "abc":
        (folder / name).write_text(name)
    artifact = artnb.Artifact("thing", type="dataset")
    with artifact.new_file("b") as file:
        file.write("another")
    with pytest.raises(EntryExistsError, match="'b'"):
        artifact.add_dir(folder)
    assert list(artifact._draft.contents) == ["b"]
    artifact.add_dir(folder, merge=True)
    assert sorted(artifact._draft.contents) == ["a", "b", "c"]


@pytest.mark.parametrize(("place", "before"), [("FolderContents", 0), ("Draft._add_all", 1)])
def test_an_interrupt_when_a_folder_is_staged_leaves_no_copy(tmp_path, monkeypatch, place, before):
    folder = tmp_path / "in"
    folder.mkdir()
    for name in "abc":
        (folder / name).write_bytes(os.urandom(400_000))
    artifact = artnb.Artifact("thing", type="dataset")
    if before:
        with artifact.new_file("first") as file:
            file.write("x" * 400_000)

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(f"artnb.draft.{place}", interrupted)
        with pytest.raises(KeyboardInterrupt):
            artifact.add_dir(folder)
    assert len(list(artifact._repository.staging.folder.iterdir())) == before
    artifact.add_dir(folder)
    with artnb.init() as run:
        out = Path(run.log_artifact(artifact).download(tmp_path / "out"))
    assert len(list(out.iterdir())) == 3 + before
    assert all((out / path.name).read_bytes() == path.read_bytes() for path in folder.iterdir())


def test_ancestors_and_descendants_follow_runs_however_far(tmp_path):
    def step(name, *inputs):
        with artnb.init(project="chain") as run:
            for other in inputs:
                run.use_artifact(other)
            artifact = artnb.Artifact(name, type="dataset")
            with artifact.new_file("x") as file:
                file.write(name)
            return run.log_artifact(artifact)

    raw, other = step("raw"), step("other")
    clean = step("clean", raw)
    model = step("model", clean, other)
    step("report", model)
    assert [a.name for a in model.ancestors()] == ["raw:v0", "other:v0", "clean:v0"]
    assert [a.name for a in raw.descendants()] == ["clean:v0", "model:v0", "report:v0"]
    assert raw.ancestors() == []
    # A run that uses what it has logged is a circle, and ends.
    raw.logged_by()
    with artnb.init(project="chain") as run:
        run.use_artifact(model)
        run.log_artifact(raw)
    assert {a.name for a in raw.ancestors()} == {"model:v0", "clean:v0", "other:v0"}


def test_a_draft_logs_itself_into_the_project_that_it_is_told():
    made = artnb.Artifact("named", "dataset", use_as="x")
    with made.new_file("a", policy="immutable") as file:
        file.write("a")
    made.finalize()
    made.save(project="elsewhere")
    assert made.qualified_name == "elsewhere/named:v0"
    assert (made.file_count, made.entity, made.id.isdigit()) == (1, "", True)


def test_a_draft_has_the_name_that_it_is_to_be_logged_under(draft):
    assert draft.source_name == draft.name == "thing"


def test_a_version_knows_at_which_step_it_was_logged(run, draft):
    draft.add_reference("https://example.org/x", checksum=False)
    assert run.log_artifact(draft).history_step is None
    for step in range(3):
        run.log({"loss": step})
    later = artnb.Artifact("later", "dataset")
    later.add_reference("https://example.org/x", checksum=False)
    run.log_artifact(later)
    run.log({"loss": 3})
    assert later.history_step == 2


def test_a_version_knows_when_an_alias_came_to_it(run, draft):
    draft.add_reference("https://example.org/x", checksum=False)
    made = run.log_artifact(draft)
    before = made.updated_at
    assert before >= made.created_at
    made.aliases.append("best")
    made.save()
    assert made.updated_at > before


def test_a_version_says_how_it_is_digested(run, draft):
    draft.add_reference("https://example.org/x", checksum=False)
    made = run.log_artifact(draft)
    assert (made.digest_algorithm, len(made.commit_hash)) == ("sha256", 64)
    assert (made.url, made.incremental, made.use_as) == (None, False, None)


def test_a_file_of_a_version_is_referred_to_from_another(run, draft):
    draft.add_reference("https://example.org/x", checksum=False)
    with draft.new_file("a.txt") as file:
        file.write("a")
    made = run.log_artifact(draft)
    other = artnb.Artifact("other", "dataset")
    other.add_reference(made.get_entry("a.txt"), "b/c.txt")
    other.add_reference(artnb.Api().artifact(f"{run.project}/thing:v0").get_entry("x"))
    logged = run.log_artifact(other)
    assert Path(logged.get_entry("b/c.txt").download()).read_text() == "a"
    assert logged.get_entry("b/c.txt").digest == made.get_entry("a.txt").digest
    assert logged.get_entry("x").ref == "https://example.org/x"


def test_an_entry_leads_to_its_artifact_and_to_what_it_refers_to(run, draft):
    draft.add_reference("https://example.org/x", checksum=False)
    with draft.new_file("a.txt") as file:
        file.write("a")
    made = run.log_artifact(draft)
    assert made.get_entry("a.txt").parent_artifact() is made
    assert made.get_entry("x").ref_target() == "https://example.org/x"
    with pytest.raises(InvalidValueError, match=r"'a\.txt' is no reference"):
        made.get_entry("a.txt").ref_target()
