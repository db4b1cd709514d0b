"""The panel's "Load into the notebook": as `%artnb load`, and it asks where that would lose."""

from __future__ import annotations

import numpy as np
import pytest

from artnb.errors import UsageError
from artnb.jupyter import _ATTRIBUTE
from artnb.widgets.notebook import EXTENSION, load


@pytest.fixture
def click(shell):
    """Click for the newest version of a name, in the shell of this process."""

    def clicked(name, *, replace=False):
        node = f"v:{shell.newest(name).id}"
        return load(shell.repository, {"node": node, "replace": replace})

    return clicked


def test_the_extension_is_found_where_it_puts_itself():
    assert _ATTRIBUTE == EXTENSION


def test_values_come_by_their_names_and_are_known_as_the_version_s(shell, click):
    shell.run_all("%%artifact pair\nimport numpy as np\nx, y = np.arange(3), 'text'")
    del shell.namespace["x"], shell.namespace["y"]
    found = click("pair")
    assert sorted(found["loaded"]) == ["x (ndarray)", "y (str)"]
    assert (found["problems"], found["asks"]) == ([], [])
    assert np.array_equal(shell.namespace["x"], np.arange(3))
    shell.run_all("%%artifact total\ns = int(x.sum())")
    assert shell.used() == {"pair:v0"}


def test_a_value_that_no_version_holds_is_asked_for_first(shell, click):
    shell.run_all("%%artifact a\nx = [1, 2, 3]")
    shell.run_all("x = [4]")
    found = click("a")
    assert (found["loaded"], found["asks"], shell.namespace["x"]) == ([], ["x"], [4])
    found = click("a", replace=True)
    assert (found["loaded"], shell.namespace["x"]) == (["x (list)"], [1, 2, 3])


def test_what_some_version_holds_is_replaced_without_asking(shell, click):
    shell.run_all("%%artifact a\nx = [1, 2, 3]")
    shell.run_all("%%artifact b\nx = [4, 5, 6]")
    assert click("a")["asks"] == []
    assert shell.namespace["x"] == [1, 2, 3]


def test_what_cannot_be_loaded_is_named_beside_what_is(shell, click):
    shell.run_all("%%artifact mixed\nclass C:\n    pass\nc, n = C(), 3")
    shell.run_all("del c, n")
    found = click("mixed")
    assert found["loaded"] == ["n (int)"]
    assert [name for name, _ in found["problems"]] == ["c"]
    assert "c" not in shell.namespace


def test_files_alone_are_no_values(shell, click):
    shell.run_all("%%artifact f\nopen('a.txt', 'w').write('x');")
    with pytest.raises(UsageError, match="holds files, no values"):
        click("f")


def test_nothing_is_loaded_into_a_cell_that_is_being_recorded(shell, click):
    shell.run_all("%%artifact a\nx = [1, 2, 3]")
    del shell.namespace["x"]
    shell.namespace["click"] = lambda: click("a")
    result = shell.run("%%artifact b\nclick()")
    assert "executed" in str(result.error_in_exec)
    assert "x" not in shell.namespace


def test_without_the_extension_the_code_is_named(shell, click):
    shell.run_all("%%artifact a\nx = [1, 2, 3]", "%unload_ext artnb")
    with pytest.raises(UsageError, match="%artnb load uncategorized/a:v0"):
        click("a")
