import select
import sys
import threading
from collections.abc import Callable, Iterator

import pytest

from artnb import alarm
from artnb.alarm import Alarm

KINDS = [alarm._Bell, *([alarm._Timer] if sys.platform == "linux" else [])]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> Callable[[], Alarm]:
    return request.param


@pytest.fixture
def one(kind: Callable[[], Alarm]) -> Iterator[Alarm]:
    made = kind()
    yield made
    made.close()


def test_who_waits_goes_on(one: Alarm) -> None:
    waits = threading.Thread(target=one.wait)
    waits.start()
    one.set(0.001)
    waits.join()


def test_a_moment_that_is_over_already(one: Alarm) -> None:
    for seconds in (0, -1):
        one.set(seconds)
        one.wait()


def test_it_rings_for_each_time_that_it_is_set(one: Alarm) -> None:
    for _ in range(20):
        one.set(0)
        one.wait()


def test_an_alarm_of_this_system() -> None:
    made = alarm.new_alarm()
    assert isinstance(made, KINDS[-1])
    made.close()


def test_where_no_more_files_may_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> None:
        raise OSError("too many open files")

    monkeypatch.setattr(alarm, "_library", refused)
    assert isinstance(alarm.new_alarm(), alarm._Bell)


@pytest.mark.skipif(sys.platform != "linux", reason="timers are Linux's")
def test_a_later_moment_wakes_nobody_and_an_earlier_one_takes_its_place() -> None:
    made = alarm._Timer()
    rings = select.poll()
    rings.register(made._descriptor, select.POLLIN)
    made.set(3600.5)
    assert rings.poll(0) == []
    made.set(0)
    assert rings.poll(60_000)
    made.close()


@pytest.mark.skipif(sys.platform != "linux", reason="timers are Linux's")
def test_a_timer_that_the_system_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        timerfd_settime = None

        def timerfd_create(self, *_: int) -> int:
            return -1

    monkeypatch.setattr(alarm, "_library", Refusing)
    assert isinstance(alarm.new_alarm(), alarm._Bell)
