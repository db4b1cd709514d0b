"""Values of one version, loaded together: what was one object is one again.

First what stands by itself, with the memory that it shares; then what refers to that. The
manifest may be a stranger's: a reference that does not fit is an error of its value alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from artnb.errors import ArtnbError, SerializationError, UntrustedError
from artnb.model import Entry, Manifest
from artnb.serializers.aliasing import tie, view_of
from artnb.serializers.linked import HELD, Ref, Resolve, whole_key
from artnb.serializers.torch_sharing import is_loose

__all__ = ["Together", "load_together"]


@dataclass
class Together:
    """What was loaded.

    Attributes
    ----------
    values : dict
        By the entry's path.
    problems : dict
        Why a value could not be loaded, by its path.
    """

    values: dict[str, Any] = field(default_factory=dict)
    problems: dict[str, ArtnbError] = field(default_factory=dict)


Read = Callable[[Entry, Resolve], list[Any]]
"""Returns an entry's value, and what it exports."""


def load_together(
    manifest: Manifest,
    paths: Iterable[str],
    read: Read,
    *,
    trust: bool,
    known: Mapping[str, tuple[str, Any]] | None = None,
) -> Together:
    """Return the values of some entries of a version, and load what they refer to.

    Parameters
    ----------
    known : mapping, optional
        By the name of a variable, the digest of what holds its value elsewhere, and the value:
        where an entry holds the same for it, it is this object.
    """
    loading = _Loading(manifest, read, trust, known or {})
    wanted = {path: _key(manifest.entries[path]) for path in paths}
    loading.load_leaves(wanted.values())
    done = Together()
    for path, key in wanted.items():
        try:
            done.values[path] = loading.value(key)
        except ArtnbError as error:
            done.problems[path] = error
    return done


class _Loading:
    def __init__(
        self,
        manifest: Manifest,
        read: Read,
        trust: bool,
        known: Mapping[str, tuple[str, Any]],
    ) -> None:
        self._entries = {_key(entry): entry for entry in manifest}
        self._read = read
        self._trust = trust
        self._known = known
        self._leaves: dict[str, Any] = {}
        self._objects: dict[str, list[Any]] = {}
        self._problems: dict[str, ArtnbError] = {}
        self._begun: set[str] = set()
        self._parameters: dict[int, tuple[Any, Any]] = {}
        self._views: dict[Ref, Any] = {}

    def load_leaves(self, keys: Iterable[str]) -> None:
        """Load what these entries need that refers to nothing, and tie what shares memory."""
        waiting, seen = list(keys), set[str]()
        while waiting:
            key = waiting.pop()
            if key in seen or key not in self._entries:
                continue
            seen.add(key)
            if _is_linked(self._entries[key]):
                waiting += _owners(self._entries[key])
            else:
                waiting += _held_with(key, self._entries[key])
        for key in self._entries:  # in their order: one may be a view of the next
            if key in seen and not _is_linked(self._entries[key]):
                self._load_leaf(key)
        for key in list(self._leaves):
            self._make_whole(key)
        notes = {key: _shares(self._entries[key]) for key in self._leaves}
        tie(self._leaves, {key: note for key, note in notes.items() if note})

    def value(self, key: str) -> Any:
        """Return the value of an entry."""
        return self._exported(key)[0]

    def _load_leaf(self, key: str) -> None:
        entry = self._entries[key]
        digest, value = self._known.get(key.removeprefix(HELD), (None, None))
        try:
            if digest == entry.digest and key.startswith(HELD):
                self._leaves[key] = value
                return
            self._leaves[key] = self._read(entry, self._resolve)[0]
        except ArtnbError as error:
            self._problems[key] = error

    def _make_whole(self, key: str) -> None:
        """Put the module in the place of its tensors, where it is held and trusted."""
        whole = self._entries.get(whole_key(key))
        if self._trust and whole is not None and self._is_half(key):
            try:
                self._leaves[key] = self._read(whole, self._resolve)[0]
            except ArtnbError:
                pass  # its tensors are better than nothing

    def _exported(self, key: str) -> list[Any]:
        if key in self._leaves:
            return [self._leaves[key]]
        if key in self._problems:
            raise self._problems[key]
        if key not in self._objects:
            if key not in self._entries or not _is_linked(self._entries[key]) or key in self._begun:
                raise SerializationError(f"It refers to {key!r}, which is not in its version.")
            self._begun.add(key)
            try:
                self._objects[key] = self._read(self._entries[key], self._resolve)
            except ArtnbError as error:
                self._problems[key] = error
                raise
        return self._objects[key]

    def _resolve(self, ref: Ref) -> Any:
        objects = self._exported(ref.owner)
        number = ref.part if isinstance(ref.part, int) else 0
        if not 0 <= number < len(objects):
            raise SerializationError(f"It refers to what {ref.owner} does not hold.")
        found = objects[number]
        if isinstance(ref.part, tuple):
            found = self._part(found, *ref.part)
        elif is_loose(found):
            raise SerializationError(f"It holds {ref.owner}, a scheduler without its optimizer.")
        elif ref.part is None and self._is_half(ref.owner):
            raise self._about_half(ref.owner)
        if ref.view is None:
            return found
        if ref not in self._views:
            self._views[ref] = view_of(found, *ref.view)
        return self._views[ref]

    def _is_half(self, key: str) -> bool:
        """Return whether a module came as its tensors."""
        entry = self._entries.get(key)
        is_module = entry is not None and entry.format == "module"
        return is_module and not hasattr(self._leaves.get(key), "named_modules")

    def _about_half(self, key: str) -> ArtnbError:
        what = f"It holds {key}, a {self._entries[key].meta.get('class', 'module')}"
        if not self._trust:
            return UntrustedError(f"{what}, and making that runs code: load it with trust=True.")
        return SerializationError(f"{what}, of which only the tensors can be brought back.")

    def _part(self, found: Any, kind: str, path: str) -> Any:
        if kind == "module":
            return found.get_submodule(path)
        if isinstance(found, Mapping):
            tensor = found[path]
            return tensor if kind == "buffer" else self._parameter(tensor, kind == "parameter")
        return found.get_buffer(path) if kind == "buffer" else found.get_parameter(path)

    def _parameter(self, tensor: Any, trained: bool) -> Any:
        """Return the parameter made of a tensor, each time the same."""
        if id(tensor) not in self._parameters:
            from torch.nn import Parameter

            self._parameters[id(tensor)] = tensor, Parameter(tensor, requires_grad=trained)
        return self._parameters[id(tensor)][1]


def _key(entry: Entry) -> str:
    return entry.variable or entry.path


def _is_linked(entry: Entry) -> bool:
    return "links" in entry.meta and entry.variable is not None


def _held_with(key: str, entry: Entry) -> list[str]:
    """Return what comes with a value that stands by itself, and is no variable."""
    owner = _shares(entry).get("with")
    base = [owner] if isinstance(owner, str) and owner.startswith(HELD) else []
    return [*base, whole_key(key)] if entry.format == "module" else base


def _shares(entry: Entry) -> Mapping[str, Any]:
    note = entry.meta.get("shares")
    return note if isinstance(note, Mapping) else {}


def _owners(entry: Entry) -> list[str]:
    try:
        return [str(owner) for owner, *_ in entry.meta["links"]["refs"]]
    except (LookupError, TypeError, ValueError):
        return []  # a stranger's: its file will tell that it refers to what is not there
