"""``%artnb diff`` in a shell."""

from __future__ import annotations

import pytest

SETUP = "import numpy as np, pandas as pd, torch"


def shown(shell, line):
    return repr(shell.run_all(f"%artnb {line}").result)


def refused(shell, line):
    result = shell.run(f"%artnb {line}")
    assert result.error_in_exec is not None
    return str(result.error_in_exec)


def test_content_is_compared_in_the_way_of_its_kind(shell):
    cell = (
        "%%artifact x --metadata '{{\"k\": {0}}}'\n"
        "a = np.array([3.0, {0}])\nt = 'one\\n{0}'\nd = {{'lr': {0}}}\n"
        "f = pd.DataFrame({{'n': [1, {0}]}})\nw = {{'l.w': torch.tensor([{0}.0])}}"
    )
    shell.run_all(SETUP, cell.format(4), cell.format(5))
    text = shown(shell, "diff x:v0 x:v1")
    for part in (
        "x:v0 → x:v1",
        "metadata k",
        "a.npy  ",
        "1 of 2 differ, norm of the change 1 (20 %)",
        "-4",
        "+5",
        '+ "lr": 5',
        "1 of 2 rows differ",
        "l.w",
    ):
        assert part in text


def test_one_reference_is_compared_with_the_version_before(shell):
    shell.run_all("%%artifact x\nv = 1", "%%artifact x\nv = 2", "%%artifact x\nv = 3")
    assert "1 → 2" in shown(shell, "diff x:v1")
    assert "2 → 3" in shown(shell, "diff x")
    assert "is the first version" in refused(shell, "diff x:v0")


def test_two_runs_are_compared_by_name_or_id(shell):
    shell.run_all("%%artifact x\nlr = 1\nv = lr * 2", "%%artifact x\nlr = 3\nv = lr * 2")
    import artnb

    one, two = artnb.Api().runs()
    text = shown(shell, f"diff {one.name} {two.id}")
    for part in (f"run {one.name} → run {two.name}", "made  x:v0    x:v1", "-lr = 1", "+lr = 3"):
        assert part in text


def test_entries_that_come_and_go_are_listed(shell):
    shell.run_all("%%artifact x\na = 1\nb = 1", "%%artifact x\na = 1\nc = 2")
    text = shown(shell, "diff x")
    assert "b.json  removed" in text
    assert "c.json  added" in text
    assert "1 entry is the same" in text


def test_files_that_cells_wrote_are_compared(shell):
    cell = "%%artifact x\nwith open('a.csv', 'w') as f:\n    f.write('n\\n1\\n{}');"
    shell.run_all(cell.format(2), cell.format(3))
    assert "1 of 2 rows differ" in shown(shell, "diff x")


def test_equal_versions(shell):
    shell.run_all("%%artifact x\nv = 1")
    assert "No difference: 1 entry is the same." in shown(shell, "diff x x:v0")


def test_pickles_are_compared_when_they_are_trusted(shell):
    shell.run_all("%%artifact x\nv = {1: len}", "%%artifact x\nv = {1: sum}")
    assert "not compared: pickle can run code: add --trust to compare it" in shown(shell, "diff x")
    text = shown(shell, "diff x --trust")
    assert "1 of 1 parts differ" in text
    assert "function len>" in text


def test_what_is_missing_is_named(shell):
    shell.run_all("%%artifact raw\nv = 1")
    assert "needs an artifact" in refused(shell, "diff")
    assert "did you mean 'raw'" in refused(shell, "diff raw rwa")
    assert "did you mean '--trust'" in refused(shell, "diff raw --turst")


def test_markup_in_what_differs_is_text(shell):
    bad = "<img src=x onerror=alert(1)>"
    shell.run_all(f"%%artifact x\nv = '{bad}'\nd = {{'a': 1}}", f"%%artifact x\nv = 'b{bad}'")
    html = shell.run_all("%artnb diff x").result._repr_html_()
    assert "<img" not in html
    assert "&lt;img" in html


@pytest.mark.filterwarnings("ignore:.*Completer.complete:PendingDeprecationWarning")
def test_references_are_completed(shell):
    shell.run_all("%%artifact raw\nv = 1")
    line = "%artnb diff raw r"
    assert "raw" in shell.shell.Completer.complete(line_buffer=line, cursor_pos=len(line))[1]


def test_a_manifest_is_read_once_however_many_values_changed(shell, monkeypatch):
    cell = "%%artifact many\nimport numpy as np\nstart = {0}\n" + "".join(
        f"v{number} = np.arange(start, start + 3)\n" for number in range(10)
    )
    shell.run_all(cell.format(0), cell.format(5))
    manifests = {shell.repository.resolve(f"many:v{n}", "uncategorized").digest for n in (0, 1)}
    read, real = [], type(shell.repository).read_blob

    def counting(self, digest):
        read.append(digest)
        return real(self, digest)

    monkeypatch.setattr(type(shell.repository), "read_blob", counting)
    assert "v9.npy" in shown(shell, "diff many:v0 many:v1")
    assert sorted(digest for digest in read if digest in manifests) == sorted(manifests)
