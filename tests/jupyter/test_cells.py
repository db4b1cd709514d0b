"""What a cell with the header records, in a shell in this process."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from artnb.errors import StoreFullError
from artnb.repository import Repository
from artnb.serializers import frames
from artnb.serializers.base import LacksPackage

RAW = "%%artifact raw --type dataset\nimport numpy as np\nraw = np.arange(1000)\nscale = 3"


def entries(shell, version):
    return {entry.path: entry for entry in shell.repository.manifest(version)}


def test_stored_names_become_entries(shell):
    result = shell.run_all(RAW)
    version = shell.newest("raw")
    found = entries(shell, version)
    assert set(found) == {"raw.npy", "scale.json"}
    assert found["raw.npy"].variable == "raw"
    assert (version.type, version.version, version.aliases) == ("dataset", "v0", ("latest",))
    run = shell.last_run()
    assert (run.state, run.job_type) == ("finished", "raw")
    assert f"raw:v0 · 2 entries · 8.1 kB · run {run.name}" in result.text


def test_the_line_says_what_a_version_was_made_from(shell):
    made = [f"%%artifact a{n}\na{n} = [{n}]" for n in range(4)]
    said = shell.run_all(*made, "%%artifact two\ntwo = a0 + a0 + a1").text
    assert "· from a0:v0, a1:v0 · run" in said
    said = shell.run_all("%%artifact all\nall_ = a0 + a1 + a2 + a3").text
    assert re.search(r"· from (a\d:v0, ){2}a\d:v0 and 1 more · run", said)


def test_the_same_content_makes_no_new_version(shell):
    shell.run_all(RAW)
    result = shell.run_all(RAW)
    assert "raw · unchanged (v0)" in result.text
    assert shell.newest("raw").number == 0
    assert len(shell.repository.runs("uncategorized")) == 2
    assert shell.used() == set()


def test_a_pickle_of_the_same_content_makes_no_new_version(shell):
    cell = (
        "%%artifact x\nimport torch\ntorch.manual_seed(0)\nmodel = torch.nn.Linear(2, 1)\n"
        "optimizer = torch.optim.Adam(model.parameters(), lr={})\n"
        "model(torch.ones(1, 2)).sum().backward()\noptimizer.step()"
    )
    shell.run_all(cell.format(0.1))
    assert "unchanged (v0)" in shell.run_all(cell.format(0.1)).text
    assert "x:v1" in shell.run_all(cell.format(0.2)).text


def test_the_axes_of_a_kept_figure_are_left_out(shell):
    shell.run_all(
        "from matplotlib.figure import Figure",
        "%%artifact x\nfig = Figure()\nax = fig.add_subplot()",
    )
    assert set(entries(shell, shell.newest("x"))) == {"fig.png"}
    assert shell.last_run().outputs["left_out"] == {"ax": "part of a figure"}


def test_imported_functions_and_classes_are_no_inputs(shell):
    shell.run_all(
        "from collections import Counter\nfrom math import sqrt",
        "%%artifact x\nv = sqrt(4) + len(Counter())",
    )
    assert shell.last_run().outputs["inputs"] == {}


def test_changed_content_makes_a_version(shell):
    shell.run_all(RAW, RAW.replace("1000", "1001"))
    assert shell.newest("raw").number == 1


def test_options_reach_the_version_and_the_run(shell):
    shell.run_all(
        "facts = {'rows': 3}",
        "%%artifact x --type model --job-type train --alias best --tag red --project lab "
        "--description 'a <b>' --metadata facts\nv = 1",
    )
    version = shell.newest("x", "lab")
    assert (version.type, version.description) == ("model", "a <b>")
    assert version.metadata == {"rows": 3}
    assert set(version.aliases) == {"latest", "best"}
    assert version.tags == ("red",)
    assert shell.last_run("lab").job_type == "train"


def test_imports_functions_classes_and_handles_are_no_entries(shell):
    cell = (
        "%%artifact x\nimport os\nfrom math import pi, sqrt\nimport artnb\n"
        "def f():\n    return 1\nclass K:\n    pass\n"
        "for i in range(2):\n    v = i\n_hidden = 3\nhandle = artnb.Api()"
    )
    shell.run_all(cell)
    assert {e.variable for e in entries(shell, shell.newest("x")).values()} == {"v"}
    assert shell.last_run().outputs["left_out"] == {
        "f": "code",
        "K": "code",
        "_hidden": "private",
        "handle": "handle",
        "i": "temporary",
    }


def test_a_name_of_the_shells_that_the_cell_binds_anew_is_an_entry(shell):
    shell.run_all("%%artifact x\nopen = 5\na = 1")
    assert {e.variable for e in entries(shell, shell.newest("x")).values()} == {"open", "a"}


def test_what_is_asked_after_the_cell_finds_itself_in_a_notebook(shell):
    shell.run_all(
        "import builtins\nasked = []\n"
        "class Asks:\n    def __getstate__(self):\n"
        "        asked.append(hasattr(builtins, 'get_ipython'))\n        return {}",
        "%%artifact x\nvalue = Asks()",
    )
    assert set(shell.namespace["asked"]) == {True}


def test_out_chooses_the_entries(shell):
    shell.run_all("%%artifact x --out a,i\na = 1\nb = 2\nfor i in range(3):\n    pass")
    assert {e.variable for e in entries(shell, shell.newest("x")).values()} == {"a", "i"}


def test_out_of_an_unknown_name_fails_the_cell(shell):
    result = shell.run("%%artifact x --out accurcy\naccuracy = 1")
    assert "did you mean 'accuracy'" in str(result.error_in_exec)
    assert shell.namespace["accuracy"] == 1
    assert shell.last_run().state == "failed"


def test_a_cell_without_values_is_a_run_without_version(shell):
    result = shell.run_all("%%artifact x\nprint('hi')")
    assert "no values to keep" in result.text
    assert shell.last_run().state == "finished"
    assert shell.repository.collections("uncategorized") == []


def test_a_value_changed_in_place_is_an_entry(shell):
    shell.run_all("data = {'k': [1]}", "%%artifact x\ndata['k'].append(2)")
    assert set(entries(shell, shell.newest("x"))) == {"data.json"}


def test_what_is_read_and_held_is_used(shell):
    shell.run_all(RAW, "%%artifact clean\nclean = raw * scale\n")
    assert shell.used() == {"raw:v0"}
    assert shell.last_run().config == {"scale": 3}
    assert shell.last_run().outputs["inputs"]["raw"]["version"] == "raw:v0"


def test_a_value_that_changed_since_is_not_the_version(shell):
    shell.run_all(RAW, "raw[0] = 5\nscale = 4", "%%artifact clean\nclean = raw * scale")
    assert shell.used() == set()
    assert shell.last_run().outputs["inputs"]["raw"]["role"] == "variable"


def test_a_value_is_found_by_content_under_another_name(shell):
    shell.run_all(RAW, "other = raw.copy()", "%%artifact clean\nclean = other + 1")
    assert shell.used() == {"raw:v0"}


def test_small_values_are_not_found_by_content(shell):
    shell.run_all(RAW, "three = 3", "%%artifact x\nv = three + 1")
    assert shell.used() == set()
    assert shell.last_run().config == {"three": 3}


def test_an_input_of_a_failed_cell_is_recorded(shell):
    shell.run_all(RAW)
    shell.run("%%artifact bad\nv = raw[99999]")
    assert shell.last_run().state == "failed"
    assert shell.used() == {"raw:v0"}


def test_a_handle_that_is_read_is_used(shell):
    shell.run_all(
        RAW,
        "import artnb\nart = artnb.Api().artifact('uncategorized/raw:v0')",
        "%%artifact x\nv = art.version",
    )
    assert shell.used() == {"raw:v0"}


def test_a_value_loaded_by_the_magic_is_used(shell):
    shell.run_all(RAW, "del raw", "%artnb load raw as mine", "%%artifact x\nv = mine['raw'].sum()")
    assert shell.used() == {"raw:v0"}


def test_an_open_run_and_a_cell_are_two_runs(shell):
    shell.run_all(
        "import artnb\nrun = artnb.init(project='lab', job_type='outer')",
        "%%artifact x\nv = 1\nartnb.log({'loss': 0.5})",
        "run.finish()",
    )
    cell, outer = shell.repository.runs("lab")
    assert (cell.job_type, outer.job_type) == ("x", "outer")
    assert [version.ref for version in shell.repository.logged(cell.id)] == ["x:v0"]
    assert shell.repository.history(outer.id)[0]["loss"] == 0.5
    assert shell.repository.history(cell.id) == []


def test_a_run_opened_in_the_cell_is_its_own(shell):
    shell.run_all(
        "%%artifact x --project lab\nimport artnb\n"
        "with artnb.init(project='lab', job_type='inner') as run:\n    run.log({'a': 1})\nv = 2"
    )
    states = {run.job_type: run.state for run in shell.repository.runs("lab")}
    assert states == {"x": "finished", "inner": "finished"}


GUESSES = {
    "v = 1": "result",
    "import numpy as np\nv = np.ones(3)": "dataset",
    "import pandas as pd\nv = pd.DataFrame({'a': [1]})": "dataset",
    "import torch\nv = torch.ones(3)\nn = 1": "dataset",
    "import torch\nv = torch.nn.Linear(1, 1)\nlosses = torch.ones(2)": "model",
    "import torch\nv = torch.nn.Linear(1, 1).state_dict()": "model",
    "from matplotlib.figure import Figure\nv = Figure()": "figure",
}


@pytest.mark.parametrize(("body", "type"), GUESSES.items())
def test_the_type_is_guessed_from_the_values(shell, body, type):
    shell.run_all(f"%%artifact x\n{body}")
    assert shell.newest("x").type == type


def test_a_collection_keeps_its_type(shell):
    shell.run_all(
        "%%artifact x --type note\nv = 1", "%%artifact x\nimport numpy as np\nv = np.ones(1)"
    )
    assert shell.newest("x").ref == "x:v1"
    assert shell.newest("x").type == "note"
    message = shell.refused("%%artifact x --type model\nv = 3")
    assert "has the type 'note', not 'model'" in message
    assert len(shell.repository.runs("uncategorized")) == 2


def test_what_cannot_be_saved_is_said_and_does_no_harm(shell):
    result = shell.run_all("%%artifact x\nimport threading\nlock = threading.Lock()\nv = 1")
    assert "could not be saved: lock (lock)" in result.text
    assert {e.variable for e in entries(shell, shell.newest("x")).values()} == {"lock", "v"}


def test_what_the_shell_gives_as_a_result_is_kept(shell):
    body = """
