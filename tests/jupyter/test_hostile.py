"""Values whose own code raises whenever it is asked: no cell fails by them, whatever it does."""

from __future__ import annotations

import pytest

VALUES = """
import weakref
import numpy, pandas, torch
class Plain: pass
dead = weakref.proxy(Plain())
class Raises:
    def __raise(self, *args): raise RuntimeError("not now")
    __class__ = property(__raise)
    __getattr__ = __eq__ = __hash__ = __bool__ = __len__ = __iter__ = __raise
    __repr__ = __reduce_ex__ = __raise
raises = Raises()
held = {"dead": dead, "raises": raises}
some = Plain()
some.dead, some.raises = dead, raises
numbers = [1]
"""

CELLS = {
    "next to them": "n = 1",
    "a change next to them": "numbers.append(2)\nn = 1",
    "a name taken away next to them": "numbers.append(2)\ndel numbers\nn = 1",
    "one is named": "dead\nraises\nn = 1",
    "one is bound anew": "other = dead\nanother = raises\nn = 1",
    "one is held": "both = [dead, raises, held]\nn = 1",
    "what holds them changes": "held['z'] = some.z = 1\nn = 1",
}


@pytest.mark.parametrize("options", ["", "--cache"], ids=["", "cache"])
@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_a_value_that_raises_when_it_is_asked_fails_no_cell(shell, cell, options):
    shell.run_all(VALUES, f"%%artifact x {options}\n{cell}")
    assert "n" in shell.last_run().outputs["made"]
