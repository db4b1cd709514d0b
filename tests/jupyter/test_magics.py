"""``%artnb`` and its subcommands."""

from __future__ import annotations

import ast

import pytest

from artnb.cli import _parser
from artnb.jupyter import parsers
from artnb.jupyter.parsers import COMMANDS

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
HEADER = "%%artifact raw --type dataset --alias first"
RAW = HEADER + "\nimport numpy as np\nraw = np.arange(10)\nscale = 3"


def shown(shell, line):
    return repr(shell.run_all(f"%artnb {line}").result)


def refused(shell, line):
    result = shell.run(f"%artnb {line}")
    assert result.error_in_exec is not None
    assert len(result.text.strip().splitlines()) == 1, "no traceback of our frames"
    return str(result.error_in_exec)


def test_help_is_no_wider_than_a_page(shell):
    lines = shown(shell, "").splitlines()
    assert max(map(len, lines)) <= 88
    assert lines[0].startswith("%%artifact NAME")


def test_help_of_a_subcommand_is_asked_for_either_way(shell):
    assert shown(shell, "help graph") == shown(shell, "graph --help")
    assert "did you mean 'graph'" in refused(shell, "help grahp")


def test_help_names_every_subcommand(shell):
    for line in ("", "--help", "help"):
        text = shown(shell, line)
        assert all(f"  {command} " in text for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_subcommand_has_help(shell, command):
    assert f"artnb {command}" in shown(shell, f"{command} --help")


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("lod raw", "did you mean 'load'"),
        ("statsu", "did you mean 'status'"),
        ("load raw --turst", "did you mean '--trust'"),
        ("graph --instance", "did you mean '--instances'"),
        ("show rwa", "did you mean 'raw'"),
        ("show raw:frist", "did you mean 'first'"),
        ("show", "needs an artifact"),
        ("load raw into x", "write 'load REF as NAME'"),
        ("load 'raw", "cannot be read"),
        ("ls raw more", "what is 'more'"),
        ("project a/b", "not allowed"),
    ],
)
def test_what_cannot_be_done_is_one_line_that_helps(shell, line, says):
    shell.run_all(RAW)
    assert says in refused(shell, line)


def test_what_only_the_command_line_has_is_named_as_it_is_called_there(shell):
    _, commands = _parser()
    for name in commands.choices.keys() - set(COMMANDS):
        assert f"!artnb {name}" in refused(shell, name)


def test_ls_lists_artifacts_and_versions(shell):
    assert "Begin a cell with %%artifact NAME" in shown(shell, "ls")
    shell.run_all(RAW, RAW.replace("10", "20"))
    assert "raw       dataset  v1" in shown(shell, "ls")
    text = shown(shell, "ls raw")
    assert "v1       latest, first" in text
    assert "v0" in text


def test_show_tells_all_of_a_version(shell):
    shell.run_all(RAW.replace("--alias", "--metadata '{\"k\": 1}' --description 'about' --alias"))
    shell.run_all("%%artifact clean\nclean = raw + 1")
    text = shown(shell, "show raw:first")
    for part in ("raw:v0", "dataset", "about", "(raw)", "(clean)", "raw.npy", "scale.json", "k"):
        assert part in text


def test_runs_are_listed_newest_first(shell):
    shell.run_all(RAW, "%%artifact clean\nclean = raw + 1")
    first, second = shown(shell, "runs").splitlines()[2:4]
    assert "clean" in first
    assert "raw:v0" in first
    assert "finished" in second


def test_load_binds_the_variables(shell):
    shell.run_all(RAW, "del raw, scale")
    result = shell.run_all("%artnb load raw:first")
    assert repr(result.result) == "raw:v0 · loaded raw (ndarray), scale (int)"
    assert shell.namespace["scale"] == 3
    assert shell.namespace["raw"].tolist() == list(range(10))


def test_load_as_binds_one_name(shell):
    shell.run_all("%%artifact one\nv = [1, 2]", "%artnb load one as other")
    assert shell.namespace["other"] == [1, 2]
    shell.run_all(RAW, "%artnb load raw as both")
    assert set(shell.namespace["both"]) == {"raw", "scale"}


def test_runs_are_chosen_by_their_metrics(shell):
    cell = "%%artifact net\nimport artnb\nlr = {0}\nartnb.log({{'loss': {0} * 2}})"
    shell.run_all(*(cell.format(lr) for lr in (0.25, 0.5, 0.75)))
    text = shown(shell, "runs --where 'loss<1.5' --sort=-loss --show loss")
    assert [row.split()[-4] for row in text.splitlines()[2:]] == ["1", "0.5"]
    assert "No run has 'los'; did you mean 'loss'?" in refused(shell, "runs --sort los")


def test_load_of_what_runs_code_asks_for_trust(shell):
    shell.run_all("%%artifact odd\nimport ast\nodd = {1: ast.Load}", "del odd")
    message = refused(shell, "load odd")
    assert "trust" in message
    assert "odd" not in shell.namespace
    shell.run_all("%artnb load odd --trust", "%artnb load odd --trust as strange")
    assert shell.namespace["odd"] == shell.namespace["strange"] == {1: ast.Load}