files = !echo one two
took = %timeit -o -q -n1 -r1 1 + 1
from IPython.display import HTML, display
page = HTML("<b>x</b>")
handle = display(page, display_id=True)
"""
    shell.run_all(f"%%artifact x{body}", "%%artifact y\n%%capture said\nprint('said')")
    kept = {e.variable for e in entries(shell, shell.newest("x")).values()}
    assert kept == {"files", "took", "page"}
    shell.run_all("del files, took, page, said", "%artnb restore x --trust")
    shell.run_all("%artnb restore y --trust")
    assert shell.namespace["files"].fields() == [["one", "two"]]
    assert shell.namespace["took"].loops == 1
    assert shell.namespace["page"].data == "<b>x</b>"
    assert shell.namespace["said"].stdout == "said\n"


def test_a_pickle_for_want_of_a_package_says_so_and_is_none_once_that_is_installed(
    shell, monkeypatch
):
    def lacking(doing):
        raise LacksPackage("pyarrow", "frames")

    cell = "%%artifact x\nimport pandas as pd\nf = pd.DataFrame({'a': [1]})\ng = f * 2\nn = 1"
    # Not out of sys.modules: pandas, which has it already, may need it for a frame's labels.
    with monkeypatch.context() as missing:
        missing.setattr(frames, "_pyarrow", lacking)
        text = shell.run_all(cell).text
        said = "for pyarrow is not installed: pip install 'artnb[frames]'"
        assert f"f, g kept as pickles, {said}" in text
        assert "* loaded with --trust only" in shell.run("%artnb show x").text
    shell.run_all(cell)
    assert entries(shell, shell.newest("x"))["f.parquet"].variable == "f"
    assert "trust" not in shell.run("%artnb show x").text


def test_a_full_disk_fails_the_cell_visibly_and_keeps_the_variables(shell, monkeypatch):
    def full(*args, **kwargs):
        raise StoreFullError("no room left in /data; free some.")

    monkeypatch.setattr(Repository, "commit", full)
    result = shell.run("%%artifact x\nv = 1")
    assert "no room left in /data" in str(result.error_in_exec)
    assert not shell.shell.last_execution_succeeded
    assert "The variables are as the cell left them" in result.text
    assert shell.namespace["v"] == 1
    assert shell.last_run().state == "failed"


def test_our_error_does_not_hide_the_persons(shell, monkeypatch):
    def broken(*args, **kwargs):
        raise StoreFullError("no room left.")

    monkeypatch.setattr(Repository, "finish_run", broken)
    result = shell.run("%%artifact x\n1 / 0")
    assert isinstance(result.error_in_exec, ZeroDivisionError)
    assert "could not be recorded: no room left" in result.text


def test_an_error_before_the_cell_keeps_it_from_running(shell, monkeypatch):
    def broken(*args, **kwargs):
        raise StoreFullError("no room left.")

    monkeypatch.setattr(Repository, "start_run", broken)
    assert "no room left" in shell.refused("%%artifact x\nv = 1")
    assert "v" not in shell.namespace


def test_a_bug_of_ours_is_told_with_its_class(shell, monkeypatch):
    import artnb.jupyter.cells as cells

    def broken(*args, **kwargs):
        raise AttributeError("oops")

    monkeypatch.setattr(cells, "choose", broken)
    result = shell.run("%%artifact x\nv = 1")
    assert "AttributeError: oops" in str(result.error_in_exec)


@pytest.mark.parametrize("cell", ["\nv = 1", "\n1 / 0", " --bad\nv = 1", "\nv = = 1"])
def test_streams_and_hooks_are_put_back(shell, cell):
    watched = (shell.shell.display_pub, shell.shell.displayhook)
    before = [set(vars(each)) for each in watched]
    shell.run(f"%%artifact x{cell}")
    assert [set(vars(each)) for each in watched] == before
    assert shell.shell.ast_transformers == []


class Transformer:
    """One of the person's own."""

    def __init__(self):
        self.seen = 0

    def visit(self, tree):
        self.seen += 1
        return tree


