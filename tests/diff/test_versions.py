"""What differs between two manifests, and files by their names."""

from __future__ import annotations

import io

import numpy as np
import pytest

from artnb.diff import compare_versions, value_of_file
from artnb.errors import UntrustedError
from artnb.model import Entry, Manifest, VersionRecord


def version(number, **changes):
    facts = {
        "id": number, "project": "demo", "name": "x", "type": "dataset", "number": number,
        "digest": str(number), "size": 1, "entries": 1, "description": None, "metadata": {},
        "aliases": (), "tags": (), "state": "live", "created_at": 0.0,
    }  # fmt: skip
    return VersionRecord(**{**facts, **changes})


def compare(before, after, load=lambda version, entry: entry.digest, **changes):
    manifests = [
        Manifest.of(Entry(path, digest, 1) for path, digest in each.items())
        for each in (before, after)
    ]
    return compare_versions(version(0), version(1, **changes), tuple(manifests), load)


def states(found):
    return {entry.path: entry.state for entry in found.entries}


def test_entries_come_go_move_and_change():
    found = compare(
        {"same": "1", "gone": "2", "old/name": "3", "changed": "4"},
        {"same": "1", "come": "5", "new/name": "3", "changed": "6"},
    )
    assert states(found) == {
        "gone": "removed",
        "come": "added",
        "new/name": "renamed",
        "changed": "changed",
    }
    assert found.same == 1
    assert next(e for e in found.entries if e.path == "new/name").old.path == "old/name"
    assert next(e for e in found.entries if e.path == "changed").value.lines[-1] == "+6"


def test_equal_versions_do_not_differ():
    assert not compare({"a": "1"}, {"a": "1"})


def test_a_variable_that_is_kept_in_another_format_has_changed():
    def manifest(path, digest, name):
        return Manifest.of([Entry(path, digest, 1, variable=name), Entry("a.txt", "9", 1)])

    first, again = manifest("best.json", "1", "best"), manifest("best.linked.json", "2", "best")
    found = compare_versions(
        version(0), version(1), (first, again), lambda version, entry: entry.path
    )
    assert states(found) == {"best.linked.json": "changed"}
    assert found.entries[0].value.lines[-2:] == ("-best.json", "+best.linked.json")
    assert found.same == 1
    other = manifest("worst.json", "2", "worst")
    found = compare_versions(version(0), version(1), (first, other))
    assert states(found) == {"best.json": "removed", "worst.json": "added"}


def test_two_equal_files_of_which_one_goes_are_not_moved():
    assert states(compare({"a": "1", "b": "1"}, {"a": "1"})) == {"b": "removed"}
    assert states(compare({"a": "1"}, {"a": "1", "b": "1"})) == {"b": "added"}


def test_metadata_and_facts():
    found = compare({"a": "1"}, {"a": "1"}, metadata={"rows": 3}, description="more")
    assert [(c.what, c.before, c.after) for c in found.metadata] == [("rows", "", "3")]
    assert [(c.what, c.before, c.after) for c in found.facts] == [("description", "", "more")]


def test_what_cannot_be_loaded_says_so():
    def load(version, entry):
        raise UntrustedError("needs trust")

    (entry,) = compare({"a": "1"}, {"a": "2"}, load).entries
    assert entry.problem == "needs trust"


def npy(value, **options):
    stream = io.BytesIO()
    np.save(stream, value, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("path", "data", "kind"),
    [
        ("a.npy", npy(np.ones(2)), "ndarray"),
        ("a.csv", b"a,b\n1,2\n", "DataFrame"),
        ("a.json", b"[1]", "list"),
        ("a.txt", b"text", "str"),
        ("a.bin", b"\x00\xff", "bytes"),
        ("a", b"nul \x00 inside", "bytes"),
        ("broken.json", b"[1", "str"),
        ("broken.npy", b"\x93NUMPY\xff", "bytes"),
        ("objects.npy", npy(np.array([{}], object), allow_pickle=True), "bytes"),
    ],
)
def test_a_file_is_read_by_its_name(path, data, kind):
    assert type(value_of_file(path, data)).__name__ == kind
