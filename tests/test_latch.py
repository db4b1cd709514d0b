"""A latch lets all pass once it is open."""

from __future__ import annotations

import threading

from artnb.latch import Latch


def test_who_waits_and_who_comes_passes_once_it_is_open():
    latch, passed = Latch(), []
    waiting = [threading.Thread(target=lambda: passed.append(latch.wait())) for _ in range(3)]
    for thread in waiting:
        thread.start()
    assert not passed
    latch.open()
    latch.open()
    for thread in waiting:
        thread.join(60)
    assert passed == [True, True, True]
    assert latch.wait()


def test_a_wait_ends_with_its_time():
    latch = Latch()
    assert not latch.wait(0.001)
    assert not latch.is_open
