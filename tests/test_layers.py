"""The import contract of pyproject.toml: a layer imports only those below it."""

import subprocess
import sys
import tomllib
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def imports():
    return grimp.build_graph("artnb", include_external_packages=True, cache_dir=None)


def test_a_layer_imports_only_those_below_it():
    command = "from importlinter.cli import lint_imports_command as check; check()"
    done = subprocess.run(
        [sys.executable, "-c", command, "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_has_its_layer(imports):
    tables = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contract = tables["tool"]["importlinter"]["contracts"][0]
    placed = {name.strip() for layer in contract["layers"] for name in layer.split("|")}
    assert imports.find_children("artnb") <= placed


@pytest.mark.parametrize(
    ("library", "folders"),
    [
        ("IPython", ("artnb.jupyter", "artnb.widgets")),
        ("anywidget", ("artnb.widgets",)),
        ("jupyter_server", ("artnb.server",)),
    ],
)
def test_only_its_own_layer_imports(imports, library, folders):
    users = imports.find_modules_that_directly_import(library) if library in imports.modules else ()
    assert [name for name in users if not name.startswith(folders)] == []
