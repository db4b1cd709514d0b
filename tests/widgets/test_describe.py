"""What the panel is told of a node: all of it, as JSON, and text as text."""

from __future__ import annotations

import json
import math
import os

import numpy as np
import pytest

from artnb.errors import CommError
from artnb.image import Image
from artnb.linking import link_version
from artnb.media import encode
from artnb.repository import Content
from artnb.store import object_key
from artnb.table import Table
from artnb.widgets.describe import describe, found_files, shown_blobs


def commit(repository, run, contents=None, name="thing", **kwargs):
    contents = contents or [Content("a.txt", b"hello")]
    kwargs.setdefault("type", "dataset")
    return repository.commit("demo", name, contents=contents, run_id=run.id, **kwargs).version


def described(repository, node):
    """Return the description, proved to be JSON as the page's parser takes it."""
    found = describe(repository, node)
    return json.loads(json.dumps(found, allow_nan=False))


def test_a_version_is_described_with_its_files_and_neighbours(repository, run):
    commit(repository, run, [Content("old", b"1")])
    made = commit(repository, run, description="words", metadata={"rows": 3}, aliases=["best"],
                  tags=["t"])  # fmt: skip
    user = repository.start_run("demo", name="second")
    repository.use(user.id, made.id)
    found = described(repository, f"v:{made.id}")
    assert (found["kind"], found["ref"], found["type"], found["state"], found["problem"]) == (
        "version", "thing:v1", "dataset", "live", None,
    )  # fmt: skip
    assert (found["description"], found["metadata"], found["tags"]) == ("words", {"rows": 3}, ["t"])
    assert found["aliases"] == ["latest", "best"]
    assert [each["version"] for each in found["versions"]] == ["v1", "v0"]
    assert [(f["path"], f["size"], f["picture"]) for f in found["files"]] == [("a.txt", 5, False)]
    assert [each["label"] for each in found["producers"]] == ["first"]
    assert found["consumers"] == [
        {"node": f"r:{user.id}", "label": "second", "type": "run", "state": "running"}
    ]
    assert found["usage"] == 'run.use_artifact("thing:v1").download()'


def test_what_is_of_another_project_is_named_with_it(repository, run):
    made = commit(repository, run)
    user = repository.start_run("elsewhere", name="second")
    repository.use(user.id, made.id)
    here, there = (describe(repository, f"v:{made.id}", name) for name in ("demo", "elsewhere"))
    assert here["usage"] == 'run.use_artifact("thing:v0").download()'
    assert there["usage"] == 'run.use_artifact("demo/thing:v0").download()'
    assert there["code"][0]["text"] == "run.use_artifact('demo/thing:v0').download()"
    assert (here["consumers"][0]["label"], there["consumers"][0]["label"]) == (
        *("elsewhere/second", "second"),
    )
    assert (here["producers"][0]["label"], there["producers"][0]["label"]) == (
        *("first", "demo/first"),
    )
    assert describe(repository, f"r:{user.id}")["inputs"][0]["label"] == "demo/thing:v0"


def test_files_beyond_the_first_are_found_by_all_their_words(repository, run, monkeypatch):
    monkeypatch.setattr("artnb.widgets.describe._MOST_FILES", 2)
    made = commit(repository, run, [Content(f"In/{n}.txt", b"1") for n in range(5)])
    node = f"v:{made.id}"
    first = described(repository, node)
    assert ([f["path"] for f in first["files"]], first["filesMore"]) == (
        ["In/0.txt", "In/1.txt"],
        3,
    )

    def found(find, after):
        answer = found_files(repository, node, find, after)
        return [f["path"] for f in answer["files"]], answer["more"]

    assert found("", 2) == (["In/2.txt", "In/3.txt"], 1)
    assert found("", 4) == (["In/4.txt"], 0)
    assert found("TXT in", 0) == (["In/0.txt", "In/1.txt"], 3)
    assert found("4.t", 0) == (["In/4.txt"], 0)
    assert found("nowhere", -9) == ([], 0)
    with pytest.raises(CommError):
        found_files(repository, f"r:{run.id}", "", 0)


