"""Two versions beside each other, as the panel asks: files first, then each one's content."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest

import artnb
from artnb.errors import CommError
from artnb.repository import Content
from artnb.widgets import compare as module
from artnb.widgets.compare import compare, compare_file


@pytest.fixture
def log(repository, run):
    """Return a function that logs the next version of an artifact and returns its node."""

    def logged(metadata=None, **files):
        contents = [Content(path.replace("__", "/"), data) for path, data in files.items()]
        version = repository.commit(
            "demo", "thing", "dataset", contents, run_id=run.id, metadata=metadata or {}
        ).version
        return f"v:{version.id}"

    return logged


def arrays(**values):
    file = io.BytesIO()
    np.savez(file, **values)
    return file.getvalue()


def as_page(value):
    return json.loads(json.dumps(value, allow_nan=False))


def test_the_files_that_differ_are_named_with_how_whichever_is_asked_first(repository, log):
    old = log({"rows": 1}, a=b"1", b=b"2", gone=b"3", moved=b"44", new=b"5")
    new = log({"rows": 2}, a=b"1", b=b"22", to=b"44", new=b"5", come=b"6")
    found = as_page(compare(repository, old, new))
    assert (found["old"]["version"], found["new"]["version"]) == ("v0", "v1")
    assert found["facts"] == [{"what": "rows", "before": "1", "after": "2", "note": ""}]
    assert [
        (each["path"], each["state"], each["was"], each["size"]) for each in found["files"]
    ] == [
        ("b", "changed", None, 2),
        ("come", "added", None, 1),
        ("gone", "removed", None, 1),
        ("to", "renamed", "moved", 2),
    ]
    assert (found["same"], found["more"]) == (2, 0)
    assert as_page(compare(repository, new, old)) == found


def test_lines_and_parts_are_told(repository, log):
    old = log(**{"a.txt": b"one\ntwo\n", "x.npz": arrays(a=1, b=1)})
    new = log(**{"a.txt": b"one\nthree\n", "x.npz": arrays(a=1, b=2)})
    lines = as_page(compare_file(repository, new, old, "a.txt"))
    assert [line for line in lines["lines"] if line[0] in "+-"][-2:] == ["-two", "+three"]
    assert (lines["problem"], lines["more"]) == (None, 0)
    (change,) = as_page(compare_file(repository, new, old, "x.npz"))["changes"]
    assert (change["what"], change["note"][:13]) == ("b", "1 of 1 differ")


def test_values_that_serializers_wrote_are_told(repository):
    pandas = pytest.importorskip("pandas")
    nodes = []
    for price in (2.2, 2.5):
        artifact = artnb.Artifact("values", type="dataset")
        artifact.add(np.arange(4.0) * price, "x")
        artifact.add(pandas.DataFrame({"city": ["Oslo", "Lima"], "eur": [4.1, price]}), "prices")
        with artnb.init(project="demo") as run:
            run.log_artifact(artifact)
        nodes.append(f"v:{repository.resolve('values:latest', 'demo').id}")
    found = compare(repository, *nodes)
    told = {each["path"]: compare_file(repository, *nodes, each["path"]) for each in found["files"]}
    frame = next(value for path, value in told.items() if "prices" in path)
    assert frame["summary"] == "1 of 2 rows differ; 1 of 2 columns differ"
    assert frame["changes"][0]["what"] == "column eur"
    array = next(value for path, value in told.items() if path.startswith("x"))
    assert "3 of 4 differ" in array["summary"]


def test_a_pickle_is_not_read_and_one_too_large_says_what_to_do(repository, log, monkeypatch):
    class Odd:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was loaded",))

    nodes = []
    for number in range(2):
        artifact = artnb.Artifact("odd", type="dataset", metadata={"n": number})
        artifact.add({"a": Odd(), "n": number}, "odd")
        with artnb.init(project="demo") as run:
            run.log_artifact(artifact)
        nodes.append(f"v:{repository.resolve('odd:latest', 'demo').id}")
    (file,) = compare(repository, *nodes)["files"]
    assert "trust" in compare_file(repository, *nodes, file["path"])["problem"]
    monkeypatch.setattr(module, "_LARGEST", 3)
    nodes = [log(**{"a.txt": b"1234"}), log(**{"a.txt": b"12345"})]
    problem = compare_file(repository, *nodes, "a.txt")["problem"]
    assert problem.endswith("%artnb diff demo/thing:v0 demo/thing:v1")


def test_no_more_is_sent_than_is_shown(repository, log, monkeypatch):
    for name, most in (("_MOST_FILES", 2), ("_MOST_CHANGES", 3)):
        monkeypatch.setattr(module, name, most)
    many = {f"f{n}": f"{n}".encode() for n in range(5)}
    old = log(**many, **{"l.txt": b"", "v.npz": arrays(**dict.fromkeys("abcdefg", 1))})
    new = log(
        **{name: data * 3 for name, data in many.items()},
        **{"l.txt": b"line\n" * 500, "v.npz": arrays(**dict.fromkeys("abcdefg", 2))},
    )
    found = compare(repository, old, new)
    assert (len(found["files"]), found["more"]) == (2, 5)
    lines = compare_file(repository, old, new, "l.txt")["lines"]
    assert (len(lines), lines[-1]) == (201, "@ 301 lines more")
    changes = compare_file(repository, old, new, "v.npz")
    assert (len(changes["changes"]), changes["more"]) == (3, 4)


@pytest.mark.parametrize("path", ["same", "none", "../b", None, 3, ["b"]])
def test_a_file_that_does_not_differ_is_named_in_the_error(repository, log, path):
    old, new = log(same=b"1", b=b"2"), log(same=b"1", b=b"3")
    with pytest.raises(CommError, match=r"No file .* differs in thing:v0 and thing:v1"):
        compare_file(repository, old, new, path)


@pytest.mark.parametrize("node", ["v:999", "r:none", "x", None])
def test_a_node_that_is_no_version_is_refused(repository, log, node):
    with pytest.raises(CommError):
        compare(repository, log(a=b"1"), node)
