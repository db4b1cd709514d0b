"""What a run printed, line by line."""

from __future__ import annotations

import artnb
from artnb.console import ConsoleLine
from artnb.repository import open_repository


def test_lines_that_are_written_are_kept_with_the_run():
    with artnb.init(project="demo") as run:
        run.write_logs("first")
        run.write_logs("zwölf\nthird\n")
        read = artnb.Api().run(run.id)
        assert [line.content for line in read.console_logs()] == ["first", "zwölf", "third"]
    run.write_logs("too late")
    assert [line.content for line in read.console_logs(last=2)] == ["zwölf", "third"]
    assert read.console_logs(last=0) == []
    read.load()
    with read.file("output.log").download() as file:
        assert file.read() == "first\nzwölf\nthird\n"


def test_what_a_cell_printed_is_told_apart():
    repository = open_repository()
    run = repository.start_run("demo")
    repository.finish_run(run.id, outputs={"stdout": "a\nb\n", "stderr": "oh"})
    assert artnb.Api().run(run.id).console_logs(per_page=1) == [
        ConsoleLine(0, "a"), ConsoleLine(1, "b"), ConsoleLine(2, "oh", "error"),
    ]  # fmt: skip


def test_without_any_there_is_none():
    with artnb.init(project="demo") as run:
        assert artnb.Api().run(run.id).console_logs() == []
    with artnb.init(mode="disabled") as run:
        run.write_logs("nowhere")
