"""The command line: what it prints, and the status it leaves."""

import json
import os
import re
import subprocess
import sys

import pytest

import artnb
from artnb.cli import main
from artnb.environment import person
from artnb.listing import aligned
from artnb.repository import Content, open_repository

TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d"


@pytest.fixture
def filled(repository):
    run = repository.start_run("demo", job_type="make", name="first")
    repository.commit(
        "demo", "thing", "dataset", [Content("a.txt", b"hello")], run_id=run.id,
        aliases=["best"], metadata={"rows": 3}, description="<b>words</b>",
    )  # fmt: skip
    repository.finish_run(run.id)
    return repository


def said(capsys, *arguments):
    assert main(arguments) == 0
    return capsys.readouterr().out


def test_status_says_where_and_how_much(filled, capsys):
    out = said(capsys, "status")
    assert str(filled.root) in out
    assert "demo: 1 run, 1 artifact, 1 version\n" in out


def test_ls_lists_artifacts_and_versions(filled, capsys):
    assert "thing     dataset  v0" in said(capsys, "ls")
    assert "v0       latest, best" in said(capsys, "ls", "demo/thing")
    assert "latest, best" in said(capsys, "ls", "thing")


def test_show_tells_of_a_version(filled, capsys):
    out = said(capsys, "show", "thing:best")
    for part in ("demo/thing:v0", "<b>words</b>", "rows: 3", "a.txt", "by first", "no run"):
        assert part in out


@pytest.fixture
def two_runs(repository):
    for lr, text in ((0.1, "one"), (0.2, "two")):
        with artnb.init(project="demo", name=text, job_type="train", config={"lr": lr}) as run:
            run.log({"loss": lr * 2, "table": artnb.Table(["a"], [[1]])})
            artifact = artnb.Artifact("net", "model")
            with artifact.new_file("a.txt") as file:
                file.write(text)
            run.log_artifact(artifact)
    return repository


def test_show_tells_of_a_run_by_name_or_id(two_runs, capsys):
    (run,) = (run for run in two_runs.runs("demo") if run.name == "one")
    out = said(capsys, "show", "one")
    for part in ("run one", "finished", "made   net:v0", "settings\n  lr  0.1", "  loss  0.2"):
        assert part in out
    assert "sha256" not in out
    assert said(capsys, "show", f"demo/{run.id}") == out
    assert json.loads(said(capsys, "show", "one", "--json"))["id"] == run.id
    assert main(["show", "three"]) == 1
    assert "has no artifact 'three'; there is: net." in capsys.readouterr().err


def test_show_adds_the_code_of_what_made_a_version(repository, capsys):
    run = repository.start_run("demo", name="first", code="print(1)")
    repository.commit("demo", "thing", "dataset", [Content("a.txt", b"a")], run_id=run.id)
    repository.finish_run(run.id)
    assert "print(1)" not in said(capsys, "show", "thing")
    assert said(capsys, "show", "thing", "--code").endswith("a.txt\ncode\nprint(1)\n")


def test_diff_compares_versions_and_runs(two_runs, capsys):
    assert "-one\n  +two" in said(capsys, "diff", "net:v0", "demo/net:v1")
    assert said(capsys, "diff", "net") == said(capsys, "diff", "demo/net:v0", "net:v1")
    out = said(capsys, "diff", "one", "two")
    assert out.splitlines()[0] == "run one → run two"
    for part in ("made  net:v0  net:v1", "lr    0.1     0.2", "loss  0.2     0.4"):
        assert part in out
    assert said(capsys, "diff", "one", "one") == "run one → run one\n  No difference.\n"
    assert main(["diff", "one"]) == 1
    assert "one is a run. Name another run to compare it with" in capsys.readouterr().err
    assert main(["diff", "one", "net:v0"]) == 1
    assert "There is no run 'net:v0'; there is: two." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "instead"),
    [("why", "in a notebook '%artnb why'"), ("add", "artifact put PATH"), ("login", "nothing to")],
)
def test_commands_of_notebooks_and_of_others_say_what_to_do(command, instead, capsys):
    with pytest.raises(SystemExit):
        main([command, "x"])
    assert f"there is no command '{command}'; " in (err := capsys.readouterr().err)
    assert instead in err


