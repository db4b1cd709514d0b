"""A save that fails after its cell has ended is said below that cell, in the page."""

import pytest

# A disk that is slow, and then full.
DISK = """
import os, threading, time
from artnb.errors import StoreFullError
from artnb.repository import Repository
def commit(*args, **kwargs):
    while threading.current_thread().name == "artnb-save" and not os.path.exists("go"):
        time.sleep(0.01)
    raise StoreFullError("The disk is full. Nothing was recorded; make room, then try again.")
Repository.commit = commit
"""
CELLS = ["%load_ext artnb", DISK, "%%artifact small\nn = 1", "open('go', 'w').close()"]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_failed_save_is_said_below_its_own_cell(lab, open_notebook, dark):
    notebook = open_notebook(lab.notebook(f"saving-{dark}", CELLS))
    notebook.theme(dark)
    notebook.run_all()
    alert = notebook.cell(2).get_by_role("alert")
    alert.wait_for()
    assert "small NOT SAVED: The disk is full." in alert.inner_text()
    assert "'%artnb save' tries again" in alert.inner_text()
