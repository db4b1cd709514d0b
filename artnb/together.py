"""Values of one version, loaded together: what was one object is one again.

First what stands by itself, with the memory that it shares; then what refers to that. The
manifest may be a stranger's: a reference that does not fit is an error of its value alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from artnb.errors import ArtnbError, SerializationError, UntrustedError
from artnb.likeness import Likeness
from artnb.model import Entry, Manifest
from artnb.serializers.aliasing import tie, view_of
from artnb.serializers.linked import HELD, Ref, Resolve, is_held, whole_key
from artnb.serializers.torch_sharing import is_loose

__all__ = ["PLAIN", "InPlace", "Together", "load_together"]


PLAIN = frozenset(("json", "linked"))
"""Formats of lists, dicts and the like."""


class InPlace(NamedTuple):
    """What values hold in the place of another cell's variable.

    Attributes
    ----------
    digest : str
        That of its entry.
    paths : set of str
        Those of the values that hold it, themselves or through others.
    """

    digest: str
    value: Any
    paths: set[str]


@dataclass
class Together:
    """What was loaded.

    Attributes
    ----------
    values : dict
        By the entry's path.
    problems : dict
        Why a value could not be loaded, by its path.
    apart : set of str
        The names of known variables that are not what the values hold in their places.
    held : dict
        By the name of another cell's variable.
    """

    values: dict[str, Any] = field(default_factory=dict)
    problems: dict[str, ArtnbError] = field(default_factory=dict)
    apart: set[str] = field(default_factory=set)
    held: dict[str, InPlace] = field(default_factory=dict)


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
        By the key of an entry, the digest of what holds its value elsewhere, and the value:
        where the entry holds the same, it is this object. A list, dict or the like is it
        only if it looks the same still, and holds what the version's other entries hold.
    """
    loading = _Loading(manifest, read, trust, known or {})
    wanted = {path: _key(manifest.entries[path]) for path in paths}
    loading.load_leaves(wanted.values())
    done = Together(apart=loading.take_over())
    for path, key in wanted.items():
        try:
            done.values[path] = loading.value(key)
        except ArtnbError as error:
            done.problems[path] = error
    done.held = dict(loading.held({path: wanted[path] for path in done.values}))
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
        self._wanted: list[str] = []
        self._taken = set[str]()
        self._leaves: dict[str, Any] = {}
        self._given: list[dict[int, Ref]] = []  # of the entries that are being read
        self._readers: defaultdict[str | Ref, set[str]] = defaultdict(set)
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
        # What is taken from the notebook keeps what it has there. All in one order, whatever the
        # hashes of texts are in this process.
        own = [key for key in self._leaves if key not in self._taken]
        for key in own:
            self._make_whole(key)
        notes = {key: _shares(self._entries[key]) for key in own}
        tie(self._leaves, {key: note for key, note in notes.items() if note})
        self._wanted = [key for key in self._entries if key in seen]

    def take_over(self) -> set[str]:
        """Put known lists, dicts and the like into the places of those that are loaded for them.

        Before any other entry is read: all of them have to hold the same.

        Returns
        -------
        set of str
            The names of what is known, and was not taken.
        """
        for key in self._wanted:
            if self._is_candidate(key):
                with suppress(ArtnbError):
                    self._exported(key)
        return {
            key.removeprefix(HELD)
            for key in self._wanted
            if key in self._known and key not in self._taken
        }

    def value(self, key: str) -> Any:
        """Return the value of an entry."""
        return self._exported(key)[0]

    def held(self, values: Mapping[str, str]) -> Iterator[tuple[str, InPlace]]:
        """Yield what has been loaded, or taken, in the places of other cells' variables.

        Parameters
        ----------
        values : mapping
            The keys of the values that hold it, by their paths.
        """
        needed = {path: self._needed_by(key) for path, key in values.items()}
        for key in self._wanted:
            name = key.removeprefix(HELD)
            if is_held(key) and name.isidentifier() and not self._is_half(key):
                paths = {path for path, keys in needed.items() if key in keys}
                with suppress(ArtnbError):
                    value = self._exported(key)[0]
                    yield name, InPlace(self._entries[key].digest, value, paths)

    def _needed_by(self, key: str) -> set[str]:
        """Return the keys of all that an entry refers to, or shares its memory with."""
        waiting, seen = [key], set[str]()
        while waiting:
            key = waiting.pop()
            if key not in seen and key in self._entries:
                seen.add(key)
                entry = self._entries[key]
                waiting += [*_owners(entry), *_tied_to(entry), *_held_with(key, entry)]
        return seen

    def _load_leaf(self, key: str) -> None:
        if self._is_known(key):
            self._leaves[key] = self._known[key][1]
            self._taken.add(key)
            return
        try:
            self._leaves[key] = self._objects_of(key)[0]
        except ArtnbError as error:
            self._problems[key] = error

    def _is_known(self, key: str) -> bool:
        """Return whether an entry holds a known value, and what that moves or steps is, too.

        If not, it would be torn from what it moves in the notebook.
        """
        entry = self._entries.get(key)
        if entry is None or key not in self._known:
            return False
        same = self._known[key][0] == entry.digest and not self._is_candidate(key)
        return same and all(owner != key and self._is_known(owner) for owner in _tied_to(entry))

    def _is_candidate(self, key: str) -> bool:
        """Return whether a known list, dict or the like may stand for an entry, if it is alike."""
        return key in self._known and self._entries[key].format in PLAIN

    def _objects_of(self, key: str) -> list[Any]:
        """Return what an entry holds; or what is known instead, if it is alike."""
        loaded, given = self._read_entry(key)
        if not self._is_candidate(key):
            return loaded
        present = self._known[key][1]
        like = Likeness(loaded[0], present, given)
        if like.holds and like.leaves:
            return self._with_leaves(key, like.leaves, present) or loaded
        return self._in_place(key, like, loaded) or loaded

    def _with_leaves(self, key: str, leaves: Mapping[str, Any], present: Any) -> list[Any] | None:
        """Return the known objects, with what they hold in the places of what was loaded."""
        if not all(self._is_own_leaf(key, each) for each in leaves):
            return None
        before = {each: self._leaves[each] for each in leaves}
        self._replace(leaves)
        try:
            # Parts and views of them may be held as well: it is all looked at once more.
            loaded, given = self._read_entry(key)
            like = Likeness(loaded[0], present, given)
            found = None if like.leaves else self._in_place(key, like, loaded)
        except ArtnbError:
            found = None
        if found is None:
            self._replace(before)
        return found

    def _in_place(self, key: str, like: Likeness, loaded: list[Any]) -> list[Any] | None:
        own = all(self._readers[ref] == {key} for ref in like.views)
        whole = all(id(each) in like.places for each in loaded)
        if not (like.holds and own and whole) or like.pending:
            return None
        self._taken.add(key)
        self._views |= like.views
        return [like.places[id(each)] for each in loaded]

    def _replace(self, leaves: Mapping[str, Any]) -> None:
        self._leaves |= leaves
        self._views = {ref: view for ref, view in self._views.items() if ref.owner not in leaves}

    def _is_own_leaf(self, key: str, leaf: str) -> bool:
        """Return whether nobody else has been given a leaf yet, so that another can replace it."""
        if not is_held(leaf) or leaf not in self._leaves.keys() - self._taken:
            return False
        tied = (owner for each in self._leaves for owner in _tied_to(self._entries[each]))
        own = self._readers[leaf] == {key} and not _shares(self._entries[leaf])
        return own and leaf not in tied

    def _read_entry(self, key: str) -> tuple[list[Any], dict[int, Ref]]:
        """Return what an entry holds, and by id what of it is given by others."""
        given: dict[int, Ref] = {}
        self._given.append(given)
        try:
            return self._read(self._entries[key], self._resolve), given
        finally:
            self._given.pop()
            for ref in given.values():
                self._readers[ref].add(key)
                self._readers[ref.owner].add(key)

    def _make_whole(self, key: str) -> None:
        """Put the module in the place of its tensors, where it is held and trusted.

        Those that it holds besides are made first; of two that hold each other neither can be.
        """
        whole = self._entries.get(whole_key(key))
        if not self._trust or whole is None or key in self._begun or key in self._taken:
            return
        # Built of its class alone it may be another: with the defaults of its arguments. And of
        # plain data it holds none of the others.
        ties = any(owner not in (key, whole_key(key)) for owner in _owners(whole))
        if self._is_half(key) or ties or "structure" not in self._entries[key].meta:
            self._begun.add(key)
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
                self._objects[key] = self._objects_of(key)
            except ArtnbError as error:
                self._problems[key] = error
                raise
        return self._objects[key]

    def _resolve(self, ref: Ref) -> Any:
        objects = self._exported(ref.owner)
        if ref.part is None:
            self._make_whole(ref.owner)
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
        if ref.view is not None:
            if ref not in self._views:
                self._views[ref] = view_of(found, *ref.view)
            found = self._views[ref]
        if self._given:
            self._given[-1][id(found)] = ref
        return found

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
    base = list(filter(is_held, _tied_to(entry)))
    return [*base, whole_key(key)] if entry.format == "module" else base


def _shares(entry: Entry) -> Mapping[str, Any]:
    note = entry.meta.get("shares")
    return note if isinstance(note, Mapping) else {}


def _tied_to(entry: Entry) -> list[str]:
    """Return the keys of what a value shares its memory with, moves or steps."""
    note = _shares(entry)
    try:
        pairs = [*(note.get("moves") or ()), *(note.get("tied") or {}).values()]
        return [str(owner) for owner in (note.get("with"), *(p[0] for p in pairs if p)) if owner]
    except (AttributeError, LookupError, TypeError):
        return []  # a stranger's


def _owners(entry: Entry) -> list[str]:
    try:
        return [str(owner) for owner, *_ in entry.meta["links"]["refs"]]
    except (LookupError, TypeError, ValueError):
        return []  # a stranger's: its file will tell that it refers to what is not there
