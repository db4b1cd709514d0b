"""In a real kernel a cell with the first line does what it does without it."""

from __future__ import annotations

import re
import sys

import pytest
from kernels import open_notebook

from artnb.repository import close_repositories, open_repository
from artnb.settings import Settings

SAME = {
    "a value is shown": "6 * 7",
    "a semicolon silences": "6 * 7;",
    "the last value is _": "6 * 7\n_",
    "a stream": "print('out')\nimport sys\nprint('err', file=sys.stderr)",
    "a display": "from IPython.display import display, HTML\ndisplay(HTML('<i>hi</i>'))",
    "await": "import asyncio\nawait asyncio.sleep(0, 'slept')",
    "async for": "async def g():\n    yield 1\n[v async for v in g()]",
    "a failure": "v = 1\n\nv / 0",
    "a failure in a function": "def f():\n    raise KeyError('k')\n\nf()",
    "a failure after await": "import asyncio\nawait asyncio.sleep(0)\nraise ValueError('v')",
    "a syntax error": "v = 1\nv = = 2",
    "an exit": "raise SystemExit(3)",
    "a line magic": "%pwd",
    "a shell line": "!echo {1 + 1}",
    "an assigned shell line": "v = !echo two\nv[0]",
    "help": "len?",
    "only a comment": "# nothing",
    "an indented body": "if True:\n    v = 3\nv",
    "a docstring first": "'''text'''\n3",
    "a magic in a loop": "for i in range(2):\n    %cd -q .\n    print(i)",
    "an exception group": "raise ExceptionGroup('g', [ValueError(1)])",
}

_COLOUR = re.compile(r"\\x1b\[[0-9;]*m")
_DIFFERS = re.compile(r"In ?\[\d+\]|\d+\.py|[\d.]+ ?(?:ns|.s|s)\b|(?:# %|%%)artifact \w+|# comment")


def joined(outputs):
    """Join what was printed in a row, stream by stream: what comes at once, and which of the
    streams first, depends on the clock, in a cell that is no run as well."""
    found, printed = [], {}
    for out in outputs:
        if out["output_type"] != "stream":
            printed = {}
            found.append(out)
        elif out["name"] in printed:
            printed[out["name"]]["text"] += out["text"]
        else:
            printed[out["name"]] = dict(out)
            row = sorted(printed.values(), key=lambda each: each["name"], reverse=True)
            found[len(found) - len(row) + 1 :] = row
    return found


def comparable(ran):
    """Return what a person sees of a cell, without what differs from run to run."""
    shown = []
    for out in joined(ran.outputs):
        if "artnb-line" in str(out):
            continue
        text = str({k: v for k, v in out.items() if k not in ("execution_count", "metadata")})
        text = _COLOUR.sub("", text)
        if "To exit: use" not in text and "dhist" not in text:  # IPython says so once
            # IPython 8 leaves out a blank line where it shows a comment.
            shown.append(_DIFFERS.sub("", text).replace(r"      1 \n", ""))
    message = _DIFFERS.sub("", ran.reply.get("evalue", ""))
    return ran.reply["status"], ran.reply.get("ename"), message, shown


@pytest.mark.parametrize("body", SAME.values(), ids=SAME)
@pytest.mark.parametrize("header", ["%%artifact {}", "# %artifact {}"])
def test_a_cell_is_the_same_with_and_without_the_header(notebook, name, body, header):
    without = notebook.run("# comment\n" + body)
    with_it = notebook.run(header.format(name) + "\n" + body)
    assert comparable(with_it) == comparable(without)


@pytest.mark.parametrize("body", SAME.values(), ids=SAME)
def test_a_cell_is_the_same_where_all_cells_are_runs(notebook, body):
    without = notebook.run("# comment\n" + body)
    notebook.run_all("%artnb auto on")
    try:
        with_it = notebook.run("# comment\n" + body)
    finally:
        notebook.run_all("%artnb auto off")
    assert comparable(with_it) == comparable(without)


@pytest.mark.parametrize("header", ["%%artifact {}\n", ""])
def test_an_array_is_resized_in_place_as_ever(notebook, name, header):
    header = header.format(name)
    notebook.run_all(
        f"%%artifact {name}\nimport numpy as np\ncount = np.arange(2)",
        f"{header}count.resize(3)",
        f"{header}count.resize((2, 2), refcheck=False)",
    )
    assert notebook.value("count.tolist()") == "[[0, 1], [0, 0]]"


