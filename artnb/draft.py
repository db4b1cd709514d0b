"""Draft: what a person puts together before it is logged.

A draft stages what it is given at once: what counts is the file as it was when it was
added, and logging it is then only a rename.
"""

from __future__ import annotations

import functools
import math
import os
import weakref
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

from artnb.errors import EntryExistsError, InvalidMetadataError, InvalidValueError, nearest
from artnb.osfaults import is_full, translated
from artnb.refs import check_entry_path, check_entry_paths, check_name, check_type
from artnb.repository import Content, FolderContents, Repository
from artnb.store import Staged, StagingArea
from artnb.store.staged_files import held_by
from artnb.store.walking import joined, walk

__all__ = ["Draft", "check_metadata"]

Policy = Literal["mutable", "immutable"]


class Draft:
    """Entries, a description and metadata, not yet a version.

    Parameters
    ----------
    repository : Repository
        Where the bytes are staged.
    """

    def __init__(self, name: str, type: str, repository: Repository) -> None:
        self.name = check_name(name)
        self.type = check_type(type)
        self.repository = repository
        self._contents: dict[str, Content] = {}
        self._folder: list[FolderContents] = []  # at most one, and then there is nothing else
        self._folders: Counter[str] = Counter()  # of the entries' paths, with how many lie below
        self._open_paths: set[str] = set()
        # A draft that is never logged gives its private copies back.
        staging = repository.staging
        self._cleanup = weakref.finalize(self, _discard, self._contents, self._folder, staging)

    @property
    def contents(self) -> Mapping[str, Content]:
        """The entries by path."""
        return self._unfolded()

    def take(self) -> Sequence[Content]:
        """Return the entries to be logged; the draft's copies now belong to the caller."""
        if self._open_paths:
            raise InvalidValueError(
                f"{sorted(self._open_paths)[0]!r} is still being written: leave its "
                "`with new_file(...)` block before logging the artifact."
            )
        self._cleanup.detach()
        return self._folder[0] if self._folder else list(self._contents.values())

    def add(self, content: Content, *, overwrite: bool = False) -> Content:
        """Add an entry; the same path with the same content is accepted again."""
        try:
            return self._enter(content, overwrite)
        except EntryExistsError:
            self._drop_source(content.source)
            raise

    def _enter(self, content: Content, overwrite: bool) -> Content:
        present = self._unfolded().get(content.path)
        if present is not None and not overwrite and _digest(present) != _digest(content):
            raise EntryExistsError(
                f"The artifact {self.name!r} has an entry {content.path!r} with other content. "
                "Choose another name, remove that entry first, or pass overwrite=True."
            )
        if clash := self._folder_clash(content.path):
            raise EntryExistsError(
                f"{content.path!r} and {clash!r} cannot both be in the artifact {self.name!r}: "
                "one would be a file and a folder at once. Choose another name."
            )
        if present is None:
            for folder in _folders_of(content.path):
                self._folders[folder] += 1
        self._contents[content.path] = content
        return content

    def add_file(self, path: Path, name: str | None, *, policy: Policy, overwrite: bool) -> Content:
        """Add a file under `name`, by default its own."""
        if not path.is_file():
            kind = "a folder; use add_dir" if path.is_dir() else "not there"
            raise InvalidValueError(f"add_file: {str(path)!r} is {kind}.")
        entry = check_entry_path(name or path.name)
        return self.add(Content(entry, self._source(path, policy)), overwrite=overwrite)

    def add_dir(self, folder: Path, name: str | None, *, policy: Policy, overwrite: bool) -> None:
        """Add every file below a folder; hidden ones too, links to files followed."""
        if not folder.is_dir():
            kind = "a file; use add_file" if folder.is_file() else "not there"
            raise InvalidValueError(f"add_dir: {str(folder)!r} is {kind}.")
        prefix = f"{check_entry_path(name)}/" if name else ""
        # A folder that holds the repository itself would feed on its own growth.
        top = os.path.join(folder.absolute(), "")  # noqa: PTH118 - with a separator at its end
        found = self.repository.find(top) if policy == "mutable" else None
        paths = (joined(walk(top, self.repository.root)) if found is None else found.files).paths
        names = _entry_names(paths, top, prefix)
        places = check_entry_paths(names)
        if found is None:
            self._add_all(places, list(map(Path, paths)), overwrite)
            return
        copies: dict[int, Staged] = {}
        try:
            files = self.repository.stage_found(found, self.name, copies)
            if not self._unfolded() and places == names:
                self._folder.append(FolderContents(places, files))  # nothing can clash
            else:
                self._add_all(places, files, overwrite)
        except BaseException:
            # An interrupt may come when all are made, and nobody has them yet.
            held = set(map(id, _sources(self._contents, self._folder)))
            for copy in copies.values():
                if id(copy) not in held:
                    self._drop_source(copy)
            raise

    def _add_all(
        self, places: Sequence[str], sources: Sequence[Path | Staged], overwrite: bool
    ) -> None:
        """Add the files of a folder, each as an entry of its own: all of them or none."""
        before = dict(self._contents)
        try:
            for path, source in zip(places, sources, strict=True):
                self._enter(Content(path, source), overwrite)
        except BaseException:
            self._contents.clear()
            self._contents.update(before)
            self._folders = Counter(f for path in before for f in _folders_of(path))
            raise

    def add_reference(
        self, uri: str, name: str | None, *, checksum: bool, max_objects: int | None
    ) -> list[Content]:
        """Add what a URI names, a file or all below a folder, without its bytes."""
        from artnb.store.references import find

        clean = check_entry_path(name) if name else None
        found = find(uri, clean, checksum=checksum, max_objects=max_objects)
        return [
            self.add(
                Content(
                    check_entry_path(each.path), None, meta=each.meta, ref=each.url,
                    digest=each.digest, size=each.size,
                )
            )
            for each in found
        ]  # fmt: skip

    @contextmanager
    def new_file(self, name: str, mode: str, encoding: str | None) -> Iterator[IO[Any]]:
        """Yield a file to write; it becomes an entry when the block ends without an error."""
        kind = mode.replace("b", "").replace("t", "")
        if kind not in ("x", "w", "a") or ("b" in mode and encoding):
            raise InvalidValueError(
                f"new_file: mode {mode!r} cannot be used; use 'x', 'w' or 'a', with 'b' for bytes."
            )
        path = check_entry_path(name)
        if path in self._open_paths or (kind == "x" and path in self._unfolded()):
            raise EntryExistsError(
                f"The artifact {self.name!r} has an entry {path!r} already. Choose another name, "
                "or open it with mode 'w' to replace it."
            )
        temp = self.repository.staging.new_path(Path(path).suffix)
        if kind == "a" and path in self._unfolded():
            temp.write_bytes(self.read(path))
        binary = "b" in mode
        self._open_paths.add(path)
        try:
            opened = open(  # noqa: SIM115 - entered below
                temp,
                ("a" if kind == "a" else "w") + ("b" if binary else ""),
                encoding=None if binary else encoding or "utf-8",
                newline=None if binary else "",
            )
            with opened as stream:
                yield stream
            staged = self.repository.staging.adopt(temp)
        except BaseException as error:
            temp.unlink(missing_ok=True)
            if is_full(error):  # the person's own errors go through as they are
                with translated(f"write the entry {path!r} in {temp.parent}"):
                    raise
            raise
        finally:
            self._open_paths.discard(path)
        self.add(Content(path, staged), overwrite=kind != "x")

    def read(self, path: str) -> bytes:
        """Return the bytes of an entry; FileNotFoundError if there is none."""
        contents = self._unfolded()
        if path not in contents:
            raise FileNotFoundError(
                f"The artifact {self.name!r} has no entry {path!r}; {nearest(path, contents)}"
            )
        source = contents[path].source
        data = source.source if isinstance(source, Staged) else source
        return data if isinstance(data, bytes) else Path(str(data)).read_bytes()

    def remove(self, path: str) -> None:
        """Remove an entry, or all below a folder; FileNotFoundError if there is none."""
        clean = check_entry_path(path)
        gone = [p for p in self._unfolded() if p == clean or p.startswith(f"{clean}/")]
        if not gone:
            raise FileNotFoundError(
                f"The artifact {self.name!r} has no entry {path!r}; {nearest(path, self._contents)}"
            )
        for key in gone:
            self._folders.subtract(_folders_of(key))
            self._drop_source(self._contents.pop(key).source)

    def _source(self, path: Path, policy: Policy) -> Path | Staged:
        if policy not in ("mutable", "immutable"):
            raise InvalidValueError(f"policy {policy!r}: use 'mutable' or 'immutable'.")
        path = path.absolute()
        return self.repository.stage(path, self.name) if policy == "mutable" else path

    def _folder_clash(self, path: str) -> str | None:
        # Where an entry lies in the same folder already, that folder cannot be an entry.
        if not self._folders[path.rpartition("/")[0]]:
            for place in _folders_of(path):
                if place in self._contents:
                    return place
        if not self._folders[path]:
            return None
        return next(other for other in self._contents if other.startswith(f"{path}/"))

    def _unfolded(self) -> dict[str, Content]:
        """Return the entries by path, a folder's as entries of their own."""
        if self._folder:
            folder = self._folder[0]
            self._contents.update(zip(folder.paths, folder, strict=True))
            for place, count in Counter(path.rpartition("/")[0] for path in folder.paths).items():
                for above in _with_those_above(place):
                    self._folders[above] += count
            self._folder.clear()
        return self._contents

    def _drop_source(self, source: object) -> None:
        if isinstance(source, Staged):
            self.repository.staging.discard(source)


