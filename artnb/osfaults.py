"""What the operating system says of a file, as the store's errors."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from artnb.errors import StoreError, StoreFullError, StoreReadOnlyError

__all__ = ["is_full", "reading", "translated"]


def is_full(error: BaseException) -> bool:
    """Return whether the disk, or the person's share of it, is said to be full."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn what the operating system says into the store's errors."""
    try:
        yield
    except StoreError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        if is_full(error):
            raise StoreFullError(
                f"Could not {doing}: the disk is full ({reason}). Nothing was recorded; what was "
                "there before is untouched. Make room, then try again."
            ) from error
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise StoreReadOnlyError(
                f"Could not {doing}: it may not be written ({reason}). Change its permissions, or "
                "point ARTNB_STORE at a store that you may write."
            ) from error
        if isinstance(error, (FileNotFoundError, IsADirectoryError)):
            raise
        raise StoreError(f"Could not {doing}: {reason}. Nothing was recorded.") from error


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Turn what the operating system says while something is read into the store's errors.

    That a file is not there, is a folder, or may not be read stays what it is.
    """
    try:
        yield
    except (StoreError, FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError):
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError(f"Could not read {what}: {reason}. Nothing was changed.") from error
