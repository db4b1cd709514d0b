"""How a script ends is how its run ends, and what Python prints and returns stays as it is."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass

import pytest

import artnb
from artnb.failure import describe_error

INIT = "import artnb; run = artnb.init(project='demo')"


@dataclass(frozen=True)
class Case:
    """A script's text after `init`, and how its run is to end."""

    body: str
    state: str = "finished"
    error: str | None = None
    message: str = ""
    before: str = ""
    command: tuple[str, ...] = ()
    printed: bool = True


DEEP = "import sys\ndef deep(status=3): sys.exit(status)\n"

CASES = {
    "nothing": Case("print(1)"),
    "error": Case("1 / 0", "failed", "ZeroDivisionError", "division by zero"),
    "error of a module": Case(
        "1 / 0", "failed", "ZeroDivisionError", "division by zero", command=("-m", "script")
    ),
    "error in a library": Case("import json; json.loads('{')", "failed", "JSONDecodeError"),
    "error that is caught": Case("try: 1 / 0\nexcept ZeroDivisionError: pass"),
    "error whose text raises": Case(
        "class Bad(Exception):\n def __str__(self): raise OSError\nraise Bad",
        "failed", "Bad", "<its message cannot be shown: OSError>",
    ),
    "Ctrl-C": Case("raise KeyboardInterrupt", "failed", "KeyboardInterrupt"),
    "exit 3": Case(DEEP + "deep()", "failed", "SystemExit", "3"),
    "exit of a module": Case(
        DEEP + "deep()", "failed", "SystemExit", "3", command=("-m", "script")
    ),
    "exit with a text": Case(DEEP + "deep('no data')", "failed", "SystemExit", "no data"),
    "exit 0": Case(DEEP + "deep(0)"),
    "exit": Case("import sys; sys.exit()"),
    "exit in finally": Case(DEEP + "try: deep()\nfinally: print(1)", "failed", "SystemExit", "3"),
    "exit in with": Case(
        DEEP + "import contextlib\nwith contextlib.suppress(OSError): deep()",
        "failed", "SystemExit", "3",
    ),
    "exit raised again": Case(
        DEEP + "try: deep()\nexcept SystemExit: raise", "failed", "SystemExit", "3"
    ),
    "exit that is caught": Case(DEEP + "try: deep()\nexcept SystemExit: pass"),
    "exit that a function catches": Case(
        DEEP + "def main():\n try: deep()\n except SystemExit: pass\nmain()"
    ),
    "exit that is caught, then an error": Case(
        DEEP + "try: deep()\nexcept SystemExit: pass\n1 / 0", "failed", "ZeroDivisionError"
    ),
    "exit that is caught, then another": Case(DEEP + "try: deep()\nexcept SystemExit: deep(0)"),
    "exit of a thread": Case(
        DEEP + "import threading\nt = threading.Thread(target=deep); t.start(); t.join()"
    ),
    "error of a thread": Case(
        "import threading\nt = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()\n"
        "run.log({'a': 1})",
        printed=False,  # the thread's traceback, and the log that the other script cannot do
    ),
    "arguments": Case(
        "import argparse; argparse.ArgumentParser('x').parse_args(['-y'])",
        "failed", "SystemExit", "2",
    ),
    "a hook that was there before": Case(
        "1 / 0", "failed", "ZeroDivisionError",
        before="import sys; sys.excepthook = lambda *_: print('mine')",
    ),
    "a hook that came after": Case(
        "import sys; sys.excepthook = lambda *_: print('mine'); 1 / 0",
        "failed", "ZeroDivisionError",
    ),
    "a hook that fails": Case(
        "import sys; sys.excepthook = lambda *_: [][0]; 1 / 0", "failed", "ZeroDivisionError"
    ),
    "sys.exit that was replaced before": Case(
        DEEP + "deep()", "failed", "SystemExit", "3",
        before="import sys; had = sys.exit; sys.exit = lambda *a: (print('mine'), had(*a))",
    ),
    "sys.exit that is replaced after": Case(
        "import sys; had = sys.exit; sys.exit = lambda *a: (print('mine'), had(*a)); sys.exit(3)",
        "failed", "SystemExit", "3",
    ),
    "sys.exit that was taken before": Case("leave(3)", before="from sys import exit as leave"),
    "SystemExit without sys.exit": Case("raise SystemExit(3)"),
    "os._exit": Case("import os; os._exit(3)", "running"),
    "a run that was finished before": Case("artnb.finish()\n1 / 0", printed=False),
    "an exit in the block": Case(
        DEEP + "artnb.finish()\nwith artnb.init(project='demo'): deep()",
        "failed", "SystemExit", "3", printed=False,
    ),
    "an exit 0 in the block": Case(
        DEEP + "artnb.finish()\nwith artnb.init(project='demo'): deep(0)", printed=False
    ),
    "a closed stderr": Case(
        "import sys; sys.stderr.close(); 1 / 0", "failed", "ZeroDivisionError", printed=False
    ),
    "the other one's error in pytest": Case(
        "import pytest\nopen('test_x.py', 'w').write('def test_x(): 1 / 0')\n"
        "pytest.main(['-q', '-p', 'no:cacheprovider', 'test_x.py'])",
        printed=False,
    ),
}  # fmt: skip


