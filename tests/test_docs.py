"""README.md names what there is: each list comes from the code that it speaks of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import artnb
from artnb import cli, settings
from artnb.jupyter.parsers import COMMANDS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
# Code only: "make sure" is no target.
CODE = "\n".join(re.findall(r"^```.*?^```|`[^`\n]+`", README, re.DOTALL | re.MULTILINE))

# What IPython calls, what tools read, and what a person is given rather than calls.
NOT_CALLED = {"load_ipython_extension", "unload_ipython_extension", "__version__"}
NOT_CALLED |= {"Run", "Settings", "run"}
SETTINGS = [f"ARTNB_{key.upper()}" for key in settings._KEYS] + ["ARTNB_DIR"]


def command_line():
    """Return the subcommands of the command line, from its own parser."""
    return sorted(cli._parser()[1].choices)


def spans(start):
    """Return the code of README's lines that have code beginning with `start`."""
    lines = [re.findall(r"`([^`]+)`", line) for line in README.splitlines()]
    return [span for line in lines if any(span.startswith(start) for span in line) for span in line]


def is_shown(command, start):
    """Return whether `command` is shown after `start`, or by itself in such a line."""
    forms = (f"{start}{command}", command)
    return any(
        span == form or span.startswith(f"{form} ") for span in spans(start) for form in forms
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_each_magic_is_named(command):
    assert is_shown(command, "%artnb ")


@pytest.mark.parametrize("command", command_line())
def test_each_command_of_the_command_line_is_named(command):
    assert is_shown(command, "artnb ")


@pytest.mark.parametrize("name", sorted(set(artnb.__all__) - NOT_CALLED))
def test_each_public_name_is_named(name):
    shown = re.search(rf"\b(?:artnb|wandb|run)\.{name}\b|`{name}(?:\(.*?\))?`", README)
    assert shown, f"README names neither `artnb.{name}` nor `{name}`"


@pytest.mark.parametrize("name", SETTINGS)
def test_each_environment_variable_is_named(name):
    assert re.search(rf"\b{name}\b", README)


def test_each_environment_variable_that_is_read_is_a_setting():
    read = set(re.findall(r"ARTNB_[A-Z_]*[A-Z]", Path(settings.__file__).read_text("utf-8")))
    assert read <= set(SETTINGS)


def test_no_environment_variable_is_named_that_nothing_reads():
    assert set(re.findall(r"ARTNB_[A-Z_]+", README)) <= set(SETTINGS)


def targets():
    text = (ROOT / "Makefile").read_text("utf-8")
    return set(re.findall(r"^([a-z]+):", text, re.MULTILINE))


def test_each_make_target_that_is_mentioned_exists():
    mentioned = set(re.findall(r"(?:^|`)make ([a-z]+)", CODE, re.MULTILINE))
    assert {"tutorial", "test", "help"} <= mentioned
    assert mentioned <= targets()


def test_make_help_lists_every_target_with_its_meaning():
    text = (ROOT / "Makefile").read_text("utf-8")
    described = set(re.findall(r"^([a-z]+):.*  ## \S", text, re.MULTILINE))
    assert targets() - described <= {"clean"}


def test_each_link_to_a_file_leads_somewhere():
    linked = re.findall(r"\]\(([^)#]+)\)", README)
    assert linked
    files = [target for target in linked if "://" not in target]
    assert [target for target in files if not (ROOT / target).exists()] == []