def test_what_a_value_holds_is_not_called_a_variable(repository, run):
    made = commit(repository, run, [Content("x.npy", b"1", variable="x"),
                                    Content("held/0.npy", b"2", variable="held/0")])  # fmt: skip
    files = described(repository, f"v:{made.id}")["files"]
    assert {f["path"]: f["variable"] for f in files} == {"x.npy": "x", "held/0.npy": None}


def test_a_link_says_what_it_stands_for(repository, run):
    source = commit(repository, run)
    linked = link_version(repository, source, "registry/thing", run_id=run.id).version
    assert described(repository, f"v:{linked.id}")["source"] == "demo/thing:v0"
    assert described(repository, f"v:{source.id}")["source"] is None


def test_a_run_is_described_with_what_it_took_made_and_showed(repository):
    run = repository.start_run("demo", job_type="train", config={"lr": 0.1}, code="x = 1",
                               notes="n", notebook="a.ipynb")  # fmt: skip
    used = commit(repository, run, name="in")
    user = repository.start_run("demo", name="user", code="y = 2", config={"lr": 0.1})
    repository.use(user.id, used.id)
    made = commit(repository, user, name="out")
    row = {"_step": 0, "_timestamp": user.created_at + 1, "loss": 0.5}
    repository.log_row(user.id, row)
    repository.finish_run(user.id, summary={"loss": 0.5}, outputs={"stdout": "hi", "files": {}})
    found = described(repository, f"r:{user.id}")
    assert (found["name"], found["state"], found["code"]) == ("user", "finished", "y = 2")
    assert [each["node"] for each in found["inputs"]] == [f"v:{used.id}"]
    assert [each["node"] for each in found["outputs"]] == [f"v:{made.id}"]
    assert (found["config"], found["summary"]) == ({"lr": 0.1}, {"loss": 0.5})
    assert found["charts"] == [{"key": "loss", "x": [0], "t": [1.0], "y": [0.5]}]
    assert found["shown"] == {"stdout": "hi"}


@pytest.mark.parametrize(
    "node",
    ["", "v:", "r:", "v:99", "v:-1", "v:x", "v:²", "v:" + "9" * 40, "r:nobody", "t:dataset", "x:1"],
)
def test_an_unknown_node_is_an_error(repository, run, node):
    commit(repository, run)
    with pytest.raises(CommError, match=r"no node|no version|no run"):
        describe(repository, node)


def test_what_json_does_not_have_is_null_in_charts_and_text_elsewhere(repository, run):
    for step, value in enumerate([math.nan, math.inf, 1.5, 10**400]):
        repository.log_row(run.id, {"_step": step, "loss": value})
    repository.finish_run(
        run.id, summary={"a": math.nan, "b": [-math.inf], "c": {"d": math.inf}}, config={"e": 0.5}
    )
    found = described(repository, f"r:{run.id}")
    (chart,) = found["charts"]
    assert (chart["x"], chart["y"]) == ([0, 1, 2, 3], [None, None, 1.5, None])
    assert found["summary"] == {"a": "nan", "b": ["-inf"], "c": {"d": "inf"}}
    assert found["config"] == {"e": 0.5}


def test_nested_numbers_are_charts_of_their_own_and_other_values_are_none(repository, run):
    repository.log_row(run.id, {"_step": 0, "a": {"b": {"c": 1}}, "text": "x", "list": [1]})
    assert [chart["key"] for chart in described(repository, f"r:{run.id}")["charts"]] == ["a.b.c"]


def test_pictures_are_named_by_digest_with_their_captions(repository, run):
    rows = [
        {"one": Image(np.zeros((2, 5)), caption="a")},
        {"one": Image(np.ones((2, 5))), "many": [Image(np.eye(2)), Image(np.eye(3), caption="c")]},
    ]
    for step, row in enumerate(rows):
        repository.log_row(run.id, {"_step": step, **encode(row, repository.put_blob)})
    found = described(repository, f"r:{run.id}")
    assert [(group["key"], [r["step"] for r in group["rows"]]) for group in found["images"]] == [
        ("one", [0, 1]), ("many", [1]),
    ]  # fmt: skip
    shown = found["images"][1]["rows"][0]["items"]
    assert [(item["width"], item["caption"]) for item in shown] == [(2, None), (3, "c")]
    assert found["charts"] == []
    blobs = shown_blobs(found)
    assert len(blobs) == 4
    assert all(repository.read_blob(digest).startswith(b"\x89PNG") for digest in blobs)


