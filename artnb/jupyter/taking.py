"""The values of a cell on their way into a version: taken at its end, written then or later."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from artnb import serializers
from artnb.capture import NUMBERS, Frozen, Holder, fingerprint, freeze, size_of
from artnb.errors import SerializationError
from artnb.jupyter.choosing import SAME_BYTES
from artnb.jupyter.holding import Holding
from artnb.model import Entry
from artnb.repository import Content
from artnb.serializers import CannotSave, Saved
from artnb.serializers.aliasing import shares
from artnb.serializers.linked import HELD, whole_key
from artnb.serializers.structure import structure_of
from artnb.store import StagingArea

__all__ = ["Kept", "Taking"]

_SMALL = 256 * 1024
"""Bytes below which a value need not go through a file."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A variable as it goes into a version: the name of its type, and which object it was.

    Attributes
    ----------
    held : tuple of Content
        What variables of the version refer to and is none itself.
    """

    name: str
    kind: str
    holder: Holder
    content: Content
    held: tuple[Content, ...] = ()

    @property
    def contents(self) -> tuple[Content, ...]:
        """Its entries: the value's own, and those that are held with it."""
        return (self.content, *self.held)

    @property
    def torn(self) -> str | None:
        """Why of a module only the tensors could be saved."""
        return self.content.meta.get("torn")

    @property
    def is_stub(self) -> bool:
        """Whether the value could not be saved."""
        return self.content.format == "stub"


SavedBefore = Callable[[str, str, str], tuple[Entry, bytes] | None]


@dataclass
class _Value:
    """One value that is being taken: a variable's, or one that is held."""

    name: str
    fingerprint: str | None
    holder: Holder
    kind: str
    shares: Mapping[str, Any] | None = None
    before: tuple[Entry, bytes] | None = None
    frozen: Frozen | None = None
    content: Content | None = None
    held: list[_Value] = field(default_factory=list)
    mark: str | None = None
    torn: str | None = None
    is_found: bool = True

    @property
    def with_held(self) -> list[_Value]:
        return [self, *self.held]


