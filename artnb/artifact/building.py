"""What a person puts into an artifact before it is logged."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any

from artnb.artifact.base import ArtifactBase
from artnb.draft import Policy
from artnb.entry import ArtifactEntry
from artnb.errors import InvalidValueError
from artnb.model import Entry
from artnb.refs import check_entry_path
from artnb.repository import Content, Repository

__all__ = ["ArtifactBuilding", "content_of"]


class ArtifactBuilding(ArtifactBase):
    """The part of an artifact that is built: files, folders, references, values."""

    def new_file(
        self, name: str, mode: str = "x", encoding: str | None = None, policy: Policy | None = None
    ) -> AbstractContextManager[IO[Any]]:
        """Return a context manager with a file to write, which becomes the entry `name`.

        Parameters
        ----------
        name : str
            Relative path inside the artifact.
        mode : str
            ``x`` (default) refuses a name that is there, ``w`` replaces it, ``a`` appends;
            with ``b`` for bytes.
        encoding : str, optional
            Of text; default UTF-8.
        policy
            Accepted for W&B's sake.

        Notes
        -----
        After an exception in the block nothing is added and the name stays free.
        """
        return self._drafted("new_file").new_file(name, mode, encoding)

    def add_file(
        self,
        local_path: str | os.PathLike[str],
        name: str | None = None,
        is_tmp: bool | None = False,
        skip_cache: bool | None = False,
        policy: Policy | None = "mutable",
        overwrite: bool = False,
    ) -> Content:
        """Add a file as it is now.

        Parameters
        ----------
        local_path : path
            The file.
        name : str, optional
            Path inside the artifact; default: the file's name.
        is_tmp, skip_cache
            Accepted for W&B's sake; there is no upload to prepare.
        policy : {'mutable', 'immutable'}
            ``mutable`` copies now, so that the file may change before the artifact is
            logged; ``immutable`` reads it when it is logged.
        overwrite : bool
            Replace an entry of that name that has other content.
        """
        return self._drafted("add_file").add_file(
            Path(local_path), name, policy=policy or "mutable", overwrite=overwrite
        )

    def add_dir(
        self,
        local_path: str | os.PathLike[str],
        name: str | None = None,
        skip_cache: bool | None = False,
        policy: Policy | None = "mutable",
        merge: bool = False,
    ) -> None:
        """Add every file below a folder, hidden ones too; empty folders are dropped.

        Parameters
        ----------
        local_path : path
            The folder.
        name : str, optional
            Folder inside the artifact; default: its top.
        merge : bool
            Replace entries of the same name that have other content.
        """
        self._drafted("add_dir").add_dir(
            Path(local_path), name, policy=policy or "mutable", overwrite=merge
        )

    def add_reference(
        self,
        uri: str | os.PathLike[str] | ArtifactEntry,
        name: str | None = None,
        checksum: bool = True,
        max_objects: int | None = None,
    ) -> Sequence[Content]:
        """Add a file, or a folder of files, that stays where it is.

        Noted are its address, its size and the SHA-256 of a file of this machine, else the etag,
        else the time of its last change; `download` fetches it and fails if it is another by then.

        Parameters
        ----------
        uri : str, path or entry
            A path, or a URL that fsspec knows: ``file://``, ``http://``, ``s3://``, ...; or a
            file of a version, as `get_entry` returns it: the store holds its bytes once.
        name : str, optional
            Path inside the artifact; default: the file's name, or the top for a folder.
        checksum : bool
            False: note the address only, without a look at it.
        max_objects : int, optional
            Fail if there are more files.
        """
        if isinstance(uri, ArtifactEntry):
            path = check_entry_path(name or uri.path)
            content = content_of(uri._entry, uri.parent_artifact()._repository, path)
            return [self._drafted("add_reference").add(content)]
        if not isinstance(uri, (str, os.PathLike)):
            raise InvalidValueError(
                f"add_reference: {uri!r} is no path, no URL and no file of a version."
            )
        text = os.fspath(uri)
        text = text if "://" in text else Path(text).absolute().as_uri()
        return self._drafted("add_reference").add_reference(
            text, name, checksum=checksum, max_objects=max_objects
        )

    def add(self, obj: Any, name: str, overwrite: bool = False) -> Content:
        """Add an `Image`, a `Table`, `Audio` and the like, or what a serializer can write.

        Returns
        -------
        Content
            Its ``path`` has the format's suffix, for example ``weights.npy``. The pictures
            of a table, and a picture's masks, are entries of their own beside it.
        """
        from artnb.added import contents_of, table_of
        from artnb.joined import JoinedTable

        draft = self._drafted("add")
        if isinstance(obj, JoinedTable):
            obj.resolve(lambda path: table_of(draft, check_entry_path(path)))
        *parts, itself = contents_of(obj, check_entry_path(name), self._repository)
        added = draft.add(itself, overwrite=overwrite)
        for part in parts:
            draft.add(part, overwrite=True)
        return added

    def __setitem__(self, name: str, obj: Any) -> None:
        self.add(obj, name)

    def remove(self, item: str | os.PathLike[str] | Content) -> None:
        """Remove an entry, or everything below a folder of the draft."""
        path = item.path if isinstance(item, Content) else os.fspath(item)
        self._drafted("remove").remove(path)


def content_of(entry: Entry, repository: Repository, path: str | None = None) -> Content:
    """Return what puts an entry of a version into a draft, under `path` if that is given."""
    data = None if entry.ref else repository.read_blob(entry.digest)
    return Content(
        path or entry.path, data, entry.format, entry.variable, entry.meta, entry.ref,
        entry.digest, size=entry.size if entry.ref else 0,
    )  # fmt: skip
