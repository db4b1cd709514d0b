"""ArtifactEntry: the handle on one file of a version."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

from artnb.absent import Advising
from artnb.errors import InvalidValueError
from artnb.model import Entry

__all__ = ["ArtifactEntry"]


class _Parent(Protocol):
    def download(
        self, root: str | os.PathLike[str] | None = None, *, path_prefix: str | None = None
    ) -> str: ...

    def get(self, name: str) -> Any: ...


class ArtifactEntry(Advising, owner="Entry"):
    """One file of a version: ``path``, ``size``, ``digest``, ``ref``, and `download`."""

    def __init__(self, artifact: _Parent, entry: Entry) -> None:
        self._artifact = artifact
        self._entry = entry

    @property
    def path(self) -> str:
        """Relative path inside the artifact."""
        return self._entry.path

    @property
    def name(self) -> str:
        """The same, as W&B's files have it."""
        return self._entry.path

    @property
    def size(self) -> int:
        """In bytes."""
        return self._entry.size

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, hex."""
        return self._entry.digest

    @property
    def format(self) -> str:
        """``file``, or the serializer that wrote it."""
        return self._entry.format

    @property
    def ref(self) -> str | None:
        """URL of the bytes, where the store does not hold them."""
        return self._entry.ref

    def download(
        self,
        root: str | os.PathLike[str] | None = None,
        replace: bool = True,
        exist_ok: bool = True,
    ) -> str:
        """Put just this file under `root` and return its path.

        Parameters
        ----------
        replace, exist_ok
            Accepted for W&B's sake: what is there already and differs is replaced.
        """
        folder = self._artifact.download(root, path_prefix=self._entry.path)
        return str(Path(folder) / self._entry.path)

    def parent_artifact(self) -> Any:
        """Return the artifact that it belongs to."""
        return self._artifact

    def ref_target(self) -> str:
        """Return the URL of the bytes; InvalidValueError where the store holds them."""
        if self._entry.ref is None:
            raise InvalidValueError(
                f"{self.path!r} is no reference: the store holds its bytes. `ref` says so by None, "
                "and download() puts them in a folder."
            )
        return self._entry.ref

    def value(self) -> Any:
        """Return the value that the file holds, as `Artifact.get` does."""
        return self._artifact.get(self.path)

    def __repr__(self) -> str:
        return f"<ArtifactEntry {self.path!r} size={self.size} format={self.format!r}>"