ELSEWHERE = {
    "a child process": "import subprocess\nsubprocess.call('echo said; echo bad >&2', shell=True)",
    "the shell": "import os\nos.system('echo said; echo bad >&2')",
    "descriptors": "import os\nos.write(2, b'bad\\n')\nos.write(1, b'said\\n')",
    "a forked process": """
import multiprocessing, sys
def say():
    print("said")
    print("bad", file=sys.stderr)
child = multiprocessing.get_context("fork").Process(target=say)
child.start()
child.join()
""",
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="no clocks of other threads")
@pytest.mark.parametrize("body", ELSEWHERE.values(), ids=ELSEWHERE)
def test_what_is_printed_elsewhere_is_kept_with_the_run(notebook, name, repository, body):
    for _ in range(5):  # it comes by other threads
        notebook.run_all(f"%%artifact {name}\n{body}", "%artnb save")
        outputs = repository.runs("uncategorized")[0].outputs
        assert (outputs["stdout"], outputs["stderr"]) == ("said\n", "bad\n")


def test_what_a_forked_process_prints_later_harms_nothing(notebook, name, repository):
    body = """
import os
hear, tell = os.pipe()
done, end = os.pipe()
if not os.fork():
    os.read(hear, 1)
    print("late", flush=True)
    os.write(end, b".")
    os._exit(0)
"""
    notebook.run_all(f"%%artifact {name}\n{body}", "os.write(tell, b'.'); os.read(done, 1)")
    assert "stdout" not in repository.runs("uncategorized")[0].outputs


def test_out_and_underscore_are_as_without_it(notebook, name):
    before = int(notebook.value("get_ipython().execution_count"))
    notebook.run_all(f"%%artifact {name}\nv = 1\n'first'", f"%%artifact {name}\n'second'")
    assert notebook.value(f"(_, __, Out[{before}], len(In))") == str(
        ("second", "first", "first", before + 2)
    )


def test_line_numbers_of_a_traceback_are_those_of_the_cell(notebook, name):
    ran = notebook.run(f"%%artifact {name}\nv = 1\n\n1 / 0")
    assert "line 4" in ran.traceback
    assert "----> 4 1 / 0" in ran.traceback


@pytest.mark.parametrize("first", ["%%artifact {}", "with artnb.init() as run:"])
def test_a_warning_names_the_line_of_the_cell(notebook, name, first):
    notebook.run_all("import artnb")
    cell = "\n  artnb.log({'a': 1}, step=3)\n\n  artnb.log({'a': 1}, step=2)"
    if first.startswith("%%"):
        cell = cell.replace("  ", "")
    ran = notebook.run(first.format(name) + cell)
    assert re.search(
        r"ipykernel_\d+/\d+\.py:4: StepWarning: .*left out.*\n +artnb\.log\({'a': 1}, step=2\)",
        ran.stream("stderr"),
    )


def test_a_failing_cell_fails_once_and_writes_no_version(notebook, name, repository):
    ran = notebook.run(f"%%artifact {name}\nv = 1\nprint('before')\n1 / 0", cell_id="cell-7")
    assert ran.error == "ZeroDivisionError: division by zero"
    assert len(ran.errors) == 1
    assert "no version" in ran.line
    run = repository.runs("uncategorized")[0]
    assert run.state == "failed"
    assert run.outputs["stdout"] == "before\n"
    assert run.outputs["error"]["name"] == "ZeroDivisionError"
    assert "1 / 0" in run.outputs["error"]["traceback"]
    assert "IPython" not in run.outputs["error"]["traceback"]
    assert repository.logged(run.id) == []
    assert name not in {c.name for c in repository.collections("uncategorized")}


def test_an_error_in_another_cell_does_not_end_a_run_that_is_open(notebook):
    notebook.run_all("import artnb", "opened = artnb.init(project='open')")
    assert not notebook.run("1 / 0").ok
    notebook.run_all("opened.log({'a': 1})")
    assert notebook.value("opened.state") == "'running'"
    notebook.run_all("opened.finish()")
    assert notebook.value("opened.state") == "'finished'"