def test_of_very_many_pictures_each_step_tells_the_first_and_how_many_there_were(
    repository, run, monkeypatch
):
    monkeypatch.setattr("artnb.widgets.describe._MOST_PICTURES", 6)
    monkeypatch.setattr("artnb.widgets.describe._LEAST_PICTURES", 2)
    row = encode([Image(np.eye(2), caption=str(n)) for n in range(5)], repository.put_blob)
    repository.log_row(run.id, {"_step": 0, "one": row, "two": row, "three": row})
    for step in (1, 2, 3):
        repository.log_row(run.id, {"_step": step, "two": {**row, "given": 9}})
        if step < 2:
            repository.log_row(run.id, {"_step": step, "three": row})
    told = {
        group["key"]: [(len(row["items"]), row["total"]) for row in group["rows"]]
        for group in described(repository, f"r:{run.id}")["images"]
    }
    assert told == {"one": [(5, 5)], "two": [(2, 5), *[(2, 9)] * 3], "three": [(3, 5)] * 2}


def test_pictures_of_files_and_displays_are_among_the_blobs(repository, run):
    contents = [Content("a.png", b"1", format="png"), Content("b.txt", b"2")]
    version = commit(repository, run, contents)
    found = described(repository, f"v:{version.id}")
    (picture,) = [file for file in found["files"] if file["picture"]]
    assert shown_blobs(found) == {picture["digest"]}
    displays = [{"digest": "abc"}, {"mime": "image/png", "sha256": "def"}, {"text": "x"}]
    repository.update_run(run.id, outputs={"displays": displays})
    assert shown_blobs(described(repository, f"r:{run.id}")) == {"abc", "def"}


TABLE = (
    "<style>td {}</style><p>2 rows</p><table><tr><th></th><th>eur</th></tr><tr><th>0</th><td>4.1"
)


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        ({"mime": "text/html", "text": "<b>no</b>", "plain": "   eur\n0  4.1"}, "   eur\n0  4.1"),
        ({"mime": "text/html", "text": TABLE}, "2 rows\n   eur\n0  4.1"),
        ({"mime": "text/html", "text": "<b>x</b> &lt;", "plain": "<Styler at 0x7f>"}, "x <"),
        ({"mime": "text/plain", "text": "<b>"}, "<b>"),
    ],
)
def test_html_that_a_cell_showed_is_told_as_text(repository, run, shown, text):
    repository.update_run(run.id, outputs={"displays": [shown]})
    (told,) = described(repository, f"r:{run.id}")["shown"]["displays"]
    assert told == {"mime": "text/plain", "text": text}


def test_of_many_charts_the_first_are_drawn(repository, run):
    chart = [{"key": "a", "x": list(range(400)), "y": list(range(400)), "draw": "line"}]
    drawn = repository.put_blob(json.dumps(chart).encode(), run.id)
    shown = {"mime": "text/plain", "text": "Plotly", "drawn": drawn}
    repository.update_run(run.id, outputs={"displays": [shown] * 40})
    displays = described(repository, f"r:{run.id}")["shown"]["displays"]
    assert [len(each["charts"]) for each in displays] == [1] * 25 + [0] * 15
    assert {each["text"] for each in displays} == {"Plotly"}


def test_of_many_files_the_first_are_told_and_how_many_more(repository, run):
    version = commit(repository, run, [Content(f"{n:04}", b"%d" % n) for n in range(1_003)])
    found = described(repository, f"v:{version.id}")
    assert (len(found["files"]), found["filesMore"], found["entries"]) == (1_000, 3, 1_003)


def test_long_texts_are_cut(repository):
    run = repository.start_run("demo", code="x" * 300_000)
    repository.update_run(run.id, outputs={"stdout": "y" * 300_000})
    found = described(repository, f"r:{run.id}")
    assert len(found["code"]) == 200_000
    assert found["shown"]["stdout"] == "y" * 200_000 + "…"


