"""What a failed run keeps of the exception that ended it."""

from __future__ import annotations

import traceback
from collections.abc import Sequence

from artnb.secrets import known_secrets, scrubbed

__all__ = ["describe_error"]

_MOST_TEXT = 64 * 1024


def describe_error(error: BaseException, secrets: Sequence[str] = ()) -> dict[str, str]:
    """Return what a failed run says of the exception: its name, message and traceback.

    Parameters
    ----------
    secrets : sequence of str
        What is kept out of it besides those of the environment.
    """
    steps = [step for step in traceback.extract_tb(error.__traceback__) if not _is_shell(step)]
    lines = ["Traceback (most recent call last):\n", *traceback.format_list(steps)]
    lines += traceback.format_exception_only(error)
    secrets = (*secrets, *known_secrets())
    return {
        "name": type(error).__name__,
        "message": scrubbed(str(error), secrets)[:_MOST_TEXT],
        "traceback": scrubbed("".join(lines), secrets)[-_MOST_TEXT:],
    }


def _is_shell(step: traceback.FrameSummary) -> bool:
    return "/IPython/" in step.filename.replace("\\", "/")