@pytest.fixture
def ended(tmp_path):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ARTNB_", "WANDB_"))}

    def run(*command, text="", **options):
        (tmp_path / "script.py").write_text(text)
        return subprocess.run(
            [sys.executable, *(command or ("script.py",))], cwd=tmp_path, env=kept,
            capture_output=True, text=True, timeout=120, **options,
        )  # fmt: skip

    return run


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_run_ends_as_its_script_does(case, ended, repository):
    script = "\n".join([case.before, INIT, case.body])
    with_run = ended(*case.command, text=script)
    record = max(repository.runs("demo"), key=lambda each: each.created_at)
    error = record.outputs.get("error")
    assert record.state == case.state, with_run.stderr
    assert (error and error["name"]) == case.error
    if error is not None:
        assert case.message in error["message"]
        assert "script.py" in error["traceback"]
        assert "exiting.py" not in error["traceback"]
    if case.printed:
        without = ended(*case.command, text=script.replace(INIT, "pass"))
        for each in (with_run, without):
            each.stderr = each.stderr.replace(INIT, "pass")
        assert (with_run.returncode, with_run.stdout, with_run.stderr) == (
            without.returncode, without.stdout, without.stderr,
        )  # fmt: skip


def test_an_error_at_the_prompt_ends_no_run(ended, repository):
    ended("-i", input=f"{INIT}\n1 / 0\nrun.log({{'a': 1}})\n")
    (record,) = repository.runs("demo")
    assert (record.state, record.outputs.get("error")) == ("finished", None)
    assert repository.history(record.id)[0]["a"] == 1


def test_an_error_in_the_terminal_of_ipython_ends_no_run(ended, repository):
    cells = f"{INIT}\n1 / 0\nrun.log({{'a': 1}})\nexit\n"
    ended("-m", "IPython", "--simple-prompt", "--no-banner", "--quick", input=cells)
    (record,) = repository.runs("demo")
    assert (record.state, record.outputs.get("error")) == ("finished", None)
    assert repository.history(record.id)[0]["a"] == 1


def test_a_script_that_ipython_runs_ends_its_run(ended, repository):
    ended("-m", "IPython", "--quick", "script.py", text=f"{INIT}\n1 / 0")
    (record,) = repository.runs("demo")
    assert record.state == "failed"
    assert "ZeroDivisionError: division by zero" in record.outputs["error"]["traceback"]


def test_what_led_to_an_exit_is_kept_with_it(ended, repository):
    text = f"""import sys
{INIT}
def work():
    key = "the file is missing"
    raise KeyError(key)
try:
    work()
except KeyError as error:
    print(error)
    sys.exit(1)
"""
    assert ended(text=text).stdout == "'the file is missing'\n"
    error = repository.runs("demo")[0].outputs["error"]
    assert (error["name"], error["message"]) == ("SystemExit", "1")
    first, second = error["traceback"].split("During handling of the above exception")
    assert first.rstrip().endswith("KeyError: 'the file is missing'")
    assert "raise KeyError(key)" in first
    assert second.rstrip().endswith("SystemExit: 1")


def test_sys_exit_is_as_it_was_once_no_run_is_open():
    had = sys.exit
    with artnb.init(project="demo"):
        with artnb.init(project="demo", job_type="inner", reinit="create_new"):
            assert sys.exit is not had
        assert sys.exit is not had
        assert sys.exit.__name__ == "exit"
    assert sys.exit is had


def test_causes_are_told_once_in_their_order():
    def fail():
        try:
            [][0]
        except IndexError as error:
            raise KeyError("second") from error

    with pytest.raises(KeyError) as raised:
        fail()
    raised.value.__cause__.__context__ = raised.value  # a ring
    said = describe_error(raised.value)["traceback"]
    assert said.index("IndexError") < said.index("direct cause") < said.index("KeyError: 'second'")
    assert said.count("IndexError: ") == 1
