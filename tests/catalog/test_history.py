"""Rows of a run: written within half a second, and read though the last one is cut."""

import json
import time

from artnb.catalog.history import HistoryWriter, parse_rows


def test_rows_reach_the_file_by_themselves(tmp_path):
    writer = HistoryWriter(tmp_path / "runs" / "a.jsonl")
    writer.append({"_step": 0, "loss": 1.5})
    deadline = time.monotonic() + 60
    while not writer.path.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert parse_rows(writer.path.read_bytes()) == [{"_step": 0, "loss": 1.5}]


def test_flush_writes_at_once_and_in_order(tmp_path):
    writer = HistoryWriter(tmp_path / "a.jsonl")
    rows = [{"_step": n} for n in range(5000)]
    for row in rows:
        writer.append(row)
    writer.flush()
    assert parse_rows(writer.path.read_bytes()) == rows


def test_a_row_that_a_crash_cut_is_left_out():
    whole = json.dumps({"_step": 0}) + "\n"
    assert parse_rows((whole + '{"_step": 1, "lo').encode()) == [{"_step": 0}]


def test_nan_and_inf_are_kept(tmp_path):
    writer = HistoryWriter(tmp_path / "a.jsonl")
    writer.append({"a": float("nan"), "b": float("inf")})
    writer.flush()
    (row,) = parse_rows(writer.path.read_bytes())
    assert row["a"] != row["a"]
    assert row["b"] == float("inf")