@pytest.mark.parametrize("what", ["manifest", "code", "history"])
def test_damage_is_said_and_the_rest_is_told(repository, what):
    run = repository.start_run("demo", code="x" * 9, name="first")
    version = commit(repository, run, [Content("big", os.urandom(300_000))])
    repository.log_row(run.id, {"_step": 0, "x": 1})
    run = repository.finish_run(run.id)
    digest = {"manifest": version.digest, "code": run.code, "history": run.history}[what]
    location = repository._catalog.locate([digest])[digest]
    path = repository.root / "objects" / location.object
    path.chmod(0o644)
    path.write_bytes(b"\0" * path.stat().st_size)
    node = f"v:{version.id}" if what == "manifest" else f"r:{run.id}"
    found = described(repository, node)
    assert digest[:12] in found["problem"]
    if what == "manifest":
        assert (found["files"], found["ref"], found["metadata"]) == ([], "thing:v0", {})
    else:
        assert (found["charts"], found["code"], found["name"]) == ([], None, "first")


def test_markup_goes_as_the_text_that_it_is(hostile):
    version = described(hostile.repository, f"v:{hostile.version}")
    assert version["description"] == hostile.script
    assert version["metadata"] == {hostile.script: [hostile.script]}
    assert hostile.tag in version["aliases"]
    assert f"{hostile.tag}.txt" in [file["path"] for file in version["files"]]
    run = described(hostile.repository, f"r:{hostile.maker}")
    assert (run["name"], run["jobType"], run["notes"], run["code"]) == (hostile.script,) * 4
    assert run["images"][0]["rows"][0]["items"][0]["caption"] == hostile.script
    assert run["shown"] == {"stdout": hostile.script}


def test_object_keys_are_told_apart_from_digests(repository, run):
    version = commit(repository, run, [Content("big", os.urandom(300_000))])
    (file,) = described(repository, f"v:{version.id}")["files"]
    assert (repository.root / "objects" / object_key(file["digest"])).is_file()


def test_tables_are_named_by_step_and_digest_and_their_pictures_are_among_the_blobs(
    repository, run
):
    table = Table(["image", "n"], [[Image(np.eye(2)), 1]])
    for step in range(2):
        repository.log_row(run.id, {"_step": step, **encode({"t": table}, repository.put_blob)})
    found = described(repository, f"r:{run.id}")
    (group,) = found["tables"]
    assert (group["key"], [row["step"] for row in group["rows"]]) == ("t", [0, 1])
    back = Table.from_bytes(repository.read_blob(group["rows"][0]["digest"]))
    assert shown_blobs(found) == {group["rows"][0]["digest"], back.data[0][0]["sha256"]}
    assert "t" not in found["summary"]
    version = commit(repository, run, [Content("a.table.json", b"{}", format="table")])
    (file,) = described(repository, f"v:{version.id}")["files"]
    assert shown_blobs(described(repository, f"v:{version.id}")) == {file["digest"]}


def test_the_error_of_a_run_is_shown_until_the_run_has_gone_well(repository, run):
    said = {"name": "ValueError", "message": "no", "traceback": "Traceback"}
    repository.add_output(run.id, "error", said)
    shown = lambda: described(repository, f"r:{run.id}")["shown"]  # noqa: E731
    repository.finish_run(run.id, "failed")
    assert shown() == {"error": said}
    repository.finish_run(run.id, "finished")  # it was taken up again
    assert shown() == {}


def test_a_run_is_described_with_the_modules_that_it_used_as_they_were(repository, run):
    inside, outside = str(repository.root.parent / "src" / "a.py"), "/elsewhere/b.py"
    texts = {
        inside: repository.put_blob(b"a = 1\n", run.id),
        outside: repository.put_blob(b"b = 2\n"),
    }
    repository.add_output(run.id, "own_texts", texts)
    repository.add_output(run.id, "own_code", texts)
    found = described(repository, f"r:{run.id}")
    assert found["modules"] == [
        {"path": "src/a.py", "code": "a = 1\n"},
        {"path": outside, "code": "b = 2\n"},
    ]
    assert not {"own_code", "own_texts"} & found["shown"].keys()