def test_an_interrupt_ends_the_cell_and_fails_the_run(notebook, name, repository):
    marker = notebook.folder / name
    body = f"v = 1\nopen('{marker}', 'w').close()\nimport time\ntime.sleep(60)"
    ran = notebook.interrupt_when(marker, notebook.start(f"%%artifact {name}\n{body}"))
    assert ran.reply["ename"] == "KeyboardInterrupt"
    assert repository.runs("uncategorized")[0].state == "failed"
    assert notebook.run("v").result == "1"
    assert notebook.run_all(f"%%artifact {name}\nw = 2").line.startswith(f"{name}:v0")


def test_await_makes_a_version(notebook, name):
    ran = notebook.run_all(f"%%artifact {name}\nimport asyncio\nv = await asyncio.sleep(0, 5)")
    assert ran.line.startswith(f"{name}:v0 · 1 entry")


def test_the_cell_and_its_place_are_recorded(notebook, name, repository):
    notebook.run_all("def helper():\n    return 3")
    cell = f"%%artifact {name}\nv = helper()"
    assert notebook.run(cell, cell_id="cell-42").ok
    # A page's cell is saved after it has ended, on a busy machine after its reply.
    notebook.run_all("get_ipython()._artnb_extension.session.saver.settle()")
    run = repository.runs("uncategorized")[0]
    assert (run.cell_id, run.notebook, run.job_type) == ("cell-42", "lesson.ipynb", name)
    code = repository.code(run.id)
    assert code.startswith(cell)
    assert "def helper():\n    return 3" in code


def test_edges_across_cells(notebook, name, repository):
    notebook.run_all(
        f"%%artifact {name}-raw\nimport numpy as np\nraw = np.arange(100)\nscale = 2",
        "factor = 3\ndef scaled():\n    return raw * scale * factor",
        f"%%artifact {name}-clean\nclean = scaled()",
    )
    run = repository.runs("uncategorized")[0]
    assert [version.ref for version in repository.used(run.id)] == [f"{name}-raw:v0"]
    assert run.config == {"factor": 3, "scale": 2}


def test_a_bad_option_fails_the_cell_before_its_body(notebook, name):
    ran = notebook.run(f"%%artifact {name} --tpye dataset\nprint('ran')\nwrong = 1")
    assert "no option --tpye" in ran.error
    assert "did you mean '--type'" in ran.error
    assert ran.stream() == ""
    assert len(ran.traceback.splitlines()) == 1
    assert notebook.value("'wrong' in globals()") == "False"


@pytest.mark.parametrize(
    "cell",
    [
        "%%time\n%%artifact {}\nv = 5",
        "%%capture\n%%artifact {}\nv = 5",
        "%%artifact {}\n%%time\nv = 5",
        "%%time\n# %artifact {}\nv = 5",
        "get_ipython().run_cell_magic('artifact', '{}', 'v = 5')",
    ],
)
def test_magics_nest(notebook, name, cell):
    ran = notebook.run_all(cell.format(name))
    assert ran.line.startswith(f"{name}:v0 · 1 entry")


@pytest.mark.parametrize("magic", ["%%time", "%%capture"])
def test_a_failure_below_another_magic_writes_no_version(notebook, name, repository, magic):
    notebook.run(f"{magic}\n%%artifact {name}\nv = 5\n1 / 0")
    assert repository.runs("uncategorized")[0].state == "failed"
    assert name not in {c.name for c in repository.collections("uncategorized")}


def test_what_is_shown_is_kept_and_shown(notebook, name, repository):
    notebook.run_all("%matplotlib inline")
    cell = (
        f"%%artifact {name}\nimport matplotlib.pyplot as plt\nimport sys\nprint('a')\n"
        "print('b', file=sys.stderr)\nplt.plot([1, 2])\nplt.show()\n'<end>'"
    )
    ran = notebook.run_all(cell)
    assert ran.stream() == "a\n"
    run = repository.runs("uncategorized")[0]
    assert (run.outputs["stdout"], run.outputs["stderr"]) == ("a\n", "b\n")
    image, text = run.outputs["displays"]
    assert image["mime"] == "image/png"
    assert repository.read_blob(image["sha256"]).startswith(b"\x89PNG")
    assert text == {"mime": "text/plain", "text": "'<end>'"}


