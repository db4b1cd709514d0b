"""What recording adds to a small cell, in calls: they are the same on every machine."""

from __future__ import annotations

import sys
from pathlib import Path

import artnb
from artnb.jupyter import telling

_PACKAGE = str(Path(artnb.__file__).parent)
_MOST = 218
"""One of them, `_Timer.set`, is made where the moment of the cell before is over by then.

Python 3.12 makes less, for it has no calls of comprehensions.
"""


def test_a_trivial_cell_makes_few_calls_of_ours_before_its_prompt(shell, monkeypatch):
    # As in a page's kernel, where runs and small values are written in the background.
    monkeypatch.setattr(type(shell.shell), "kernel", object(), raising=False)
    monkeypatch.setenv("ARTNB_BACKGROUND", "1")
    monkeypatch.setattr(telling, "_MOMENT", 60)
    saver = shell.shell._artnb_extension.session.saver
    calls: list[str] = []

    def note(frame, event, _):
        if event == "call" and frame.f_code.co_filename.startswith(_PACKAGE):
            calls.append(frame.f_code.co_qualname)

    for n in range(3):  # the first ones import, and find what is asked only once
        shell.run_all(f"x = {n}", "%%artifact small\ny = x + 1")
        saver.settle()
    shell.run_all("x = 10")
    profiler = sys.getprofile()
    sys.setprofile(note)
    try:
        shell.run_all("%%artifact small\ny = x + 1")
    finally:
        sys.setprofile(profiler)
    saver.settle()
    assert shell.newest("small").version == "v3"
    assert "CellRun._job" in calls
    assert "Versions.commit" not in calls
    assert len(calls) <= _MOST, f"{len(calls)} calls: {' '.join(calls)}"