def test_log_says_who_moved_which_alias_when(filled, capsys, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_USER", "grace")
    version = artnb.Api(filled).artifact("demo/thing:v0")
    version.aliases.append("prod")
    version.save()
    newest, *_, first = said(capsys, "log", "demo/thing").splitlines()
    assert re.fullmatch(rf"{TIME}  prod +- -> v0 +grace@\S+", newest)
    (run,) = filled.runs("demo")
    assert re.fullmatch(rf"{TIME}  latest +- -> v0 +\S+, run first \({run.id}\)", first)


def test_of_a_move_that_an_earlier_version_wrote_it_says_what_is_known(filled, capsys):
    with filled._catalog._db.transaction() as db:
        db.execute("update alias_moves set moved_by = null")
        db.execute("update alias_moves set run_id = null where alias = 'best'")
    (run,) = filled.runs("demo")
    best, latest = said(capsys, "log", "demo/thing").splitlines()
    assert best.endswith("not known")
    assert latest.endswith(f"run first ({run.id}) on {run.host}")


def test_runs_are_listed(filled, capsys):
    assert "first" in said(capsys, "runs", "demo")


@pytest.mark.parametrize("command", ["status", "ls", "runs", "verify", "du", "cache"])
def test_a_look_makes_no_repository(isolated, capsys, tmp_path, command):
    assert main([command]) == 1
    error = capsys.readouterr().err
    assert f"there is no {tmp_path / '.artnb'}" in error
    assert "ARTNB_DIR=FOLDER" in error
    assert list(tmp_path.iterdir()) == []


def test_the_version_is_said(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"artnb {artnb.__version__}\n")


def test_get_downloads(filled, capsys, tmp_path):
    folder = said(capsys, "get", "demo/thing", "--root", str(tmp_path / "out")).strip()
    assert open(f"{folder}/a.txt").read() == "hello"


@pytest.mark.parametrize("arguments", [("show", "thign"), ("ls", "demo/nothing"), ("runs", "dmeo")])
def test_what_is_not_there_is_said_in_one_line(filled, capsys, arguments):
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert error.startswith("artnb: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("suffix", "begins"),
    [
        (".html", b"<!doctype html>"),
        (".svg", b"<svg"),
        (".png", b"\x89PNG"),
        (".mmd", b"flowchart"),
        (".dot", b"digraph"),
    ],
)
def test_graph_writes_what_the_suffix_says(filled, capsys, tmp_path, suffix, begins):
    path = tmp_path / f"graph{suffix}"
    assert said(capsys, "graph", "-o", str(path)).strip() == str(path)
    assert begins in path.read_bytes()[:200]


def test_graph_is_written_in_the_language_asked_for(filled, capsys, tmp_path, monkeypatch):
    path = tmp_path / "graph.svg"
    said(capsys, "graph", "-o", str(path), "--lang", "ko")
    assert re.search("버전 [0-9]+개", path.read_text("utf-8"))
    said(capsys, "graph", "-o", str(path))
    assert re.search("[0-9]+ version", path.read_text("utf-8"))
    with pytest.raises(SystemExit):
        main(["graph", "-o", str(path), "--lang", "kr"])


def test_graph_writes_nothing_of_a_suffix_that_it_does_not_know(filled, capsys, tmp_path):
    assert main(["graph", "-o", str(tmp_path / "graph.pngg")]) == 1
    assert "did you mean '.png'?" in capsys.readouterr().err
    assert list(tmp_path.glob("graph*")) == []


def test_it_is_installed_as_a_command(filled):
    done = subprocess.run(
        [sys.executable, "-m", "artnb", "ls"], capture_output=True, text=True, timeout=60
    )
    assert "thing" in done.stdout


@pytest.mark.parametrize("durability", ["full", "batch", "none"])
def test_status_says_what_a_power_cut_may_take(isolated, monkeypatch, capsys, durability):
    open_repository()
    monkeypatch.setenv("ARTNB_DURABILITY", durability)
    assert f"durability  {durability}: " in said(capsys, "status")


def test_status_of_a_store_elsewhere_promises_no_more_than_the_service(
    isolated, monkeypatch, capsys
):
    open_repository()
    monkeypatch.setenv("ARTNB_STORE", "memory://status/test")
    assert "what the service promises; of the catalogue, full" in said(capsys, "status")


def test_log_tells_who_moved_which_alias_when(filled, capsys):
    run = filled.start_run("demo", name="second")
    new = filled.commit(
        "demo", "thing", "dataset", [Content("a.txt", b"2")], run_id=run.id, aliases=["best"]
    ).version
    filled.set_aliases(new.id, remove=["best"])
    filled.finish_run(run.id)
    lines = [line.split()[2:] for line in said(capsys, "log", "demo/thing").splitlines()]
    by = [f"{person()},", "run", "second", f"({run.id})"]
    assert lines[:3] == [
        ["best", "v1", "->", "-", person()],
        ["best", "v0", "->", "v1", *by],
        ["latest", "v0", "->", "v1", *by],
    ]
    assert [line[:4] for line in lines[3:]] == [
        ["best", "-", "->", "v0"],
        ["latest", "-", "->", "v0"],
    ]


def test_log_of_what_is_not_there_says_so(filled, capsys):
    assert main(["log", "demo/thign"]) == 1
    assert "did you mean 'thing'" in capsys.readouterr().err


def test_an_artifact_is_put_got_and_listed(filled, capsys, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x.txt").write_text("x")
    out = said(capsys, "artifact", "put", "data", "-a", "best", "-a", "raw", "-d", "words")
    assert out == "demo/data:v0  latest, best, raw\n"
    put = filled.resolve("data:best", "demo")
    assert (put.type, put.description) == ("dataset", "words")
    run = filled.logged_by(put.id)[0]
    assert (run.job_type, run.config, run.state) == ("cli_put", {"path": "data"}, "finished")
    said(capsys, "artifact", "put", "data/x.txt", "-n", "other/x", "-t", "file", "--id", "mine")
    (tmp_path / "data" / "x.txt").write_text("y")
    said(capsys, "artifact", "put", "data/x.txt", "-n", "other/x", "-t", "file", "--id", "mine")
    assert [each.ref for each in filled.logged("mine")] == ["x:v0", "x:v1"]
    folder = said(capsys, "artifact", "get", "other/x:v0", "--root", "out").strip()
    assert open(f"{folder}/x.txt").read() == "x"
    listed = said(capsys, "artifact", "ls", "demo")
    assert [line.split()[-1] for line in listed.splitlines()] == ["thing:v0", "data:v0"]
    assert said(capsys, "artifact", "ls", "demo", "--type", "model") == ""
    said(capsys, "artifact", "put", (tmp_path / "data" / "x.txt").as_uri(), "-n", "demo/far")
    (entry,) = filled.manifest(filled.resolve("far", "demo"))
    assert entry.ref.startswith("file://")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("put", "nothing"), "no file or folder 'nothing'"),
        (("get", "demo/thing", "--type", "model"), "'dataset', not 'model'"),
        (("get", "demo/thign"), "did you mean 'thing'"),
    ],
)
def test_what_artifact_cannot_do_is_said(filled, capsys, arguments, words):
    assert main(("artifact", *arguments)) == 1
    assert words in capsys.readouterr().err


