"""What a person gets out of an artifact once it is logged."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from artnb.artifact.base import ArtifactBase
from artnb.entry import ArtifactEntry
from artnb.errors import CommError, InvalidValueError, nearest
from artnb.folders import default_folder, extra_files, verify_folder
from artnb.model import VersionRecord
from artnb.refs import check_entry_path

__all__ = ["ArtifactTaking"]


class ArtifactTaking(ArtifactBase):
    """The part of an artifact that is taken out: files, folders, values."""

    def download(
        self,
        root: str | os.PathLike[str] | None = None,
        allow_missing_references: bool = False,
        skip_cache: bool | None = None,
        path_prefix: str | os.PathLike[str] | None = None,
    ) -> str:
        """Put the files under `root` and return it.

        Every file's bytes are proved by their digest. Files that are there and right stay,
        changed ones are replaced, others are left alone.

        Parameters
        ----------
        root : path, optional
            Default: ``artifacts/name:vN`` in the working directory, or below
            ``ARTNB_ARTIFACT_DIR``.
        allow_missing_references : bool
            Leave out, with a warning, references to what is not there any more.
        path_prefix : path, optional
            Only the entries that begin so.

        Raises
        ------
        VerificationError
            What a reference names is another file by now.
        CorruptObjectError, ObjectMissingError
            What is damaged is named and set aside, and its versions are marked.
        """
        record = self._logged("download")
        target = self._folder(root, record)
        prefix = os.fspath(path_prefix) if path_prefix is not None else None
        self._repository.download(
            record,
            target.absolute(),
            path_prefix=prefix,
            allow_missing_references=allow_missing_references,
        )
        return str(target)

    def file(self, root: str | os.PathLike[str] | None = None) -> str:
        """Download the only file and return its path."""
        paths = list(self.manifest.entries)
        if len(paths) != 1:
            raise InvalidValueError(
                f"{self.name} has {len(paths)} files, not one. Use download(), or get_entry(path)."
            )
        return str(Path(self.download(root)) / paths[0])

    def checkout(self, root: str | os.PathLike[str] | None = None) -> str:
        """Download, then delete under `root` whatever is not part of the version."""
        target = Path(self.download(root))
        for path in extra_files(target, self.manifest):
            path.unlink()
        return str(target)

    def verify(self, root: str | os.PathLike[str] | None = None) -> None:
        """Raise VerificationError unless `root` holds just the version's files."""
        record = self._logged("verify")
        verify_folder(self._folder(root, record), self.manifest, record.ref)

    def get_entry(self, name: str | os.PathLike[str]) -> ArtifactEntry:
        """Return an entry by its path; KeyError (as CommError) if there is none."""
        path = check_entry_path(os.fspath(name))
        entries = self.manifest.entries
        if path not in entries:
            raise CommError(f"{self.name} has no entry {path!r}; {nearest(path, entries)}")
        return ArtifactEntry(self, entries[path])

    get_path = get_entry

    def get(self, name: str, *, trust: bool = False) -> Any:
        """Return the value that was added or captured under `name`, or None.

        Parameters
        ----------
        name : str
            Entry path, with or without its suffix, or the variable's name.
        trust : bool
            Load formats that can run code (pickle), too.
        """
        from artnb.added import names_of, value_of

        record = self._logged("get")
        asked = {name, name.removeprefix("./")}
        for entry in self.manifest:
            if asked & names_of(entry):
                return value_of(entry, record, self.manifest, self._repository, trust=trust)
        return None

    def __getitem__(self, name: str) -> Any:
        return self.get(name)

    def files(
        self, names: Iterable[str] | None = None, per_page: int | None = None
    ) -> list[ArtifactEntry]:
        """Return the entries, or those named; `per_page` is accepted for W&B's sake."""
        wanted = None if names is None else set(names)
        return [
            ArtifactEntry(self, entry)
            for entry in self.manifest
            if wanted is None or entry.path in wanted
        ]

    def _file_or_folder(self) -> str:
        """Download it, and return the path of its only file, else of its folder."""
        return self.file() if len(self.manifest) == 1 else self.download()

    def _folder(self, root: str | os.PathLike[str] | None, record: VersionRecord) -> Path:
        if root is not None:
            return Path(root)
        return default_folder(self._repository.settings.artifact_dir, record)
