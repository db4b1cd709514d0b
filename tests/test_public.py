"""The public surface is what is declared, and importing it is cheap."""

import subprocess
import sys

import artnb

SLOW = ("torch", "pandas", "networkx", "anywidget", "ipywidgets", "IPython", "matplotlib", "PIL",
        "fsspec", "numpy", "sklearn", "pyarrow", "polars")  # fmt: skip


def test_every_declared_name_is_there_and_no_other_is_shown():
    assert sorted(artnb.__all__) == dir(artnb)
    for name in artnb.__all__:
        getattr(artnb, name)


def test_public_names_are_documented():
    for name in artnb.__all__:
        value = getattr(artnb, name)
        if callable(value):
            assert value.__doc__, name


def test_importing_artnb_loads_nothing_slow():
    program = "import sys, artnb; print(*sorted(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert set(done.stdout.split()) & set(SLOW) == set()


def test_a_run_loads_nothing_slow_either():
    program = (
        "import sys, artnb\nwith artnb.init(project='p') as run:\n    run.log({'a': 1})\n"
        "    a = artnb.Artifact('a', 'b')\n    with a.new_file('x') as f: f.write('x')\n"
        "    run.log_artifact(a)\n"
        "print(*sorted(m for m in sys.modules if '.' not in m))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) & set(SLOW) == set()


def test_no_public_name_is_hidden_by_a_module():
    import pkgutil

    modules = {module.name for module in pkgutil.iter_modules(artnb.__path__)}
    assert modules & {*artnb.__all__} == set(artnb._MODULES)
    assert artnb._MODULES == ("errors", "plot", "sklearn", "util")