def test_a_frame_that_is_shown_is_kept_as_html_and_as_text(notebook, name, repository):
    notebook.run_all(f"%%artifact {name}\nimport pandas as pd\npd.DataFrame({{'eur': [4.1]}})")
    (shown,) = repository.runs("uncategorized")[0].outputs["displays"]
    assert shown["mime"] == "text/html"
    assert shown["plain"] == "   eur\n0  4.1"


def test_completion_offers_subcommands_names_and_aliases(notebook, name):
    notebook.run_all(f"%%artifact {name} --alias best\nv = 1")

    def complete(text):
        reply = notebook.client.complete(text, reply=True, timeout=60)["content"]
        return {text[: reply["cursor_start"]] + match for match in reply["matches"]}

    assert "%artnb status" in complete("%artnb sta")
    assert f"%artnb show {name}" in complete(f"%artnb show {name[:-1]}")
    assert f"%artnb load {name}:best" in complete(f"%artnb load {name}:b")
    assert f"%%artifact {name} --type" in complete(f"%%artifact {name} --ty")


def test_help_shows_the_options(notebook):
    ran = notebook.run("%%artifact?")
    assert ran.ok
    assert "--job-type" in str(ran.reply["payload"])


STATE = """(
    shell.input_transformers_cleanup, shell.ast_transformers, shell.events.callbacks,
    sorted(shell.magics_manager.magics["cell"]), sorted(shell.magics_manager.magics["line"]),
    sorted(shell.strdispatchers["complete_command"].strs),
    [name for name in vars(shell) if "artnb" in name],
    [name for name in globals() if not name.startswith("_")],
)"""


def test_a_run_is_displayed_below_the_cell(notebook, name):
    notebook.run_all(f"%%artifact {name}\nx = 1")
    ran = notebook.run(
        "import artnb\nwith artnb.init(project='shown', config={'lr': 0.1}) as run:\n"
        "    print(run.display())\nartnb.Api().run(run.id)"
    )
    assert ran.stream() == "True\n"
    assert ">lr<" in ran.displays[0]["text/html"]
    assert "· finished" in ran.outputs[-1]["data"]["text/html"]


def test_unloading_leaves_no_trace(tmp_path):
    state = STATE.replace("shell", "get_ipython()")
    with open_notebook(tmp_path) as notebook:
        before = notebook.value(state)
        notebook.run_all("%load_ext artnb")
        loaded = notebook.value(state)
        assert loaded != before
        notebook.run_all("%load_ext artnb")
        assert notebook.value(state) == loaded
        notebook.run_all("%reload_ext artnb", "%unload_ext artnb")
        assert notebook.value(state) == before
        assert "not found" in notebook.run("%%artifact x\nv = 1").error


def test_a_killed_kernel_leaves_a_crashed_run_and_no_version(tmp_path):
    marker = tmp_path / "running"
    with open_notebook(tmp_path) as notebook:
        notebook.run_all("%load_ext artnb", "%%artifact first\nv = 1")
        body = f"w = 2\nopen('{marker}', 'w').close()\nimport time\ntime.sleep(60)"
        notebook.start(f"%%artifact second\n{body}")
        notebook.kill_when(marker)
    repository = open_repository(Settings.resolve(environ={"ARTNB_DIR": str(tmp_path)}))
    second, first = repository.runs("uncategorized")
    assert (first.state, second.state) == ("finished", "crashed")
    assert [found.name for found in repository.collections("uncategorized")] == ["first"]
    assert repository.load_value(repository.resolve("first", "uncategorized"), "v.json") == 1
    close_repositories()


def test_a_finished_run_is_said_in_its_cell_and_not_kept_with_an_artifact_cell(
    notebook, name, repository
):
    cell = (
        f"import artnb\nwith artnb.init(project='said', name='{name}') as run:\n"
        "    run.log({'loss': 0.5})"
    )
    (shown,) = notebook.run_all(cell).outputs
    assert f"run {name} finished" in shown["data"]["text/plain"]
    assert "loss 0.5" in shown["data"]["text/plain"]
    assert 'class="artnb-run"' in shown["data"]["text/html"]
    assert notebook.run_all(f"%%artifact {name}\n{cell}\nv = 1").ok
    run = repository.runs("uncategorized")[0]
    assert "displays" not in run.outputs
