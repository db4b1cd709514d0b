"""What a failed run keeps of the exception that ended it."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator, Sequence

from artnb.secrets import known_secrets, scrubbed

__all__ = ["describe_error", "exit_code"]

_MOST_TEXT = 64 * 1024
_CAUSED = "\nThe above exception was the direct cause of the following exception:\n\n"
_DURING = "\nDuring handling of the above exception, another exception occurred:\n\n"
_MOST_BEFORE = 20


def describe_error(
    error: BaseException,
    secrets: Sequence[str] = (),
    steps: Iterable[traceback.FrameSummary] | None = None,
) -> dict[str, str]:
    """Return what a failed run says of the exception: its name, message and traceback.

    Parameters
    ----------
    secrets : sequence of str
        What is kept out of it besides those of the environment.
    steps : iterable of FrameSummary, optional
        Where it was raised; default: as its own traceback says.
    """
    secrets = (*secrets, *known_secrets())
    lines = [*_before(error), *_lines(error, steps)]
    return {
        "name": type(error).__name__,
        "message": scrubbed(_message(error), secrets)[:_MOST_TEXT],
        "traceback": scrubbed("".join(lines), secrets)[-_MOST_TEXT:],
    }


def exit_code(error: BaseException | None) -> int:
    """Return with what a script ends by an exception; 0: as it ends without one."""
    if not isinstance(error, SystemExit):
        return int(error is not None)
    code = error.code
    return code if isinstance(code, int) else int(code is not None)


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except BaseException as ours:  # of a class of the person's
        return f"<its message cannot be shown: {type(ours).__name__}>"


def _lines(
    error: BaseException, steps: Iterable[traceback.FrameSummary] | None = None
) -> list[str]:
    if steps is None:
        steps = traceback.extract_tb(error.__traceback__)
    own = [step for step in steps if not _is_between(step)]
    heading = ["Traceback (most recent call last):\n"] if own or steps else []
    try:
        last = traceback.format_exception_only(error)
    except BaseException:
        last = [f"{type(error).__name__}: {_message(error)}\n"]
    return [*heading, *traceback.format_list(own), *last]


def _before(error: BaseException) -> Iterator[str]:
    """Give what is said of the exceptions that led to this one, as Python shows them."""
    parts: list[list[str]] = []
    seen = {id(error)}
    while len(parts) < _MOST_BEFORE:
        cause = error.__cause__
        former = cause or (None if error.__suppress_context__ else error.__context__)
        if former is None or id(former) in seen:
            break
        seen.add(id(former))
        parts.append([*_lines(former), _DURING if cause is None else _CAUSED])
        error = former
    for part in reversed(parts):
        yield from part


def _is_between(step: traceback.FrameSummary) -> bool:
    """Return whether a step is of the shell that ran the code, or of our `sys.exit`."""
    path = step.filename.replace("\\", "/")
    return "/IPython/" in path or path.endswith("/artnb/exiting.py")
