"""A push that is killed at any point leaves the target whole, and can be repeated."""

import os
import shutil

import pytest
from exchange.exchange_kit import fill, graph, opened

from artnb.catalog import Catalog
from artnb.errors import CommError
from artnb.exchange import pull, push
from artnb.store import LocalBackend

KILLED = 9


def die_at(call, after, patch, target):
    """Let this process end at that call which writes to the target."""
    calls = 0

    def wrapped(original, is_target):
        def replaced(self, *arguments, **options):
            nonlocal calls
            calls += is_target(self)
            hit = is_target(self) and calls == call
            if hit and not after:
                os._exit(KILLED)
            done = original(self, *arguments, **options)
            if hit:
                os._exit(KILLED)
            return done

        return replaced

    for name in ("put_bytes", "put_file"):
        original = getattr(LocalBackend, name)
        patch.setattr(
            LocalBackend, name, wrapped(original, lambda self: str(target) in str(self.root))
        )
    patch.setattr(Catalog, "receive", wrapped(Catalog.receive, lambda self: True))


def pushed(folder, url, call, after, monkeypatch):
    """Push in a child process that dies at a call; return whether it died."""
    child = os.fork()
    if child == 0:
        try:
            die_at(call, after, monkeypatch, folder / "team")
            list(push(opened(folder / "here"), url))
            os._exit(0)
        except BaseException:
            os._exit(1)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, KILLED)
    return code == KILLED


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("bare", [False, True])
def test_killed_at_each_write_then_repeated(tmp_path, bare, after, monkeypatch):
    monkeypatch.setattr("artnb.catalog.journal._AT_ONCE", 2)  # a project is one entry all the same
    repository = opened(tmp_path / "here")
    fill(repository, data=[b"1", b"large" * 100_000], aliases=["best"])
    fill(repository, "other", data=[b"3"])
    expected = graph(repository)
    repository.close()
    call, died = 0, True
    while died:
        call += 1
        shutil.rmtree(tmp_path / "team", ignore_errors=True)
        if bare:
            url = (tmp_path / "team").as_uri()
        else:
            opened(tmp_path / "team").close()
            url = str(tmp_path / "team")
        died = pushed(tmp_path, url, call, after, monkeypatch)
        check_whole(tmp_path, url, bare, expected)
        repository = opened(tmp_path / "here")
        list(push(repository, url))
        assert not any(done.changed for done in push(repository, url))
        repository.close()
        assert arrived(tmp_path, url, bare) == expected
    assert call > 8


def check_whole(folder, url, bare, expected):
    """Of each project all is there, or nothing."""
    try:
        found = arrived(folder, url, bare)
    except CommError:
        return  # nothing has arrived
    projects = {key[0] for key in found["versions"]}
    for part in ("versions", "contents", "moves"):
        assert found[part] == {k: v for k, v in expected[part].items() if k[0] in projects}
    assert found["runs"].items() <= expected["runs"].items()
    runs = {run: of for run, of in expected["runs"].items() if of[0].project in projects}
    assert found["runs"] == runs
    assert found["edges"] == {edge for edge in expected["edges"] if edge[0] in runs}


def arrived(folder, url, bare):
    """Return the graph of what is at a URL, and prove its bytes."""
    if bare:
        shutil.rmtree(folder / "fresh", ignore_errors=True)
        repository = opened(folder / "fresh")
    else:
        repository = opened(folder / "team")
    try:
        if bare:
            for done in pull(repository, url):
                assert done.left_out == ()
        assert repository.maintenance.verify().damage == ()
        return graph(repository)
    finally:
        repository.close()