def test_a_person_s_own_transformers_are_asked_as_ever(shell):
    before, after = Transformer(), Transformer()
    transformers = shell.shell.ast_transformers
    shell.run_all("import artnb")
    transformers.append(before)
    shell.shell.events.register("pre_run_cell", add := lambda _: transformers.append(after))
    try:
        shell.run_all("%%artifact a\nx = 1")
    finally:
        shell.shell.events.unregister("pre_run_cell", add)
    assert (before.seen, after.seen) == (1, 1)
    assert transformers == [before, after]
    transformers.clear()


def test_ipython_has_no_tree_to_walk_once_more_while_the_cell_runs(shell):
    shell.run_all("%%artifact a\nstanding = list(get_ipython().ast_transformers)")
    assert shell.shell.user_ns["standing"] == []
    assert shell.run("print('once')").text == "once\n"


def test_an_interrupt_that_leaves_no_result_closes_the_run(shell):
    hooks = shell.shell._artnb_extension.hooks
    shell.shell.events.unregister("post_run_cell", hooks.post_run_cell)
    shell.run("%%artifact x\nv = 1")
    shell.shell.events.register("post_run_cell", hooks.post_run_cell)
    hooks.post_run_cell(None)
    assert shell.last_run().state == "failed"
    shell.run_all("%%artifact x\nv = 1")