def _folders_of(path: str) -> tuple[str, ...]:
    return _with_those_above(path.rpartition("/")[0])


@functools.lru_cache(maxsize=4096)
def _with_those_above(folder: str) -> tuple[str, ...]:
    parts = folder.split("/") if folder else []
    return tuple("/".join(parts[:count]) for count in range(1, len(parts) + 1))


def _discard(
    contents: dict[str, Content], folder: list[FolderContents], staging: StagingArea
) -> None:
    for source in _sources(contents, folder):
        if isinstance(source, Staged):
            staging.discard(source)


def _sources(contents: dict[str, Content], folder: list[FolderContents]) -> Iterator[Any]:
    yield from (content.source for content in contents.values())
    for whole in folder:
        yield from held_by(whole.files)


def _digest(content: Content) -> str | None:
    if isinstance(content.source, Staged):
        return content.source.digest
    if content.ref is not None:
        return f"{content.ref} {content.digest}"
    return str(content.source) if isinstance(content.source, Path) else None


def _entry_names(paths: Sequence[str], top: str, prefix: str) -> list[str]:
    start = len(top)
    names = [path[start:] for path in paths]
    if os.sep != "/":
        names = [name.replace(os.sep, "/") for name in names]
    return [prefix + name for name in names] if prefix else names


