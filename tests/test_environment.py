"""The commit of the checkout around a folder, as git says it, whatever git did since."""

import os
import subprocess

import pytest

from artnb.environment import HOST, git_commit, person


@pytest.fixture
def git(tmp_path):
    folder = tmp_path / "code"
    folder.mkdir()

    def run(command, cwd=folder):
        who = ("-c", "user.name=n", "-c", "user.email=e", "-c", "init.defaultBranch=main")
        done = subprocess.run(["git", *who, *command.split()], cwd=cwd, capture_output=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.decode().strip()

    run.folder = folder
    run("init -q")
    run("commit -q --allow-empty -m one")
    return run


def age(folder):
    """Let all files be as old as those that are read once only."""
    for path in folder.rglob("*"):
        os.utime(path, (1e9, 1e9))


def test_it_is_what_git_says_after_each_change(git):
    inside = git.folder / "deep" / "er"
    inside.mkdir(parents=True)
    changes = [
        "commit -q --allow-empty -m two",
        "checkout -q -b other",
        "commit -q --allow-empty -m three",
        "pack-refs --all",
        "checkout -q main",
        "checkout -q --detach other",
        "worktree add -q ../tree main",
    ]
    for change in changes:
        git(change)
        assert git_commit(str(inside)) == git("rev-parse HEAD")
        age(git.folder)  # and once more, now that it may be remembered
        assert git_commit(str(inside)) == git_commit(str(inside)) == git("rev-parse HEAD")
    tree = git.folder.parent / "tree"
    assert git_commit(str(tree)) == git("rev-parse HEAD", tree)
    age(git.folder.parent)
    assert git_commit(str(tree)) == git("rev-parse HEAD", tree)
    git("commit -q --allow-empty -m four", tree)
    assert git_commit(str(tree)) == git("rev-parse HEAD", tree)


def test_what_is_remembered_is_not_read_again(git, monkeypatch):
    age(git.folder)
    commit = git_commit(str(git.folder))
    monkeypatch.setattr("artnb.environment.Path", None)
    assert git_commit(str(git.folder)) == commit


def test_where_there_is_none(git, tmp_path):
    assert git_commit(str(tmp_path)) is None
    (git.folder / ".git" / "HEAD").unlink()
    assert git_commit(str(git.folder)) is None
    (git.folder / ".git" / "HEAD").write_bytes(b"\xff")
    assert git_commit(str(git.folder)) is None


def test_a_person_is_who_the_system_says(monkeypatch):
    pwd = pytest.importorskip("pwd")
    for name in ("JUPYTERHUB_USER", "LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    assert person() == f"{pwd.getpwuid(os.getuid()).pw_name}@{HOST}"
    monkeypatch.setattr(os, "getuid", lambda: 3_999_999)  # as in a container
    assert person() == HOST
    monkeypatch.setenv("LOGNAME", "ann")
    assert person() == f"ann@{HOST}"
    monkeypatch.setenv("JUPYTERHUB_USER", "grace")
    assert person() == f"grace@{HOST}"