def test_load_of_files_says_how_to_get_them(shell):
    shell.run_all(
        "import artnb",
        "with artnb.init() as run:\n    a = artnb.Artifact('f', 'dataset')\n"
        "    with a.new_file('t.txt') as file:\n        _ = file.write('x')\n"
        "    _ = run.log_artifact(a)",
    )
    assert "download()" in refused(shell, "load f")


def test_project_is_that_of_the_cells_that_follow(shell):
    shell.run_all("%artnb project lab", "%%artifact x\nv = 1")
    assert shell.newest("x", "lab").number == 0
    assert "known: lab" in shown(shell, "project")


def test_the_open_run_gives_the_project(shell):
    shell.run_all("import artnb\nrun = artnb.init(project='lab')", "%%artifact x\nv = 1")
    assert shell.newest("x", "lab").number == 0
    shell.run_all("run.finish()")


def test_markup_is_shown_as_text(shell):
    shell.run_all(
        f"facts = {{{HOSTILE!r}: {HOSTILE!r}}}",
        f'%%artifact x --description "{HOSTILE}" --job-type "{HOSTILE}" --metadata facts\nv = 1',
    )
    for line in ("show x", "runs", "ls x", "status"):
        html = shell.run_all(f"%artnb {line}").result._repr_html_()
        assert "<script" not in html
        assert "<img" not in html
    assert "&lt;script" in shell.run_all("%artnb show x").result._repr_html_()


def test_graph_shows_the_project_at_the_level_that_is_asked_for(shell):
    shell.run_all("%artnb project lab")  # in which nothing is recorded yet
    options = {
        "": ("types", "right"),
        "--names": ("names", "right"),
        "--instances --down": ("instances", "down"),
    }
    for option, (level, direction) in options.items():
        shown = shell.run_all(f"%artnb graph {option}").result
        assert repr(shown) == "<graph of 'lab': 0 runs, 0 versions>"
        assert (shown.level, shown.direction) == (level, direction)


def test_where_nothing_is_yet_the_projects_that_have_something_are_named(shell):
    assert shown(shell, "runs").endswith("No run yet.")
    shell.run_all('import artnb\nwith artnb.init(project="small"):\n    pass')
    there = "Recorded in small: %artnb project NAME goes there."
    assert there in shown(shell, "ls")
    assert there in shown(shell, "runs")
    assert there in shell.run("%artnb graph").text
    shell.run_all("%artnb project small")
    assert "Recorded in" not in shown(shell, "ls") + shell.run("%artnb graph").text


@pytest.mark.filterwarnings("ignore:.*Completer.complete:PendingDeprecationWarning")
def test_completion(shell):
    shell.run_all(RAW)

    def complete(line):
        return set(shell.shell.Completer.complete(line_buffer=line, cursor_pos=len(line))[1])

    assert {"status", "show"} <= complete("%artnb s")
    assert "raw" in complete("%artnb show ")
    assert "--trust" in complete("%artnb load raw --tr")
    assert "--instances" in complete("%artnb graph --")
    assert {"--tag", "--type"} <= complete("%%artifact raw --t")
    assert "dataset" in complete("%%artifact raw --type da")


@pytest.mark.filterwarnings("ignore:.*Completer.complete:PendingDeprecationWarning")
def test_completion_is_silent_where_nothing_can_be_read(shell, monkeypatch):
    monkeypatch.setenv("ARTNB_MODE", "nonsense")
    shell.shell.Completer.complete(line_buffer="%artnb show ", cursor_pos=12)


def test_log_tells_who_moved_which_alias(shell):
    shell.run_all(RAW, RAW.replace("10", "20"))
    lines = shown(shell, "log raw").splitlines()
    run = shell.last_run()
    assert lines[0] == "aliases of raw"
    assert len(lines) == 6
    assert any("first" in line and "v0 → v1" in line and run.id in line for line in lines)
    assert "did you mean 'raw'" in refused(shell, "log rwa")


def test_du_tells_what_takes_the_room(shell):
    shell.run_all(RAW)
    lines = shown(shell, "du").splitlines()
    assert lines[0].split() == ["what", "bytes", "of", "these", "shared"]
    assert [line.split()[0] for line in lines[1:3]] == ["uncategorized", "raw"]
    assert "the store" in lines[-1]


def test_verify_proves_every_byte(shell):
    shell.run_all(RAW)
    assert "1 versions" in shown(shell, "verify")
    assert "All is sound." in shown(shell, "verify uncategorized")
    assert "no project 'lab'" in refused(shell, "verify lab")
    repository = shell.repository
    entry = repository.manifest(shell.newest("raw")).entries["raw.npy"]
    at = repository._catalog.locate([entry.digest])[entry.digest]
    path = repository.root / "objects" / at.object
    path.chmod(0o644)
    path.write_bytes(bytes(path.stat().st_size))
    text = shown(shell, "verify")
    assert "hits uncategorized/raw:v0" in text
    assert "artnb verify --repair FOLDER" in text