class Taking:
    """The values of a cell on their way to files: taken at its end, written then or later.

    What is equal to what the artifact holds already is not written, what can be frozen is
    written by `write`, and all else at once. What cannot be saved becomes a stub.

    Parameters
    ----------
    values : mapping
        By name.
    staging : StagingArea
        Where the files lie until they are committed.
    saved_before : callable
        Takes a variable, the key of what is saved with it, and a fingerprint; returns the
        entry and bytes to take over, or None.
    later : bool
        Whether `write` is called while the notebook goes on.
    room : int
        Bytes that may be copied for it.
    namespace : mapping
        The notebook's variables.
    captured : callable
        Returns the names of those that some version holds; asked only if a value may hold them.
    kept : callable
        Takes one of these and its value; returns what its version has of it, if that is the same
        and would take its time to write.
    apart : bool
        Each value goes into a version of its own.

    Attributes
    ----------
    copied : int
        Bytes that the values take beside the notebook's own.
    holds_originals : bool
        Whether `write` reads objects that the notebook can change.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        staging: StagingArea,
        saved_before: SavedBefore,
        *,
        later: bool = False,
        room: int = 0,
        namespace: Mapping[str, Any] | None = None,
        captured: Callable[[], Collection[str]] = tuple,
        kept: Callable[[str, Any], Content | None] = lambda _name, _value: None,
        apart: bool = False,
    ) -> None:
        self._staging = staging
        self._later = later
        self._folder: TemporaryDirectory[str] | None = None
        self.copied = 0
        self._saved_before = saved_before
        self._values: list[_Value] = []
        self._kept: list[Kept] | None = None
        self._room = room
        self._why = ""
        self._kept_of = kept
        self._captured: set[str] = set()
        self.holds_originals = False
        others: Mapping[str, Any] = {}
        if not _are_atoms(values):
            self._captured = {*captured(), *(values if apart else ())}
            others = dict(namespace or {})
        try:
            for each in [{name: values[name]} for name in values] if apart else [values]:
                self._take(each, others)
        except BaseException:
            self.discard()
            raise

    def _take(self, values: Mapping[str, Any], others: Mapping[str, Any]) -> None:
        """Take what goes into one version."""
        if _are_atoms(values):
            self._values += [self._atom(*item) for item in values.items()]
            return
        holding = Holding(values, others, self._captured)
        # What is held first: a variable that is one with it, or a view, is tied to it.
        everything = {**holding.held, **values}
        shared = shares(everything)
        items = [self._marked(*item, shared, holding) for item in values.items()]
        if not items:
            return
        for key, value in holding.held.items():
            print_ = fingerprint(value) if self._later else None  # it proves what is frozen
            item = _Value(key, print_, Holder(value), "", shared.get(key), is_found=False)
            if key not in holding.linked:
                item.content = self._kept_content(key, value)
            items[0].held.append(item)
        self._values += items
        waiting = [item for each in items for item in each.with_held]
        for item in waiting:
            there = item.before is not None or item.content is not None
            written = there or item.name in holding.linked
            if self._later and not written and item.fingerprint is not None:
                value = everything[item.name]
                item.frozen = freeze(value, self._room - self.copied, others)
                if item.frozen is not None:
                    self.copied += item.frozen.copied
                    self.holds_originals |= not item.frozen.fixed
        for item in waiting:
            if item.name in holding.linked and self._link(item, partial(holding.write, item.name)):
                continue
            if item.before is None and item.content is None and item.frozen is None:
                item.content = self._written(item, everything[item.name])
        marks = {whole_key(item.name): item.fingerprint for item in waiting}
        for key, module in holding.wholes.items():
            mark = marks.get(key) or fingerprint(module)
            whole = [*self._take_whole(items[0].name, key, module, mark, holding)]
            items[0].held += whole
            for item in waiting if not whole and structure_of(module) is None else ():
                if whole_key(item.name) == key:
                    item.torn = self._why

    def _kept_content(self, key: str, value: Any) -> Content | None:
        name = key.removeprefix(HELD)
        kept = self._kept_of(name, value) if name in self._captured else None
        if kept is None or "links" in kept.meta or kept.format is None:
            return None
        suffix = serializers.by_name(kept.format).suffix
        return replace(kept, path=f"{key}{suffix}", variable=key)

    @property
    def marks(self) -> frozenset[str]:
        """The fingerprints of the values, as far as they have one."""
        return frozenset(item.fingerprint for item in self._values if item.fingerprint)

    def write(self) -> list[Kept]:
        """Write what is not there yet, and return everything.

        Raises
        ------
        SerializationError
            A value that was to be written later is not what it was any more.
        """
        done = self._kept
        if done is None or any(_is_gone(content) for kept in done for content in kept.contents):
            done = self._kept = [
                Kept(
                    item.name,
                    item.kind,
                    item.holder,
                    self._content(item),
                    tuple(map(self._content, item.held)),
                )
                for item in self._values
            ]
        return done

    def discard(self) -> None:
        """Free the values and their files."""
        folder, self._folder = self._folder, None
        self._values, self._kept = [], None
        if folder is not None:
            folder.cleanup()

    # -- parts

    def _atom(self, name: str, value: Any) -> _Value:
        # Nobody asks for a number's before it is written: no version is looked for by it.
        print_ = None if self._later and type(value) in NUMBERS else fingerprint(value)
        item = _Value(name, print_, Holder(value), type(value).__name__)
        if self._later:
            item.frozen = Frozen(value, fixed=True)
        else:
            item.content = self._written(item, value)
        return item

    def _marked(self, name: str, value: Any, shared: Mapping[str, Any], holding: Holding) -> _Value:
        print_ = fingerprint(value)
        asks = print_ is not None and type(value) not in SAME_BYTES
        item = _Value(name, print_, Holder(value), type(value).__name__, shared.get(name))
        item.mark = holding.mark(name)
        item.before = self._saved_before(name, name, print_) if print_ and asks else None
        # The fingerprint does not tell which places in a value hold one object.
        if item.before is not None:
            meta = item.before[0].meta
            linked = name in holding.linked
            if meta.get("mark") != item.mark or ("links" in meta) is not linked:
                item.before = None
        return item

    def _link(self, item: _Value, write: Callable[[Path], Saved]) -> bool:
        """Write what refers to other entries; False: it cannot be."""
        try:
            saved = write(self._area())
        except CannotSave as error:
            item.before = None
            self._why = str(error)
            return False
        before = item.before[0] if item.before is not None else None
        same = before is not None and before.meta["links"] == saved.meta["links"]
        if same and before is not None and before.format == saved.format:
            saved.path.unlink()
        else:
            item.before = None
            item.content = self._as_content(item, saved)
        return True

    def _take_whole(
        self, variable: str, key: str, module: Any, mark: str | None, holding: Holding
    ) -> Iterator[_Value]:
        """Yield what is held of a module besides its tensors, if that can be saved."""
        kinds = {type(part).__qualname__: type(part) for part in module.modules()}
        defined = [fingerprint(kinds[name]) for name in sorted(kinds)]
        print_ = None if mark is None else fingerprint([mark, defined])
        before = self._saved_before(variable, key, print_) if print_ is not None else None
        item = _Value(key, print_, Holder(module), "", before=before)
        if self._link(item, lambda folder: holding.write_whole(key, folder)):
            yield item

    def _content(self, item: _Value) -> Content:
        if item.frozen is not None and type(item.frozen.value) in NUMBERS:
            item.fingerprint = fingerprint(item.frozen.value)
        if item.before is not None:
            entry, source = item.before
            found = Content(entry.path, source, entry.format, item.name, entry.meta)
        else:
            if item.content is None or _is_gone(item.content):
                assert item.frozen is not None
                item.content = self._written(item, item.frozen.value)
            found = item.content
        print_ = item.fingerprint if item.is_found else None
        notes = ("shares", "mark", "torn")
        if not (item.shares or item.mark or item.torn or found.meta.keys() & set(notes)):
            found.fingerprint = print_
            return found
        meta = {key: part for key, part in found.meta.items() if key not in notes}
        meta |= {"torn": item.torn} if item.torn else {}
        meta |= {"shares": item.shares} if item.shares is not None else {}
        meta |= {"mark": item.mark} if item.mark and not serializers.is_safe(found.format) else {}
        return replace(found, meta=meta, fingerprint=print_)

    def _written(self, item: _Value, value: Any) -> Content:
        in_memory = serializers.encode(value) if size_of(value) < _SMALL else None
        if in_memory is not None and (item.frozen is None or item.frozen.fixed):
            data, how, meta = in_memory
            return Content(f"{item.name}{how.suffix}", data, how.name, item.name, meta)
        saved = serializers.dump(value, self._area(), item.name)
        frozen = item.frozen
        if frozen is not None and fingerprint(value) != item.fingerprint:
            saved.path.unlink()
            raise SerializationError(
                f"{item.name} is not what it was when its cell ended: a thread, a task or a "
                "widget's callback changed it while it was being saved. Nothing was written."
            )
        return self._as_content(item, saved)

    def _as_content(self, item: _Value, saved: Saved) -> Content:
        path = saved.path.relative_to(self._area()).as_posix()
        # A file that is published is gone; one that cannot be written again is copied.
        movable = item.frozen is not None or not self._later
        source = self._staging.adopt(saved.path) if movable else saved.path
        return Content(path, source, saved.format, item.name, saved.meta)

    def _area(self) -> Path:
        """Return the folder for files, in the store's area: a killed process's are removed."""
        if self._folder is None:
            self._folder = TemporaryDirectory(prefix="cell-", dir=self._staging.folder)
            (Path(self._folder.name) / HELD).mkdir()
        return Path(self._folder.name)


def _are_atoms(values: Mapping[str, Any]) -> bool:
    return SAME_BYTES.issuperset(map(type, values.values()))


def _is_gone(content: Content) -> bool:
    if type(content.source) is bytes:
        return False
    source = getattr(content.source, "source", None)
    return isinstance(source, Path) and not source.exists()