def test_a_cell_that_unloads_artnb_ends_its_run(shell):
    shell.run_all("%%artifact x\nv = 1\n%unload_ext artnb\nw = 2")
    assert shell.last_run().state == "failed"
    assert "unloaded" in shell.last_run().outputs["error"]["message"]
    assert shell.namespace["w"] == 2
    shell.run_all("%load_ext artnb")


def test_empty_cells_do_not_confuse_the_hooks(shell):
    for cell in ("", "  \n", "%%artifact x\nv = 1", "", "%%artifact x\nv = 2"):
        shell.run_all(cell)
    assert shell.newest("x").number == 1


def test_cells_without_the_header_make_no_runs(shell):
    shell.run_all("a = 1", "# artifact\nb = 2", "'%%artifact x'")
    assert not (shell.repository.root / "catalog.db").exists() or not shell.repository.runs(
        "uncategorized"
    )


def test_disabled_records_nothing(shell, monkeypatch):
    monkeypatch.setenv("ARTNB_MODE", "disabled")
    shell.run_all("%%artifact x\nv = 1")
    assert shell.namespace["v"] == 1
    monkeypatch.delenv("ARTNB_MODE")
    assert shell.repository.projects() == []


def test_a_consumed_generator_is_noted(shell):
    text = shell.run_all("g = (v for v in [1, 2])", "%%artifact x\nv = next(g)").text
    assert shell.last_run().outputs["consumed"] == ["g"]
    assert "g moved on: run again, the cell takes what comes next" in text