def test_gc_frees_what_nothing_needs(shell):
    shell.run_all(RAW, RAW.replace("10", "200_000"))
    old = shell.repository.resolve("raw:v1", "uncategorized")
    shell.repository.delete(old.id, delete_aliases=True)
    assert "would free  0 B" in shown(shell, "gc --dry-run")
    assert "would free  1.6 MB" in shown(shell, "gc --dry-run --grace 0")
    assert "freed       1.6 MB" in shown(shell, "gc --grace 0")
    assert "freed       0 B" in shown(shell, "gc --grace 0")
    assert "--grace" in refused(shell, "gc --grace soon")


def test_show_of_a_cell_that_made_no_version_shows_its_run(shell):
    shell.run("%%artifact broken\nprint('so far')\n1 / 0")
    shell.run_all("%%artifact quiet\nprint('nothing is left')")
    for name, state in (("broken", "failed"), ("quiet", "finished")):
        run = next(run for run in shell.repository.runs("uncategorized") if run.job_type == name)
        for named in (name, run.name, run.id):
            text = shown(shell, f"show {named}")
            assert f"run {run.name}\n  state  {state}" in text
            assert "print(" in text
    text = shown(shell, "show broken")
    assert "ZeroDivisionError: division by zero" in text
    assert "output\nso far" in text
    assert "There is no" in refused(shell, "show nothing") or "no artifact" in refused(
        shell, "show nothing"
    )


@pytest.mark.parametrize("command", ["why", "load", "restore", "resume", "diff", "log", "delete"])
def test_who_needs_a_version_is_told_how_the_cell_failed(shell, command):
    shell.run("%%artifact broken\nraise ValueError('too few rows')")
    (run,) = shell.repository.runs("uncategorized")
    text = refused(shell, f"{command} broken")
    assert f"the newest is {run.name} (failed: ValueError: too few rows)" in text
    assert f"'%artnb show {run.name}' shows it" in text


def test_show_counts_what_a_value_holds(shell):
    shell.run_all("%%artifact x\nimport numpy as np\nx = np.zeros(10)", "%%artifact y\ny = [x]")
    text = shown(shell, "show y")
    assert "held/" not in text
    assert "y.linked.json" in text
    assert "and 1 value that these hold, 208 B" in text


def test_delete_takes_a_version_and_its_aliases_only_if_told(shell):
    shell.run_all("%%artifact x\nx = 1", "%%artifact x\nx = 2")
    assert "delete --aliases" in refused(shell, "delete x:v1")
    assert "deleted uncategorized/x:v0" in shown(shell, "delete x:v0")
    assert "was deleted; there is: v1" in refused(shell, "show x:v0")
    assert "deleted uncategorized/x:v1" in shown(shell, "delete x:v1 --aliases")
    assert "Say what to delete" in refused(shell, "delete")


def test_delete_takes_runs_by_id_and_by_what_holds_of_them(shell):
    shell.run_all("%%artifact x\nx = 1", "%%artifact x\nx = 2")
    first = shell.last_run()
    assert not shell.run("%%artifact x\n1 / 0").success
    assert "would delete run" in shown(shell, "delete --runs --where state=failed --dry-run")
    assert f"deleted     run {first.name}" in shown(shell, f"delete --runs {first.id}")
    assert "failed" in shown(shell, "delete --runs --where state=failed")
    assert "No run is so." in shown(shell, "delete --runs --where state=failed")
    assert len(shell.repository.runs("uncategorized")) == 1
    assert "There is no project 'els'" in refused(
        shell, "delete --runs --where state=failed --project els"
    )


def test_of_a_deleted_run_it_is_said_that_it_is(shell):
    """Its version is loaded and restored as before; what it read is not known any more."""
    made = "%%artifact made\nmade = raw * scale"
    shell.run_all(RAW, made)
    run = shell.last_run()
    shell.repository.delete_run(run.id)
    assert run.name not in shown(shell, "runs")
    assert f"made by {run.name} (deleted)" in shown(shell, "why made")
    assert "What its run read went with that." in shown(shell, "why made")
    assert f"made by  {run.name} (deleted) (made)" in shown(shell, "show made")
    assert "No artifact is out of date." in shown(shell, "status")
    assert f"The run {run.name}, which made made:v0, was deleted" in refused(shell, "resume made")
    shell.namespace.pop("made")
    shell.run_all("%artnb restore made")
    assert shell.namespace["made"].sum() == 135
    shell.run_all(RAW.replace("10", "11"))
    outdated = shown(shell, "status").partition("variables")[0]
    assert "made:v0" in outdated, "its edges are there still"


def test_the_help_leaves_no_subcommand_out():
    listed = [name for names in parsers._GROUPS.values() for name in names]
    assert sorted(listed) == sorted(parsers._PARSERS)
