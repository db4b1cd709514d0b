"""The files of a run: what it read and wrote, with the versions that hold them."""

from __future__ import annotations

import json

from artnb.capture.files import partial_reasons
from artnb.repository import Content
from artnb.widgets.describe import describe


def files(repository, run):
    found = describe(repository, f"r:{run.id}")
    json.dumps(found, allow_nan=False)
    assert not {"reads", "others"} & set(found["shown"])
    return found["touched"]


def commit(repository, run, name, path):
    return repository.commit("demo", name, "dataset", [Content(path, b"1")], run_id=run.id).version


def test_reads_and_writes_lead_to_the_versions_that_hold_them(repository, run):
    source = commit(repository, run, "source", "in.csv")
    reader = repository.start_run("demo")
    repository.use(reader.id, source.id)
    made = commit(repository, reader, "made", "out.csv")
    outputs = {
        "reads": [{"path": "in.csv", "size": 1, "version": "source:v0", "by": ["audit"]},
                  {"path": "/etc/hosts", "size": 9, "sha256": "ab", "rewritten": True}],
        "writes": [{"path": "out.csv", "size": 1, "entry": "out.csv", "by": ["inotify", "stat"]},
                   {"path": "tmp", "size": 0, "by": ["fanotify", "inotify"]}],
        "others": ["notes.txt"],
        "writes_more": 3, "files_root": "/work", "files_partial": "too many folders",
        "cell_lines": 7,
    }  # fmt: skip
    repository.finish_run(reader.id, outputs=outputs)
    found = files(repository, reader)
    assert (found["root"], found["partial"]) == ("/work", "too many folders")
    assert found["more"] == {"reads": 0, "writes": 3}
    assert [(f["path"], f["node"], f["version"], f["rewritten"]) for f in found["reads"]] == [
        ("in.csv", f"v:{source.id}", "source:v0", False),
        ("/etc/hosts", None, None, True),
    ]
    assert [(f["path"], f["node"]) for f in found["writes"]] == [
        ("out.csv", f"v:{made.id}"), ("tmp", None),
    ]  # fmt: skip
    assert [f["unsure"] for f in (*found["reads"], *found["writes"])] == [False, False, True, False]
    assert found["others"] == ["notes.txt"]
    assert describe(repository, f"r:{reader.id}")["cellLines"] == 7


def test_what_a_note_of_before_calls_alike_in_two_other_projects_leads_nowhere(repository, run):
    held = {
        project: repository.commit(
            project, "raw", "dataset", [Content("a", project.encode())], run_id=run.id
        ).version
        for project in ("one", "two")
    }
    reader = repository.start_run("demo")
    for version in held.values():
        repository.use(reader.id, version.id)
    reads = [{"path": ref, "size": 3, "version": ref} for ref in ("raw:v0", "two/raw:v0")]
    repository.finish_run(reader.id, outputs={"reads": reads})
    found = [(f["node"], f["version"]) for f in files(repository, reader)["reads"]]
    assert found == [(None, "raw:v0"), (f"v:{held['two'].id}", "two/raw:v0")]


def test_why_some_may_be_missing_can_be_said_in_korean(repository, run):
    reason = partial_reasons("/work")[1]
    outputs = {"reads": [{"path": "a"}], "files_root": "/work", "files_partial": str(reason)}
    repository.finish_run(run.id, outputs=outputs)
    assert files(repository, run)["partial"] == reason.to_json()
    assert reason.into("ko") == "폴더가 너무 많아 /work에서 가까운 폴더만 지켜보았습니다"


def test_a_version_that_was_deleted_holds_nothing(repository, run):
    made = commit(repository, run, "made", "out.csv")
    repository.delete(made.id, delete_aliases=True)
    note = {"path": "out.csv", "size": 1, "entry": "out.csv"}
    repository.finish_run(run.id, outputs={"writes": [note]})
    assert [(f["path"], f["node"]) for f in files(repository, run)["writes"]] == [("out.csv", None)]


def test_a_run_without_notes_has_no_files(repository, run):
    assert files(repository, run) is None


def test_notes_that_are_damaged_do_no_harm(repository, run):
    repository.finish_run(run.id, outputs={"reads": ["x", {"path": 3, "version": ["x"]}]})
    assert [f["path"] for f in files(repository, run)["reads"]] == ["3"]