def test_the_code_holds_what_the_cell_can_reach(shell):
    shell.run_all(
        "def inner():\n    return 1",
        "class Model:\n    def run(self):\n        return inner()",
        "%%artifact x\nv = Model().run()",
    )
    code = shell.repository.code(shell.last_run().id)
    assert code.startswith("%%artifact x\nv = Model().run()\n")
    assert code.index("class Model:") < code.index("def inner():")


def test_long_output_is_cut_and_progress_bars_keep_their_end(shell):
    shell.run_all("%%artifact x\nv = 1\nprint('10%\\r50%\\r100%')\nprint('y' * 100_000)")
    kept = shell.last_run().outputs["stdout"]
    assert kept.startswith("100%\nyyy")
    assert kept.endswith("(cut)")
    assert len(kept) < 70_000


def test_a_cell_that_deletes_its_own_run_keeps_its_values(shell):
    """The version is made, by a deleted run; nothing is lost, and it is said."""
    with pytest.warns(UserWarning, match="was deleted.*What it logged since is not kept"):
        result = shell.run(
            "%%artifact made\nimport artnb\nmade = [1, 2]\n"
            "artnb.Api().runs('uncategorized')[0].delete(force=True)"
        )
    assert result.error_in_exec is None
    version = shell.newest("made")
    assert shell.repository.logged_by(version.id) == []
    (run,) = shell.repository.logged_by(version.id, deleted=True)
    assert run.state == "deleted"
    assert shell.repository.runs("uncategorized") == []
    assert shell.repository.maintenance.verify().damage == ()


def test_what_a_script_binds_is_made_by_the_cell_that_runs_it(shell):
    Path("script.py").write_text("n = 4\nif n:\n    m = 5\n")
    for _ in range(2):  # bound to the same small numbers again
        shell.run_all("%%artifact x\n%run script.py\nsum_ = n + m")
        entries = shell.repository.manifest(shell.newest("x"))
        assert [entry.variable for entry in entries] == ["m", "n", "sum_"]
        assert shell.last_run().config == {}


def test_a_script_that_runs_among_the_notebooks_variables_reads_them(shell):
    Path("inside.py").write_text("found = [rate] * 2\n")
    shell.run_all("rate = 0.5", "%%artifact x\n%run -i inside")
    assert shell.last_run().config == {"rate": 0.5}
    assert [entry.variable for entry in shell.repository.manifest(shell.newest("x"))] == ["found"]


def test_a_large_value_that_a_version_holds_is_taken_for_that(shell, monkeypatch):
    monkeypatch.setenv("ARTNB_HASH_BUDGET", "1MB")
    shell.run_all("import numpy as np", "%%artifact big --out x\nx = np.zeros(1 << 18)")
    text = shell.run_all("%%artifact sum_\ns = x.sum()").text
    said = "x is over the budget of 1.0 MB: it is taken for that of big:v0, and not compared"
    assert said in text
    assert shell.used() == {"big:v0"}
    text = shell.run_all("x = np.ones(1 << 18)", "%%artifact sum_\ns = x.sum()").text
    assert "x is over the budget of 1.0 MB: --out x keeps it" in text
