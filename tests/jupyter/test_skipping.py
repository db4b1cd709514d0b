"""``%%artifact --cache``: which cells need not run."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest
from skip_kit import cell, said, said_after, skipped, skipped_after

from artnb.jupyter.inplace import take_over


def test_a_skipped_cell_does_not_run(shell):
    shell.run_all("n = []", cell("import sys\ny = 3\nsys.modules['__main__'].__dict__.get('n')"))
    body = "y = 1\nfor i in range(2):\n    print(i)"
    first = said(shell, body)
    run = shell.last_run()
    assert skipped(shell, body)
    again = shell.last_run()
    assert again.outputs["cache_hit"] == run.name
    assert again.outputs["stdout"] == run.outputs["stdout"] == "0\n1\n"
    assert first.startswith("0\n1\n")


def test_without_the_option_nothing_is_skipped(shell):
    shell.run_all("%%artifact made\ny = 1")
    assert "cache" not in shell.last_run().outputs
    assert not skipped(shell, "y = 1")
    assert skipped(shell, "y = 1")
    assert not skipped(shell, "y = 1", options="")
    assert not skipped(shell, "y = 1", options="--no-cache")


def test_the_setting_makes_it_the_rule(shell, monkeypatch):
    monkeypatch.setenv("ARTNB_CACHE", "true")
    shell.run_all("import artnb.repository\nartnb.repository.close_repositories()")
    shell.run_all(cell("y = 1", options=""))
    assert skipped(shell, "y = 1", options="")
    assert not skipped(shell, "y = 1", options="--no-cache")
    assert not skipped(shell, "y = 1", options="--no-files")


def test_a_comment_is_no_change_and_code_is(shell):
    shell.run_all(cell("y = 1"))
    assert skipped(shell, "# one\ny = 1  # really")
    assert "changed: the cell was edited" in said(shell, "y = 1 + 0")


def test_an_input_that_changed(shell):
    shell.run_all("import numpy as np\nx = np.ones(3)", cell("y = x * 2"))
    assert "changed: x changed" in said_after(shell, "x = np.zeros(3)", "y = x * 2")
    shell.run_all("x = np.ones(3)")
    assert skipped(shell, "y = x * 2")  # that of the first version
    assert shell.namespace["y"].tolist() == [2, 2, 2]
    assert shell.newest("made").version == "v0"


def test_a_function_that_changed_and_one_that_it_calls(shell):
    shell.run_all("def g(v):\n    return v + 1\ndef f(v):\n    return g(v)", cell("y = f(1)"))
    shell.run_all("def g(v):\n    # the same\n    return v + 1")
    assert skipped(shell, "y = f(1)")
    assert "g changed" in said_after(shell, "def g(v):\n    return v + 2", "y = f(1)")
    assert shell.namespace["y"] == 3
    text = said_after(shell, "def f(v):\n    return g(v) * 2", "y = f(1)")
    assert text.count("f changed") == 1


def test_a_property_and_a_default_that_changed(shell):
    source = "class C:\n    @property\n    def p(self):\n        return {}\nc = C()"
    shell.run_all(source.format(1), cell("y = c.p"))
    assert not skipped_after(shell, source.format(2), "y = c.p")
    assert shell.namespace["y"] == 2
    shell.run_all("def f(v=1):\n    return v", cell("z = f()", name="z"))
    shell.run_all("def f(v=2):\n    return v")
    assert not skipped(shell, "z = f()", name="z")


def test_an_imported_function_under_the_same_name(shell):
    shell.run_all("from math import floor as f", cell("y = f(1.5)"))
    assert not skipped_after(shell, "from math import ceil as f", "y = f(1.5)")
    assert shell.namespace["y"] == 2


def test_a_module_file_that_changed(shell, helper):
    helper("def f():\n    return 1\n")
    body = "import helper\ny = helper.f()"
    shell.run_all(cell(body))
    assert skipped(shell, body)
    helper("def f():\n    return 2\n")
    assert "module  helper.py" in repr(shell.run_all("%artnb why made").result)
    assert "changed: helper.py changed" in said(shell, body)
    assert shell.namespace["y"] == 2


def test_a_module_that_another_module_imports(shell, helper, tmp_path):
    (tmp_path / "helper2.py").write_text("def g():\n    return 1\n")
    helper("from helper2 import g\ndef f():\n    return g()\n")
    body = "from helper import f\ny = f()"
    shell.run_all(cell(body))
    assert skipped(shell, body)
    (tmp_path / "helper2.py").write_text("def g():\n    return 20\n")
    assert "helper2.py changed" in said(shell, body)


def test_a_module_that_was_edited_and_not_loaded_again(shell, helper, tmp_path):
    helper("def f():\n    return 1\n")
    body = "y = helper.f()"
    shell.run_all("import helper")
    (tmp_path / "helper.py").write_text("def f():\n    return 3\n")
    assert "the module was edited after it was imported (helper.py)" in said(shell, body)
    assert shell.namespace["y"] == 1


def test_a_module_that_was_edited_and_loaded_again_by_autoreload(shell, helper):
    text = """def f():
    return {0}

