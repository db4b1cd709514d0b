"""RunFile: a file that a run kept, as `Api` gives it."""

from __future__ import annotations

import fnmatch
import mimetypes
import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from artnb.absent import Advising
from artnb.errors import CommError, InvalidValueError, nearest
from artnb.logged_files import logged_files
from artnb.model import RunRecord
from artnb.refs import check_entry_path
from artnb.repository import Repository

__all__ = ["RunFile", "file_of", "files_of"]


class RunFile(Advising, owner="File"):
    """A file that was saved with a run, or logged: ``name``, ``size``, ``sha256``."""

    def __init__(self, name: str, fact: Mapping[str, Any], repository: Repository) -> None:
        self.name = name
        self.size = int(fact["size"])
        self.sha256 = str(fact["sha256"])
        self._repository = repository

    def download(
        self,
        root: str | os.PathLike[str] = ".",
        replace: bool = False,
        exist_ok: bool = False,
        **_: Any,
    ) -> IO[str]:
        """Write it below `root` and return it, opened.

        Parameters
        ----------
        replace : bool
            Write it anew if it is there.
        exist_ok : bool
            Take the one that is there.

        Raises
        ------
        InvalidValueError
            It is there, and neither is set.
        """
        target = Path(root) / check_entry_path(self.name)
        if target.exists() and not replace:
            if not exist_ok:
                raise InvalidValueError(
                    f"{target} is there already: download(replace=True) writes it anew, "
                    "exist_ok=True takes it as it is."
                )
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self._repository.read_blob(self.sha256))
        return target.open(encoding="utf-8", errors="surrogateescape")

    @property
    def mimetype(self) -> str:
        """What it is, by its name."""
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"

    def __repr__(self) -> str:
        return f"<File {self.name} {self.size} bytes>"


def files_of(
    run: RunRecord, repository: Repository, names: list[str] | None, pattern: str | None
) -> list[RunFile]:
    """Return the files of a run: those that were saved first, then what rows name.

    Parameters
    ----------
    names : list of str, optional
        Only these.
    pattern : str, optional
        Only what it fits: ``media/images/*`` or, as W&B writes it, ``media/images/%``.
    """
    if names is not None and pattern is not None:
        raise InvalidValueError("files: give names or pattern, not both.")
    found = dict(run.outputs.get("files", {}))
    for row in repository.history(run.id):
        found |= logged_files(row)
    wanted = pattern.replace("%", "*") if pattern else "*"
    return [
        RunFile(name, fact, repository)
        for name, fact in found.items()
        if (names is None or name in names) and fnmatch.fnmatchcase(name, wanted)
    ]


def file_of(run: RunRecord, repository: Repository, name: str) -> RunFile:
    """Return one of a run's files; CommError, with the nearest, if it has none of that name."""
    files = {file.name: file for file in files_of(run, repository, None, None)}
    if name not in files:
        raise CommError(f"The run {run.name} has no file {name!r}; {nearest(name, files)}")
    return files[name]