def check_metadata(value: Any, what: str = "metadata") -> dict[str, Any]:
    """Return `value` as the JSON mapping that will be kept.

    numpy and torch scalars become numbers, arrays and sets lists, dates ISO text, keys
    text, nan null, and what JSON has no form for its text, as W&B has it.

    Raises
    ------
    InvalidMetadataError
        Not a mapping, or it holds inf or itself: the message names the place.
    """
    from artnb.serializers import to_settings

    if value is None:
        return {}
    if isinstance(value, str):
        value = _parsed(value, what)
    if not isinstance(value, Mapping):
        raise InvalidMetadataError(
            f"{what} must be a dict, got {type(value).__name__}. Wrap it: {{'value': ...}}."
        )
    plain = {}
    for key, item in value.items():
        where = f"{what}[{key!r}]"
        try:
            plain[str(key)] = _finite(to_settings(item), where)
        except TypeError as error:
            raise InvalidMetadataError(f"{where}: {error}") from error
    return plain


def _parsed(text: str, what: str) -> Any:
    import json

    try:
        return json.loads(text)
    except ValueError as error:
        raise InvalidMetadataError(f"{what} is text but not JSON: {error}. Give a dict.") from error


def _finite(value: Any, where: str) -> Any:
    if isinstance(value, float):
        if math.isnan(value):
            return None
        if math.isinf(value):
            raise InvalidMetadataError(f"{where} is {value}, which JSON cannot hold. Use text.")
    elif isinstance(value, dict):
        return {key: _finite(item, f"{where}[{key!r}]") for key, item in value.items()}
    elif isinstance(value, list):
        return [_finite(item, f"{where}[{place}]") for place, item in enumerate(value)]
    return value
