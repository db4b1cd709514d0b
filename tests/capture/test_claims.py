"""What recorders in one folder tell each other."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from artnb.capture import _claims
from artnb.capture._claims import Claims

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such locks")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "recorders"


@pytest.fixture
def two(folder):
    """Two recorders, as they are in two processes."""
    found = [Claims(str(folder)) for _ in range(2)]
    for claims in found:
        claims.begin()
    yield found
    for claims in found:
        claims.close()
    assert list(folder.iterdir()) == []


def settled(claims, folder):
    """Let some time pass since the folder changed, for its time comes from a coarse clock."""
    while claims._looked != folder.stat().st_mtime_ns:
        claims.begin()


def told(folder):
    return b"".join(path.read_bytes() for path in folder.iterdir())


def test_a_recorder_reads_what_the_others_open_and_not_its_own(two):
    first, second = two
    first.claim("/data/a", False)
    first.claim("/data/line\nend \udcff", True)
    assert second.of_others(time.time_ns()) == {"/data/a": False, "/data/line\nend \udcff": True}
    assert first.of_others(0) == {}


def test_a_file_that_is_read_and_written_is_written(two):
    first, second = two
    first.claim("/a", True)
    first.claim("/a", False)
    assert second.of_others(0) == {"/a": True}


def test_what_ended_before_a_cell_began_is_of_no_account_to_it(two):
    first, second = two
    first.claim("/a", True)
    first.end()
    since = time.time_ns()
    first.claim("/b", True)
    assert second.of_others(since) == {"/b": True}
    first.end()
    assert second.of_others(since) == {"/b": True}
    assert second.of_others(0) == {"/a": True, "/b": True}


def test_nothing_is_written_while_there_is_one_alone_and_all_once_another_comes(folder):
    first, second = Claims(str(folder)), Claims(str(folder))
    first.begin()
    settled(first, folder)
    first.claim("/a", True)
    assert told(folder) == b""
    second.begin()
    first.claim("/b", False)
    assert second.of_others(0) == {"/a": True, "/b": False}
    first.close()
    second.close()


def test_the_file_of_a_recorder_that_was_killed_is_no_other_and_is_removed(folder):
    code = (
        "import os, sys\nfrom artnb.capture._claims import Claims\nclaims = Claims(sys.argv[1])\n"
        "claims.begin()\nclaims.claim('/a', True)\nos.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=False)
    assert b"/a" in told(folder)
    claims = Claims(str(folder))
    assert claims.of_others(0) == {"/a": True}  # killed while its cell ran: that it may have opened
    assert claims.of_others(time.time_ns()) == {}
    claims.begin()
    settled(claims, folder)
    assert not claims._others
    assert len(list(folder.iterdir())) == 1
    claims.close()


def test_a_process_that_ends_leaves_nothing_and_its_forks_end_without_it(folder):
    code = (
        "import os, sys\nfrom artnb.capture._claims import claims_in\n"
        "claims = claims_in(sys.argv[1])\nclaims.begin()\n"
        "if os.fork() == 0:\n    sys.exit()\nos.wait()\n"
        "print(len(os.listdir(sys.argv[1])))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "1\n"
    assert list(folder.iterdir()) == []


def test_a_long_file_is_begun_anew_with_the_next_cell(two, folder, monkeypatch):
    first, second = two
    monkeypatch.setattr(_claims, "_MOST_BYTES", 100)
    for number in range(20):
        first.claim(f"/data/{number}", True)
    first.end()
    assert len(second.of_others(0)) == 20
    first.begin()
    first.claim("/data/new", True)
    assert second.of_others(0) == {"/data/new": True}


def test_where_the_folder_cannot_be_nothing_is_told_and_nothing_fails(tmp_path):
    (tmp_path / "file").touch()
    claims = Claims(str(tmp_path / "file" / "recorders"))
    claims.begin()
    claims.claim("/a", True)
    claims.end()
    assert claims.of_others(0) == {}
    claims.close()


def test_a_claim_raises_no_audit_event(two):
    events = []
    hook = [lambda event, _: events.append(event)]
    sys.addaudithook(lambda event, args: hook[0](event, args) if hook else None)
    two[0].claim("/a", True)
    two[0].end()
    hook.clear()
    assert [event for event in events if not event.startswith("object.")] == []
