"""Entries that cannot stand together, or not on this system, are refused before any is written."""

import pathlib
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from artnb import clashes
from artnb.clashes import find_folder_clash, refuse_unplaceable, windows_problem
from artnb.errors import InvalidPathError
from artnb.refs import check_entry_path

PARTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["..", ".", "", "a", "A", "CON", "nul.txt", "C:", "a.", "b ", "\x00", "x:y",
                     "com1", "a\u202eb", "~", "$HOME", "\\", "\ud800", "é", "e\u0301"]),
)  # fmt: skip
PATHS = st.lists(PARTS, max_size=6).map("/".join)


@given(PATHS)
def test_what_passes_stays_inside_on_every_system(path):
    try:
        clean = check_entry_path(path)
    except InvalidPathError:
        return
    assert check_entry_path(clean) == clean
    for kind in (pathlib.PurePosixPath, pathlib.PureWindowsPath):
        root = kind("/root/out") if kind is pathlib.PurePosixPath else kind("C:\\out")
        if kind is pathlib.PureWindowsPath and windows_problem(clean):
            continue
        target = root / clean
        assert target.is_relative_to(root)
        assert ".." not in target.parts
        assert target != root
        # Each part is one name there, too: nothing splits it further.
        assert target.parts[len(root.parts) :] == tuple(clean.split("/"))


@given(st.lists(PATHS, max_size=8))
def test_a_refusal_is_the_trees_own(paths):
    try:
        refuse_unplaceable(list(map(check_entry_path, paths)), pathlib.Path(), system="nt")
    except InvalidPathError:
        pass


@pytest.mark.parametrize(
    "path",
    ["con", "CON.txt", "logs/nul", "aux.tar.gz", "COM1", "lpt9.log", "com¹", "a:b", "a?", "x|y",
     'q"', "end.", "end ", "dir./file", "CONIN$"],
)  # fmt: skip
def test_windows_cannot_hold_these(path):
    assert windows_problem(path)
    with pytest.raises(InvalidPathError, match="cannot be written here"):
        refuse_unplaceable([path], pathlib.Path(), system="nt")
    refuse_unplaceable([path], pathlib.Path(), system="posix")


@pytest.mark.parametrize("path", ["console.txt", "a/b.c", "common", "nullable", ".hidden", "a b"])
def test_windows_can_hold_these(path):
    assert windows_problem(path) is None


def test_a_file_that_is_a_folder_too_is_refused(tmp_path):
    assert find_folder_clash(["a/b", "a.b", "ab/c", "a/b/c/d"]) == ("a/b", "a/b/c/d")
    assert find_folder_clash(["a/b", "a/c", "ab"]) is None
    with pytest.raises(InvalidPathError, match="would lie in it"):
        refuse_unplaceable(["x", "x/y"], tmp_path)


@pytest.mark.parametrize("pair", [("A", "a"), ("dir/x", "Dir/y"), ("straße", "STRASSE")])
def test_names_that_differ_in_case_are_refused_where_they_are_one(monkeypatch, tmp_path, pair):
    refuse_unplaceable(pair, tmp_path)  # this filesystem tells them apart
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(clashes, "_folds_case", lambda _: True)
    with pytest.raises(InvalidPathError, match="differ in case alone"):
        refuse_unplaceable(pair, tmp_path)
    refuse_unplaceable(["a/b", "a/c"], tmp_path)


def test_the_filesystem_is_asked_by_a_try(monkeypatch, tmp_path):
    """The name in capitals is there, too, as it would be where case does not count."""
    monkeypatch.setattr(clashes.uuid, "uuid4", lambda: SimpleNamespace(hex="abcdef0123"))
    (tmp_path / ".ARTNB-PROBE-ABCDEF01").touch()
    with pytest.raises(InvalidPathError, match="takes them for one"):
        refuse_unplaceable(["A", "a"], tmp_path / "not" / "there" / "yet")
    assert [path.name for path in tmp_path.iterdir()] == [".ARTNB-PROBE-ABCDEF01"]
