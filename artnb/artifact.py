"""Artifact: what a person builds, and afterwards the handle on a version.

The class shows three faces and holds none of their logic: a `Draft` before it is logged,
a `VersionRecord` after, and the `Repository` that does the work.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

from artnb.draft import Draft, Policy, check_metadata
from artnb.entry import ArtifactEntry
from artnb.errors import (
    ArtifactFinalizedError,
    ArtifactNotLoggedError,
    CommError,
    InvalidValueError,
    nearest,
)
from artnb.folders import default_folder, extra_files, verify_folder
from artnb.model import Manifest, RunRecord, VersionRecord
from artnb.refs import check_alias, check_entry_path, version_number
from artnb.repository import Content, Repository, open_repository
from artnb.retention import ArtifactTTL

__all__ = ["Artifact", "set_draft_logger"]

_draft_logger: Callable[[Artifact], None] | None = None


def set_draft_logger(logger: Callable[[Artifact], None]) -> None:
    """Say what `Artifact.save` does with a draft: only the layer above knows the open run."""
    global _draft_logger
    _draft_logger = logger


class Artifact:
    """A named, typed, versioned set of files and values.

    Parameters
    ----------
    name : str
        1 to 128 letters, digits, ``_``, ``-`` or ``.``.
    type : str
        What it is: ``dataset``, ``model``, ...; one type a name.
    description : str, optional
        For people.
    metadata : mapping, optional
        Whatever JSON can hold.

    Examples
    --------
    >>> data = Artifact("mnist-raw", type="dataset", metadata={"source": "MNIST"})  # doctest: +SKIP
    >>> with data.new_file("labels.txt") as file:                                   # doctest: +SKIP
    ...     file.write("0 1 2")
    >>> run.log_artifact(data).version                                              # doctest: +SKIP
    'v0'
    """

    def __init__(
        self,
        name: str,
        type: str,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        self._draft: Draft | None = Draft(name, type, open_repository())
        self._repository = self._draft.repository
        self._version: VersionRecord | None = None
        self._manifest: Manifest | None = None
        self._metadata = check_metadata(metadata)
        self._description = description
        self._aliases: list[str] = []
        self._tags: list[str] = []
        self._ttl: float | None = None

    @classmethod
    def _of(cls, version: VersionRecord, repository: Repository) -> Artifact:
        """Return the handle on a version."""
        self = cls.__new__(cls)
        self._draft = None
        self._repository = repository
        self._manifest = None
        self._show(version)
        return self

    # what it is -----------------------------------------------------------------------

    @property
    def name(self) -> str:
        """``name`` of a draft, ``name:vN`` of a version."""
        return self._version.ref if self._version else self._drafted().name

    @property
    def type(self) -> str:
        """The type that all versions of the name share."""
        return self._version.type if self._version else self._drafted().type

    @property
    def description(self) -> str | None:
        """Text for people; assign, then `save`."""
        return self._description

    @description.setter
    def description(self, text: str | None) -> None:
        self._description = text

    @property
    def metadata(self) -> dict[str, Any]:
        """What was noted about it; change or assign, then `save`."""
        return self._metadata

    @metadata.setter
    def metadata(self, value: Mapping[str, Any]) -> None:
        self._metadata = check_metadata(value)

    @property
    def aliases(self) -> list[str]:
        """The aliases without ``vN``; change the list, then `save`."""
        self._logged("aliases")
        return self._aliases

    @aliases.setter
    def aliases(self, aliases: Iterable[str]) -> None:
        self._logged("aliases")
        self._aliases = [check_alias(alias) for alias in aliases]

    @property
    def tags(self) -> list[str]:
        """The tags; change the list, then `save`."""
        return self._tags

    @tags.setter
    def tags(self, tags: Iterable[str]) -> None:
        self._tags = list(tags)

    @property
    def project(self) -> str:
        """The project that the version belongs to."""
        return self._logged("project").project

    @property
    def version(self) -> str:
        """``vN``."""
        return self._logged("version").version

    @property
    def qualified_name(self) -> str:
        """``project/name:vN``."""
        record = self._logged("qualified_name")
        return f"{record.project}/{record.ref}"

    @property
    def source_name(self) -> str:
        """``name:vN``."""
        return self._logged("source_name").ref

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest: equal digests, equal content."""
        return self._logged("digest").digest

    @property
    def state(self) -> str:
        """``PENDING`` before it is logged, then ``COMMITTED``, or ``DAMAGED``."""
        if self._version is None:
            return "PENDING"
        return {"live": "COMMITTED"}.get(self._version.state, self._version.state.upper())

    @property
    def size(self) -> int:
        """Bytes of all entries."""
        return self._logged("size").size

    @property
    def created_at(self) -> str:
        """When the version was made, ISO 8601, UTC."""
        from datetime import UTC, datetime

        return datetime.fromtimestamp(self._logged("created_at").created_at, UTC).isoformat()

    @property
    def manifest(self) -> Manifest:
        """The entries of the version by path."""
        if self._manifest is None:
            self._manifest = self._repository.manifest(self._logged("manifest"))
        return self._manifest

    @property
    def ttl(self) -> timedelta | None:
        """How long the version stays from when it was made; None: for ever.

        Assign a positive timedelta, None, or ``ArtifactTTL.INHERIT`` (the default: what the
        settings say), then log or `save`. `artnb gc` deletes what is over.
        """
        seconds = self._repository.settings.ttl_seconds if self._ttl is None else self._ttl
        return timedelta(seconds=seconds) if seconds else None

    @ttl.setter
    def ttl(self, ttl: timedelta | ArtifactTTL | None) -> None:
        if ttl is None or isinstance(ttl, ArtifactTTL):
            self._ttl = 0.0 if ttl is None else None
        elif not isinstance(ttl, timedelta) or ttl <= timedelta(0):
            raise InvalidValueError(
                f"ttl {ttl!r}: use a positive timedelta, None (for ever) or ArtifactTTL.INHERIT."
            )
        else:
            self._ttl = ttl.total_seconds()

    @property
    def ttl_is_inherited(self) -> bool:
        """Whether the ttl is that of the settings."""
        return self._ttl is None

    def is_draft(self) -> bool:
        """Return whether it is not logged yet."""
        return self._version is None

    # building -------------------------------------------------------------------------

    def new_file(
        self, name: str, mode: str = "x", encoding: str | None = None
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
        uri: str | os.PathLike[str],
        name: str | None = None,
        checksum: bool = True,
        max_objects: int | None = None,
    ) -> Sequence[Content]:
        """Add a file, or a folder of files, that stays where it is.

        Noted are its address, its size and the SHA-256 of a file of this machine, else the etag,
        else the time of its last change; `download` fetches it and fails if it is another by then.

        Parameters
        ----------
        uri : str or path
            A path, or a URL that fsspec knows: ``file://``, ``http://``, ``s3://``, ...
        name : str, optional
            Path inside the artifact; default: the file's name, or the top for a folder.
        checksum : bool
            False: note the address only, without a look at it.
        max_objects : int, optional
            Fail if there are more files.
        """
        if not isinstance(uri, (str, os.PathLike)):
            raise InvalidValueError(f"add_reference: {uri!r} is no path and no URL.")
        text = os.fspath(uri)
        text = text if "://" in text else Path(text).absolute().as_uri()
        return self._drafted("add_reference").add_reference(
            text, name, checksum=checksum, max_objects=max_objects
        )

    def add(self, obj: Any, name: str, overwrite: bool = False) -> Content:
        """Add an `Image`, a `Table`, or any value that a serializer can write, as one entry.

        Returns
        -------
        Content
            Its ``path`` has the format's suffix, for example ``weights.npy``. The pictures
            of a table are entries of their own beside it.
        """
        from artnb.added import contents_of

        draft = self._drafted("add")
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

    def new_draft(self) -> Artifact:
        """Return a draft with this version's content, to change and log as the next one."""
        record = self._logged("new_draft")
        draft = Artifact(record.name, record.type, self.description, self.metadata)
        for entry in self.manifest:
            data = None if entry.ref else self._repository.read_blob(entry.digest)
            draft._drafted().add(
                Content(
                    entry.path, data, entry.format, entry.variable, entry.meta, entry.ref,
                    entry.digest, size=entry.size if entry.ref else 0,
                )
            )  # fmt: skip
        return draft

    # taking ---------------------------------------------------------------------------

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
        for entry in self.manifest:
            if name in names_of(entry):
                return value_of(entry, record, self._repository, trust=trust)
        return None

    def __getitem__(self, name: str) -> Any:
        return self.get(name)

    def files(self, names: Iterable[str] | None = None) -> list[ArtifactEntry]:
        """Return the entries, or those named."""
        wanted = None if names is None else set(names)
        return [
            ArtifactEntry(self, entry)
            for entry in self.manifest
            if wanted is None or entry.path in wanted
        ]

    # relations and changes ------------------------------------------------------------

    def logged_by(self) -> RunRecord | None:
        """Return the run that made the version."""
        makers = self._repository.logged_by(self._logged("logged_by").id)
        return makers[0] if makers else None

    def used_by(self) -> list[RunRecord]:
        """Return the runs that used the version."""
        return self._repository.used_by(self._logged("used_by").id)

    def ancestors(self) -> list[Artifact]:
        """Return the versions that this one came from, however far back; oldest first."""
        return self._others(self._repository.ancestors(self._logged("ancestors").id))

    def descendants(self) -> list[Artifact]:
        """Return the versions that came of this one, however far on; oldest first."""
        return self._others(self._repository.descendants(self._logged("descendants").id))

    def save(self) -> None:
        """Write changes of aliases, tags, description, metadata and ttl; log a draft.

        A draft logs itself through the open run, else through a run of its own, of job
        type ``auto``.
        """
        if self._version is None:
            if _draft_logger is None:
                raise ArtifactNotLoggedError("Log the draft with run.log_artifact(artifact).")
            _draft_logger(self)
            return
        now = set(self._version.aliases)
        wanted = [alias for alias in self._aliases if version_number(alias) is None]
        self._repository.update_version(
            self._version.id,
            description=self._description,
            metadata=check_metadata(self._metadata),
            tags=self._tags,
            ttl=ArtifactTTL.INHERIT if self._ttl is None else self._ttl,
        )
        self._show(
            self._repository.set_aliases(
                self._version.id,
                add=[alias for alias in wanted if alias not in now],
                remove=[alias for alias in now if alias not in wanted],
            )
        )

    def delete(self, delete_aliases: bool = False) -> None:
        """Delete this version: its row and lineage stay, `artnb gc` frees its bytes.

        Parameters
        ----------
        delete_aliases : bool
            Delete it though it has aliases; they go with it, and ``latest`` moves to the
            newest version that is left.

        Raises
        ------
        UsageError
            It has aliases, and `delete_aliases` is not set.
        """
        version = self._logged("delete")
        self._show(self._repository.delete(version.id, delete_aliases=delete_aliases))

    def wait(self, timeout: float | None = None) -> Artifact:
        """Return itself: logging is over when `log_artifact` returns."""
        self._logged("wait")
        return self

    def __repr__(self) -> str:
        if self._version is None:
            entries = len(self._drafted().contents)
            return f"<Artifact {self.name!r} type={self.type!r} draft entries={entries}>"
        record = self._version
        aliases = f" aliases={list(record.aliases)}" if record.aliases else ""
        return f"<Artifact {record.ref!r} type={record.type!r}{aliases} entries={record.entries}>"

    # inner ----------------------------------------------------------------------------

    def _file_or_folder(self) -> str:
        """Download it, and return the path of its only file, else of its folder."""
        return self.file() if len(self.manifest) == 1 else self.download()

    def _others(self, ids: Iterable[int]) -> list[Artifact]:
        found = map(self._repository.version, sorted(ids))
        return [Artifact._of(version, self._repository) for version in found]

    def _drafted(self, doing: str = "that") -> Draft:
        if self._draft is None:
            raise ArtifactFinalizedError(
                f"{self.name} is logged and cannot be changed: {doing} is for drafts. Call "
                "new_draft(), change that, and log it as the next version."
            )
        return self._draft

    def _logged(self, doing: str) -> VersionRecord:
        if self._version is None:
            raise ArtifactNotLoggedError(
                f"The artifact {self.name!r} is not logged yet, so it has no {doing!r}. Call "
                "run.log_artifact(artifact) or artifact.save() first."
            )
        return self._version

    def _show(self, version: VersionRecord) -> None:
        self._version = version
        self._draft = None
        self._description = version.description
        self._metadata = dict(version.metadata)
        self._aliases = list(version.aliases)
        self._tags = list(version.tags)
        self._ttl = version.ttl

    def _folder(self, root: str | os.PathLike[str] | None, record: VersionRecord) -> Path:
        if root is not None:
            return Path(root)
        return default_folder(self._repository.settings.artifact_dir, record)
