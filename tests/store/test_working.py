"""What runs beside a block has ended when the block has."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from artnb.store.working import beside


def test_both_run_at_once():
    met = threading.Barrier(2, timeout=60)
    with beside(lambda: (met.wait(), threading.current_thread())[1]) as answer:
        met.wait()
        assert answer() is not threading.current_thread()
        assert answer() is answer()
    assert not answer().is_alive()


def test_an_error_is_raised_where_the_answer_is_wanted():
    with beside(lambda: 1 / 0) as answer, pytest.raises(ZeroDivisionError):
        answer()


def test_a_block_that_fails_waits_until_the_other_has_ended():
    go, ended = threading.Event(), []
    with pytest.raises(KeyboardInterrupt), beside(lambda: (go.wait(60), ended.append(True))):
        threading.Timer(0.01, go.set).start()
        raise KeyboardInterrupt
    assert ended == [True]


def test_where_no_thread_starts_any_more_it_is_done_in_this_one(monkeypatch):
    def refuse(*_):
        raise RuntimeError("cannot schedule new futures after interpreter shutdown")

    monkeypatch.setattr(ThreadPoolExecutor, "submit", refuse)
    with beside(threading.current_thread) as answer:
        assert answer() is threading.current_thread()
