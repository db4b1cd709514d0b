"""The journal is written soon where many changes follow each other, and never lost."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from artnb import journalling
from artnb.journalling import JournalWriter


class Journal:
    def __init__(self):
        self.entries = 0
        self.written = threading.Event()

    def write(self):
        self.entries += 1
        self.written.set()


@pytest.fixture
def journal():
    return Journal()


@pytest.fixture
def slowly(monkeypatch):
    """Soon is never within a test."""
    monkeypatch.setattr(journalling, "_SOON", 1_000)


def test_many_changes_are_one_entry(journal, tmp_path, monkeypatch):
    monkeypatch.setattr(journalling, "_SOON", 0.2)
    writer = JournalWriter(tmp_path, journal.write)
    for _ in range(20):
        writer.write_soon()
    assert journal.written.wait(60)
    assert journal.entries == 1


def test_what_comes_after_an_entry_is_another(journal, tmp_path, monkeypatch):
    monkeypatch.setattr(journalling, "_SOON", 0.01)
    writer = JournalWriter(tmp_path, journal.write)
    for entries in (1, 2):
        journal.written.clear()
        writer.write_soon()
        assert journal.written.wait(60)
        assert journal.entries == entries


def test_closing_writes_what_waits_and_leaves_no_thread(journal, tmp_path, slowly):
    writer = JournalWriter(tmp_path, journal.write)
    writer.write_soon()
    (timer,) = (each for each in threading.enumerate() if each.name == "artnb-journal")
    writer.close()
    assert journal.entries == 1
    timer.join(60)
    assert not timer.is_alive()
    assert journal.entries == 1


def test_a_folder_that_was_removed_is_not_made_again(journal, tmp_path, slowly):
    writer = JournalWriter(tmp_path / "gone", journal.write)
    writer.write_soon()
    writer.close()
    assert journal.entries == 0


CELLS = """
import artnb
from artnb.repository import open_repository
repository = open_repository()
run = repository.start_run("demo")
repository.finish_run(run.id, more_follow=True)
print(repository._catalog.journal.next_entry() is not None, flush=True)
{end}
"""


@pytest.mark.parametrize(
    ("end", "written"), [("", True), ("import os; os.kill(os.getpid(), 9)", False)]
)
def test_a_process_that_ends_writes_what_waits_and_the_next_does_after_a_kill(
    tmp_path, monkeypatch, end, written
):
    monkeypatch.setenv("ARTNB_DIR", str(tmp_path))
    ran = subprocess.run(
        [sys.executable, "-c", CELLS.format(end=end)], cwd=tmp_path, capture_output=True, text=True
    )
    assert ran.stdout == "True\n", ran.stderr  # not yet when the run ended
    assert has_run(tmp_path) is written
    from artnb.repository import Repository

    Repository().close()
    assert has_run(tmp_path)


def has_run(folder):
    """Return whether an entry of the journal has a run."""
    entries = (folder / ".artnb/objects/journal").glob("*/*")
    return any('"runs":[{' in entry.read_text("utf-8") for entry in entries)


def test_a_fork_leaves_the_journal_to_its_parent(journal, tmp_path, slowly):
    writer = JournalWriter(tmp_path, journal.write)
    writer.write_soon()
    journalling._after_fork()  # what a child does first
    journalling._write_at_exit()
    assert journal.entries == 0
    writer.close()
    assert journal.entries == 1
