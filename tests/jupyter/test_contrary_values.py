"""Values whose class refuses to be asked: cells with them are kept, and all else that they make."""

import pytest

ASKED = (
    *("__class__", "__eq__", "__bool__", "__repr__", "__getattr__", "__getattribute__", "__hash__"),
    *("__len__", "__iter__", "__reduce_ex__", "__dict__"),
)


def class_that_refuses(name):
    made = "property(_refuse)" if name in ("__class__", "__dict__") else "_refuse"
    return f"""
class Contrary:
    def _refuse(self, *args, **kwargs):
        raise RuntimeError("not to be asked")
    {name} = {made}
"""


def paths(shell, name):
    return {entry.path for entry in shell.repository.manifest(shell.newest(name))}


@pytest.mark.parametrize("name", ASKED)
def test_cells_that_make_read_and_change_such_a_value_are_kept(shell, name):
    shell.run_all(
        class_that_refuses(name),
        "%%artifact made\nvalue, held, number = Contrary(), [Contrary()], 41",
        "%%artifact read\nother, answer = value, number + 1",
        "%%artifact changed\nheld.append(number)\nmore = 7",
        "%artnb save",
    )
    assert "made:v0" in shell.used()
    assert "number.json" in paths(shell, "made")
    assert "answer.json" in paths(shell, "read")
    assert "more.json" in paths(shell, "changed")


@pytest.mark.parametrize("name", ["__class__", "__getattr__", "__eq__"])
def test_so_are_cells_beside_it_that_may_be_skipped_or_need_no_first_line(shell, name):
    cell = "%%artifact made --cache\nvalue, number = Contrary(), 41"
    shell.run_all(class_that_refuses(name), cell, cell, "%artnb save", "%artnb status")
    assert "number.json" in paths(shell, "made")
    shell.run_all("%artnb auto on", "answer = number + 1; other = value", "%artnb auto off")
    assert paths(shell, "answer")
    shell.run_all("answer = 0", "%artnb restore answer --force")
    assert shell.namespace["answer"] == 42


def test_a_patched_json_keeps_no_cell_from_being_saved(shell):
    shell.run_all(
        "import json\nkept = json.dumps, json._default_encoder\n"
        "json.dumps = json._default_encoder = None",
        "%%artifact made\nsizes, more = {'a': [1, 2]}, (1, 'b')",
        "%artnb save",
        "json.dumps, json._default_encoder = kept",
    )
    assert {path.partition(".")[0] for path in paths(shell, "made")} == {"sizes", "more"}