def test_the_first_artifact_can_be_put(isolated, capsys, tmp_path):
    assert main(["artifact", "put", "data.csv"]) == 1
    assert not (tmp_path / ".artnb").exists()
    (tmp_path / "data.csv").write_text("a\n1\n")
    assert said(capsys, "artifact", "put", "data.csv") == "uncategorized/data.csv:v0  latest\n"


def test_a_mistyped_command_is_told_the_nearest(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["statsu"])
    assert ended.value.code == 2
    assert "there is no command 'statsu'; did you mean 'status'" in capsys.readouterr().err


def test_without_a_command_the_help_is_shown(capsys):
    assert main([]) == 2
    assert "a project's runs with their metrics" in capsys.readouterr().err


def test_rebuild_makes_no_repository_where_none_was(isolated, capsys, tmp_path):
    assert main(["rebuild"]) == 1
    assert "Nothing is recorded here" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_version_that_has_aliases_is_deleted_as_the_message_says(filled, capsys):
    assert main(["delete", "demo/thing:v0"]) == 1
    assert "artnb delete --aliases" in capsys.readouterr().err
    assert "deleted demo/thing:v0" in said(capsys, "delete", "--aliases", "demo/thing:v0")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_who_stops_reading_gets_no_traceback(filled, unbuffered):
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb") as nobody:
        done = subprocess.run(
            [sys.executable, "-m", "artnb", "runs", "demo"],
            stdout=nobody, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (141, "")


def test_a_broken_pipe_elsewhere_is_not_hidden(filled, monkeypatch):
    def broken(*_):
        raise BrokenPipeError

    monkeypatch.setattr("artnb.cli.reading.project_of", broken)
    with pytest.raises(BrokenPipeError):
        main(["runs"])


def test_ctrl_c_is_said_in_a_line(filled, monkeypatch, capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("artnb.cli.reading.project_of", interrupted)
    assert main(["runs"]) == 130
    assert capsys.readouterr().err == "artnb: interrupted\n"


def test_programs_read_json(filled, capsys):
    filled.update_run(filled.runs("demo")[0].id, summary={"loss": float("nan"), "acc": 0.5})
    (newest,) = json.loads(said(capsys, "ls", "--json"))
    assert (newest["name"], newest["version"], newest["aliases"]) == (
        "thing", "v0", ["latest", "best"]
    )  # fmt: skip
    assert json.loads(said(capsys, "ls", "thing", "--json")) == [newest]
    (run,) = json.loads(said(capsys, "runs", "--json"))
    assert (run["name"], run["logged"]) == ("first", ["demo/thing:v0"])
    assert run["summary"] == {"loss": "nan", "acc": 0.5}
    shown = json.loads(said(capsys, "show", "thing", "--json"))
    assert shown | newest == shown
    assert shown["logged_by"] == [run["id"]]
    assert [file["path"] for file in shown["files"]] == ["a.txt"]


def test_columns_stand_below_each_other_in_korean_too():
    rows = aligned([("데이터.csv", "1 B"), ("ñ.json", "2 B"), ("n\u0303.json", "3 B")])
    assert rows == ["데이터.csv  1 B", "ñ.json      2 B", "n\u0303.json      3 B"]