class Scale:
    def of(self, x):
        '''Return it scaled.

        By a fixed number.
        '''
        return {0} * x
"""
    helper(text.format(1))
    body = "y = helper.f() + helper.Scale().of(1)"
    shell.run_all("%load_ext autoreload", "%autoreload 2", "import helper", cell(body))
    helper("\n\n" + text.format(3), imported=True)
    try:
        assert "changed: helper.py changed" in said(shell, body)
        assert shell.namespace["y"] == 6
        assert "No artifact is out of date." in repr(shell.run_all("%artnb status").result)
        assert skipped(shell, body)
    finally:
        shell.run_all("%autoreload 0")


def test_a_value_in_a_module_that_was_set(shell, helper):
    helper("depth = 1\ndef f():\n    return depth\n")
    shell.run_all("import helper", cell("y = helper.f()"))
    assert skipped(shell, "y = helper.f()")
    assert "helper holds other values" in said_after(shell, "helper.depth = 2", "y = helper.f()")


def test_a_package_that_asks_how_many_processors_there_are(shell, tmp_path, monkeypatch):
    site = tmp_path / "site-packages"
    site.mkdir()
    asks = "import pathlib\ndef f():\n    try:\n        pathlib.Path({}).read_text()\n{}"
    rest = "    except OSError:\n        pass\n    return 1\n"
    (site / "asking.py").write_text(asks.format("'/sys/fs/cgroup/cpu.max'", rest))
    monkeypatch.syspath_prepend(site)
    shell.run_all("import asking", asks.format("path", rest), "path = '/sys/fs/cgroup/cpu.max'")
    shell.run_all(cell("y = asking.f()"))
    assert skipped(shell, "y = asking.f()")
    text = shell.run_all(
        "%%artifact own --cache\ny = f()"
    ).text  # the notebook may make what it likes of it
    assert "cannot be skipped: reads /sys/fs/cgroup/cpu.max" in text
    sys.modules.pop("asking")


def test_a_package_of_another_version(shell, tmp_path, monkeypatch):
    site = tmp_path / "site-packages"
    (site / "fakelib-1.0.dist-info").mkdir(parents=True)
    (site / "fakelib-1.0.dist-info/METADATA").write_text("Name: fakelib\nVersion: 1.0\n")
    (site / "fakelib.py").write_text("def f():\n    return 1\n")
    monkeypatch.syspath_prepend(site)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)  # nor is the compiled code a file of it
    from artnb.capture import surroundings

    body = "import fakelib\ny = fakelib.f()"
    shell.run_all(cell(body))
    assert skipped(shell, body)
    (site / "fakelib-1.0.dist-info/METADATA").write_text("Name: fakelib\nVersion: 1.1\n")
    surroundings._installed_version.cache_clear()  # as in a kernel that starts anew
    assert "package  fakelib" in repr(shell.run_all("%artnb why made:v0").result)
    assert "fakelib is 1.1, was 1.0" in said(shell, body)
    sys.modules.pop("fakelib")


def test_a_file_that_changed_and_one_that_came(shell):
    Path("in.txt").write_text("1")
    body = "import os\ny = open('in.txt').read() + str(os.path.exists('more.txt'))"
    shell.run_all(cell(body))
    assert skipped(shell, body)
    Path("in.txt").write_text("2")
    assert "changed: in.txt changed" in said(shell, body)
    shell.run_all(
        cell("try:\n    z = open('more.txt').read()\nexcept OSError:\n    z = ''", name="z")
    )
    Path("more.txt").write_text("here")
    assert "more.txt is there now" in said(
        shell, "try:\n    z = open('more.txt').read()\nexcept OSError:\n    z = ''", name="z"
    )


def test_a_file_that_native_code_reads_elsewhere(shell, tmp_path_factory):
    import pandas as pd

    path = tmp_path_factory.mktemp("elsewhere") / "t.parquet"
    pd.DataFrame({"a": [1]}).to_parquet(path)
    body = f"import pyarrow.parquet as pq\ny = pq.read_table({str(path)!r}).to_pydict()"
    shell.run_all(cell(body))
    assert skipped(shell, body)
    pd.DataFrame({"a": [2]}).to_parquet(path)
    assert not skipped(shell, body)
    assert shell.namespace["y"] == {"a": [2]}


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("with open(name, 'a') as f:\n    f.write('x\\n')", 2),
        ("import os\nf = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_APPEND)\n"
         "os.write(f, b'x\\n')\nos.close(f)", 2),
        ("import pandas as pd\npd.Series([1]).to_csv(name, mode='a', header=False)", 2),
        ("import os\nif os.path.exists('log.txt'):\n    open(name, 'w').write('x\\n' * 5)\n"
         "else:\n    open(name, 'w').write('x\\n')", 5),
        ("from pathlib import Path\ny = 1 + Path('log.txt').exists()\n"
         "Path(name).write_text('x\\n' * y)", 2),
    ],
    ids=["append", "append by the system's call", "pandas", "asks for it", "asks as a path"],
)  # fmt: skip
def test_a_file_that_the_cell_made_is_other_for_it_the_next_time(shell, body, lines):
    shell.run_all("name = 'log.txt'", cell(f"v = 1\n{body};"))
    assert not skipped(shell, f"v = 1\n{body};")
    assert len(Path("log.txt").read_text().splitlines()) == lines


def test_what_is_added_to_a_file_by_native_code(shell):
    pytest.importorskip("h5py")
    body = "import h5py\nwith h5py.File('n.h5', 'a') as f:\n    n = f.attrs.get('n', 0) + 1\n"
    body += "    f.attrs['n'] = n"
    shell.run_all(cell(body))
    assert not skipped(shell, body)
    assert shell.namespace["n"] == 2


def test_a_file_that_is_made_where_it_is_not_there_is_made_once(shell):
    body = "import os\nif not os.path.exists('d.txt'):\n    _ = open('d.txt', 'w').write('1')\n"
    body += "v = open('d.txt').read()"
    shell.run_all(cell(body), cell(body))
    assert skipped(shell, body)


@pytest.mark.parametrize(
    ("body", "asked", "wanted"),
    [
        ("class Box:\n    size = 1\nBox.size += 1", "Box.size", 2),
        ("class Box:\n    seen = []\nBox.seen.append(1)", "Box.seen", [1]),
        ("def f(v, seen=[]):\n    seen.append(v)\n    return len(seen)\na = f(1)", "f(2)", 2),
        ("class Box:\n    size = 1\nsetattr(Box, 'size', 2)", "Box.size", 2),
        ("def f(v):\n    return v\nf.k = 3", "f.k", 3),
        ("def f(v):\n    return v\ndef twice(g):\n    return lambda v: 2 * g(v)\nf = twice(f)",
         "f(2)", 4),
        ("seen = []\ndef note(c):\n    seen.append(c.__name__)\n    return c\n"
         "@note\nclass Box: pass", "seen", ["Box"]),
    ],
    ids=["attribute", "list", "default", "setattr", "of a function", "bound anew", "decorator"],
)  # fmt: skip
def test_a_definition_that_the_same_cell_changes_is_there_as_changed(shell, body, asked, wanted):
    shell.run_all(cell(f"a = 1\n{body}"))
    for name in ("a", "Box", "f", "twice", "seen", "note"):
        shell.namespace.pop(name, None)
    shell.run_all(cell(f"a = 1\n{body}"))
    assert shell.run_all(asked).result == wanted


@pytest.mark.parametrize(
    ("body", "reads"),
    [("y = _ + 1", "_"), ("y = Out[max(Out)] + 1", "Out"), ("y = len(In)", "In")],
)
def test_a_cell_that_reads_what_earlier_cells_said_is_not_skipped(shell, body, reads):
    shell.run_all("5", cell(body))
    assert f"reads what earlier cells said or showed: {reads} (line 2)" in said_after(
        shell, "6", body
    )
    shell.run_all(cell("z = [1 for _ in range(3)]", name="z"))
    assert skipped(shell, "z = [1 for _ in range(3)]", name="z")


@pytest.mark.parametrize(
    ("holds", "calls"),
    [
        ("x = np.array([f], dtype=object)", "x[0]()"),
        ("x = {'k': np.array([f], dtype=object)}", "x['k'][0]()"),
        ("x = pd.DataFrame({'a': [1]})\nx.attrs['f'] = f", "x.attrs['f']()"),
    ],
)
def test_a_function_that_an_array_or_a_frame_holds_reads_a_name(shell, holds, calls):
    shell.run_all("import numpy as np, pandas as pd", "k = 1\ndef f():\n    return k", holds)
    shell.run_all(cell(f"y = {calls}"))
    assert "changed: k changed" in said_after(shell, "k = 2", f"y = {calls}")
    assert shell.namespace["y"] == 2


def test_a_frame_takes_over_the_notes_of_another_one():
    frame, other = pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [2]})
    other.attrs["note"] = 6
    take_over(frame, other)
    assert frame["a"].tolist() == [2]
    assert frame.attrs == {"note": 6}


def test_a_setting_of_the_process_that_changed(shell):
    shell.run_all("import numpy as np", cell("y = np.ones(1)"))
    try:
        assert "numpy's error handling" in said_after(
            shell, "_old = np.seterr(all='raise')", "y = np.ones(1)"
        )
    finally:
        shell.run_all("np.seterr(**_old);")


def test_the_run_of_a_hit_uses_the_inputs_and_yields_the_same_version(shell):
    Path("in.csv").write_text("n\n" + "1\n" * 60)
    shell.run_all(
        "import numpy as np",
        "%%artifact raw\nraw = np.arange(50)",
        "%%artifact table\nimport shutil\n_ = shutil.copy('in.csv', 'copy.csv')",
    )
    body = "y = raw.sum() + len(open('copy.csv').read())"
    shell.run_all(cell(body))
    used = shell.used()
    assert used == {"raw:v0", "table:v0"}
    assert skipped(shell, body, options="--cache --alias again")
    run = shell.last_run()
    assert shell.used() == used
    assert [version.ref for version in shell.repository.logged(run.id)] == ["made:v0"]
    assert run.state == "finished"
    assert set(shell.newest("made").aliases) == {"latest", "again"}
    assert "No artifact is out of date." in repr(shell.run_all("%artnb status").result)


def test_a_cell_that_fails_is_never_skipped(shell):
    assert not shell.run(cell("y = 1 / 0")).success
    result = shell.run(cell("y = 1 / 0"))
    assert isinstance(result.error_in_exec, ZeroDivisionError)


def test_a_pickle_is_loaded_only_if_it_is_trusted(shell):
    body = "import functools\ny = functools.partial(int, '2')"
    assert "y is kept as pickle, which can run code: add --trust" in said(shell, body)
    assert "would skip, but: y is kept as pickle" in said(shell, body)
    assert skipped(shell, body, options="--cache --trust")
    assert shell.run_all("y()").result == 2


def test_damage_makes_the_cell_run(shell):
    shell.run_all("import numpy as np", cell("y = np.arange(100_000)"))
    version = shell.newest("made")
    digest = next(iter(shell.repository.manifest(version))).digest
    (path,) = [p for p in shell.repository.root.rglob("*") if p.is_file() and digest[2:] in p.name]
    path.chmod(0o644)
    path.write_bytes(b"x" * path.stat().st_size)
    shell.run_all("del y")
    assert "would skip, but: " in said(shell, "y = np.arange(100_000)")
    assert shell.namespace["y"].size == 100_000


def test_why_says_what_keeps_it_from_being_skipped(shell):
    shell.run_all(cell("import time\ny = time.time()"))
    text = repr(shell.run_all("%artnb why made").result)
    assert "cannot be skipped" in text
    assert "reads the clock: time.time (line 3)" in text
    shell.run_all(cell("z = 1", name="z"))
    assert "is skipped when nothing of this changes" in repr(shell.run_all("%artnb why z").result)


def test_options_that_contradict(shell):
    assert "leave --no-files out" in shell.refused("%%artifact y --cache --no-files\ny = 1")


def test_a_run_that_was_deleted_stands_for_none(shell):
    """What it showed and left is gone with it; its version, which the new run makes, is not."""
    body = "y = [1, 2]\nprint('shown')"
    said(shell, body)
    first = shell.last_run()
    shell.repository.delete_run(first.id)
    assert "skipped" not in said(shell, body)
    assert len(shell.repository.versions(first.project)) == 1
    assert skipped(shell, body)


def test_a_run_that_was_skipped_needs_no_other(shell):
    """The first may be deleted and collected: what both left and showed stays with the second."""
    body = "import numpy as np\ny = np.arange(3)\nz = y.sum()\nnp.random.seed(1)\nprint('shown')"
    said(shell, body, options="--cache --out y")
    first = shell.last_run()
    assert skipped(shell, body, options="--cache --out y")
    second = shell.last_run()
    shell.repository.delete_run(first.id)
    shell.repository.maintenance.collect(grace=0)
    assert shell.repository.maintenance.verify().damage == ()
    del shell.namespace["z"]
    assert skipped(shell, body, options="--cache --out y")
    assert shell.namespace["z"] == 3
    assert shell.last_run().outputs["cache"]["origin"] == first.id
    assert second.outputs["cache"]["shown"] == shell.last_run().outputs["cache"]["shown"]


def test_a_skipped_cell_was_made_from_the_versions_that_it_reads_now(shell):
    shell.run_all("n = 0", cell("x = [1, 2]\nt = n", name="base", options=""), cell("y = sum(x)"))
    shell.run_all("n = 1", cell("x = [1, 2]\nt = n", name="base", options=""))
    assert skipped(shell, "y = sum(x)")
    assert shell.used() == {"base:v1"}
    assert "No artifact is out of date" in repr(shell.run_all("%artnb status").result)


def test_an_input_without_content_is_the_reason_each_time(shell):
    shell.run_all("import threading\nlock = threading.Lock()")
    why = "lock is a lock without content to compare"
    assert why in said(shell, "y = lock.locked()")
    shell.run_all("lock = threading.Lock()")
    assert f"would skip, but: {why}" in said(shell, "y = lock.locked()")


def test_what_has_a_logger_does_not_reach_all_that_others_have_of_loggers(shell):
    shell.run_all(
        "import logging\ndef f():\n    return n\nn = 1\n"
        "other = logging.getLogger('other')\nother.addFilter(f)",
        "class Engine:\n    logger = None\nengine = Engine()\n"
        "engine.logger = logging.getLogger('engine')",
        cell("y = engine.logger.name"),
    )
    assert "f" not in shell.last_run().outputs["inputs"]
    shell.run_all("n = 2")
    assert skipped(shell, "y = engine.logger.name")
    shell.run_all(cell("y = other.name"), "n = 3")
    assert "changed: n" in said(shell, "y = other.name")
    shell.run_all("other.removeFilter(f)")


def test_only_a_pickle_with_code_of_the_notebook_is_no_reason_to_run_again(shell):
    made = "import math, types\nheld = types.SimpleNamespace(lib=math{own})\ny = 1"
    assert "cannot be skipped" not in said(shell, made.format(own=""), options="--cache --trust")
    assert skipped(shell, made.format(own=""), options="--cache --trust")
    assert shell.namespace["held"].lib.sqrt(4) == 2
    text = said(shell, made.format(own=", f=lambda: 1"), name="other", options="--cache --trust")
    assert "held (SimpleNamespace) is kept as a pickle with code of the notebook inside" in text
