"""All files below a folder are found, each as it is now."""

import os

import pytest

from artnb.store import walking
from artnb.store.walking import joined, walk


@pytest.fixture(params=[True, False], ids=["by handle", "by path"], autouse=True)
def way(request, monkeypatch):
    if request.param and not walking._BY_HANDLE:
        pytest.skip("this system has no handles of folders")
    monkeypatch.setattr(walking, "_BY_HANDLE", request.param)
    monkeypatch.setattr(walking, "_BATCH", 2)


def found(folder, without):
    return joined(walk(os.path.join(folder, ""), without))


def test_files_come_sorted_by_their_whole_paths_with_what_they_are(tmp_path):
    names = ["a.b", "a/c", "a/.hidden", "a/d/e", "a/d/f", "b", "c", "a-", "aa/z"]
    for n, name in enumerate(names):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * n)
        os.utime(path, ns=(0, n))
    (tmp_path / "empty").mkdir()
    files = found(tmp_path, tmp_path / "absent")
    assert files.paths == sorted(str(tmp_path / name) for name in names)
    for path, size, mtime, inode in zip(*files[:4], strict=True):
        stat = os.stat(path)
        assert (size, mtime, inode) == (stat.st_size, stat.st_mtime_ns, stat.st_ino)


def test_links_to_files_are_followed_and_others_are_not(tmp_path):
    top = tmp_path / "top"
    top.mkdir()
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "in").touch()
    (top / "a").symlink_to(tmp_path / "file")
    (top / "b").symlink_to(tmp_path / "folder")
    (top / "c").symlink_to(tmp_path / "nowhere")
    os.mkfifo(top / "d")
    files = found(top, tmp_path / "absent")
    assert (files.paths, files.sizes) == ([str(top / "a")], [5])


def test_one_folder_is_left_out_by_whatever_name(tmp_path):
    (tmp_path / "top" / "mine").mkdir(parents=True)
    (tmp_path / "top" / "mine" / "x").touch()
    (tmp_path / "top" / "y").touch()
    (tmp_path / "link").symlink_to(tmp_path / "top")
    files = found(tmp_path / "top", tmp_path / "link" / "mine")
    assert files.paths == [str(tmp_path / "top" / "y")]


def test_a_file_that_goes_meanwhile_is_named(tmp_path, monkeypatch):
    (tmp_path / "a").touch()
    real = walking._look

    def look(files, folder):
        (tmp_path / "a").unlink()
        return real(files, folder)

    monkeypatch.setattr(walking, "_look", look)
    with pytest.raises(FileNotFoundError) as caught:
        found(tmp_path, tmp_path / "absent")
    assert caught.value.filename == str(tmp_path / "a")
