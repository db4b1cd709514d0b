"""How this process ends: by itself, by an exception that nothing caught, or by `sys.exit`.

Python tells the first two apart at its end: `sys.last_value` is what ended a script, and is set
before any `sys.excepthook` is asked, whoever replaced it. What `sys.exit` was told is known
nowhere by then, so it is noted while a run is open. Whether the script went on from there (who
calls `parse_args` may catch it) is read off its outermost frame, which then ended by a return.
``raise SystemExit(3)``, without `sys.exit`, is not seen. A child of multiprocessing prints the
exception that ends it, and since Python 3.13 asks those who wait for its end only afterwards.
"""

from __future__ import annotations

import dis
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any

from artnb.failure import describe_error, exit_code

__all__ = ["how_it_ended", "ignore_exits", "note_exits", "note_printed"]

_Told = tuple[int, dict[str, str] | None]
"""The exit code, and what the run says of the exception."""

_BY_ITSELF: _Told = 0, None

_noted: tuple[_Told, FrameType | None] = (_BY_ITSELF, None)
_replaced: Callable[..., Any] | None = None  # what `sys.exit` was
_printed: _Told | None = None  # by a child of multiprocessing


def note_exits() -> None:
    """Note from now on what `sys.exit` is told, until `ignore_exits`."""
    global _replaced
    if _replaced is not None:
        return
    had = _replaced = sys.exit

    @wraps(had)
    def exit(*status: Any) -> Any:
        with suppress(Exception):
            _note(status[0] if status else None, sys._getframe(1))
        had(*status)

    exit.__dict__["_of_artnb"] = True
    sys.exit = exit


def ignore_exits() -> None:
    """Let `sys.exit` be what it was, unless someone else has replaced it since."""
    global _replaced
    if _replaced is not None and "_of_artnb" in getattr(sys.exit, "__dict__", ()):
        sys.exit = _replaced
        _replaced = None


def note_printed() -> None:
    """Note from now on the exception that ends a child of multiprocessing, once it prints that."""
    had = traceback.print_exc
    if "_of_artnb" in had.__dict__:
        return

    @wraps(had)
    def print_exc(*args: Any, **kwargs: Any) -> None:
        global _printed
        error = sys.exception()
        of_child = sys._getframe(1).f_code is BaseProcess._bootstrap.__code__  # type: ignore[attr-defined]
        if error is not None and of_child:
            with suppress(Exception):
                _printed = 1, describe_error(error)
        had(*args, **kwargs)

    print_exc.__dict__["_of_artnb"] = True
    traceback.print_exc = print_exc


def how_it_ended() -> _Told:
    """Return how the process is ending; for who is called by `atexit`."""
    if _printed is not None:
        return _printed
    error = getattr(sys, "last_value", None)
    # At a prompt an error ends nothing; pytest, pdb and others set `last_value` as well.
    if error is not None and not hasattr(sys, "ps1") and _passed_all(error):
        return exit_code(error), describe_error(error)
    told, outermost = _noted
    return told if outermost is not None and not _returned(outermost) else _BY_ITSELF


def _note(status: Any, caller: FrameType) -> None:
    global _noted
    if threading.current_thread() is not threading.main_thread():
        return  # it ends that thread alone
    outermost = caller
    while outermost.f_back is not None:
        outermost = outermost.f_back
    error = SystemExit(status)
    error.__context__ = sys.exception()
    code = exit_code(error)
    # As text at once: a traceback would keep the script's values alive until the end.
    said = describe_error(error, steps=traceback.extract_stack(caller)) if code else None
    _noted = (code, said), outermost


def _passed_all(error: BaseException) -> bool:
    """Return whether an exception went up to the outermost frame."""
    trace = error.__traceback__
    return trace is not None and trace.tb_frame.f_back is None


def _returned(frame: FrameType) -> bool:
    if frame.f_lasti < 0:
        return False
    return dis.opname[frame.f_code.co_code[frame.f_lasti]].startswith("RETURN")
