"""Values that hold others which have entries of their own: written without these.

A **reference** (`Ref`) stands in a file for an object of another entry of the version: all of
its value, a part of a module, a view of an array, or an object that the other entry's file
lists for it (an **export**). What consists of lists, dicts, tuples, sets and values
of plain types (`codecs`) besides is written as JSON, which runs no code when it is read; anything
else as a pickle, in which references are persistent ids. Both keep which objects inside are one.
"""

from __future__ import annotations

import hashlib
import itertools
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from artnb import ownjson as json
from artnb.errors import SerializationError
from artnb.serializers.base import CannotSave
from artnb.serializers.codecs import ATOMS, codec_of, find_class, is_unusual
from artnb.serializers.definitions import Alike, load_pickle
from artnb.serializers.inlined import INLINED
from artnb.serializers.nodes import Node, codec_of_node, have_equal_keys, in_order, made_of, merged

__all__ = [
    "HELD",
    "Linked",
    "Ref",
    "RefOf",
    "Resolve",
    "is_held",
    "link_plain",
    "read_linked",
    "resolve_nothing",
    "whole_key",
]

HELD = "held/"
"""What the keys of entries begin with that are no variables."""

_FORMAT = 1
_USUAL = frozenset((type(None), bool, str))
_USUAL_INT = 1 << 63
_MOST_NODES = 200_000
"""Objects above which a pickle is so much faster that it is the better choice."""


@dataclass(frozen=True, slots=True)
class Ref:
    """An object of another entry.

    Attributes
    ----------
    owner : str
        The other entry's key: its variable, or the name that it is held under.
    part : None, int or (str, str)
        The whole value; the export of this number; or ``("module", path)`` or
        ``("tensor", path)`` in a module.
    view : None or (int, tuple, tuple)
        Offset, strides and shape of a view of it, in elements.
    which : int
        Of several objects that are the same view, which one.
    """

    owner: str
    part: int | tuple[str, str] | None = None
    view: tuple[int, tuple[int, ...], tuple[int, ...]] | None = None
    which: int = 0

    def to_json(self) -> list[Any]:
        """Return what a file holds for it."""
        return [self.owner, self.part, self.view, self.which]

    @classmethod
    def from_json(cls, body: Any) -> Ref:
        """Return what `to_json` gave; ValueError for anything else."""
        owner, part, view, which = body
        if isinstance(part, list):
            kind, path = map(str, part)
            part = (kind, path)
        elif part is not None and type(part) is not int:
            raise ValueError("no part")
        if view is not None:
            offset, strides, shape = view
            view = int(offset), tuple(map(int, strides)), tuple(map(int, shape))
        return cls(str(owner), part, view, int(which))


RefOf = Callable[[Any], Ref | None]
"""Returns the reference that stands for an object, or None for one that is written here."""

Resolve = Callable[[Ref], Any]


class Linked:
    """Lists, dicts, tuples, sets, values of plain types, and which of them are one object."""

    name = "linked"
    suffix = ".linked.json"
    safe = True

    def encode(self, value: Any) -> tuple[bytes, dict[str, Any]]:
        """Return the value as JSON and the meta; it refers to nothing else."""
        data, _ = _plain_bytes([value], lambda _: None)
        return data, {"kind": type(value).__name__}

    def decode(self, data: bytes, *, trust: bool = False) -> Any:
        """Return the value that `encode` made the bytes of."""
        return _objects(data, resolve_nothing, trust)[0]

    def write(self, value: Any, path: Path) -> dict[str, Any]:
        """Write the value; CannotSave for what is not plain."""
        data, meta = self.encode(value)
        path.write_bytes(data)
        return meta

    def read(self, path: Path, meta: Mapping[str, Any], *, trust: bool) -> Any:
        """Return the value."""
        return read_linked(path, self.name, resolve_nothing, trust=trust)[0]


def link_plain(objects: Sequence[Any], ref_of: RefOf, path: Path) -> dict[str, Any]:
    """Write the first of `objects`, and the others as exports; CannotSave for what is not plain.

    Returns
    -------
    dict
        The meta.
    """
    data, refs = _plain_bytes(objects, ref_of)
    path.write_bytes(data)
    return {"kind": type(objects[0]).__name__, "links": {"refs": refs}}


def _plain_bytes(objects: Sequence[Any], ref_of: RefOf) -> tuple[bytes, list[Any]]:
    try:
        body = _Writer(ref_of).body(objects)
        text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    except (ValueError, RecursionError) as error:
        raise CannotSave(str(error)) from error
    return text.encode("utf-8", "surrogatepass"), body["refs"]


def read_linked(
    path: Path, format: str, resolve: Resolve, *, trust: bool, alike: Alike | None = None
) -> list[Any]:
    """Return the objects that a file was given; the format must be trusted.

    Parameters
    ----------
    trust : bool
        Import the modules of the classes that it names.
    alike : callable, optional
        As `load_pickle` takes it.
    """
    if format == Linked.name:
        return _objects(path.read_bytes(), resolve, trust)

    def persistent_load(pid: Any) -> Any:
        return resolve(Ref.from_json(json.loads(pid)))

    return list(load_pickle(path.read_bytes(), persistent_load, alike))


def _objects(data: bytes, resolve: Resolve, trust: bool) -> list[Any]:
    return _Reader(json.loads(data.decode("utf-8", "surrogatepass")), resolve, trust).objects()


def whole_key(name: str) -> str:
    """Return the key of what is held of a module besides its tensors."""
    return f"{HELD}{name.removeprefix(HELD)}.whole"


def is_held(variable: str | None) -> bool:
    """Return whether an entry's key is that of a value that others hold, and no variable's."""
    return (variable or "").startswith(HELD)


def resolve_nothing(ref: Ref) -> Any:
    """Raise SerializationError that says what has to be loaded with it."""
    raise SerializationError(
        f"This value holds {ref.owner}, which is another entry of its version. Load it from the "
        "version: %artnb load REF, or Artifact.get."
    )


class _Writer:
    """Objects as a list of nodes that name each other by number, without recursion."""

    def __init__(self, ref_of: RefOf, ranks: dict[int, str] | None = None) -> None:
        self._ref_of = ref_of
        self._refs: dict[Ref, int] = {}
        self._marks: dict[int, dict[str, int]] = {}  # of each object's node, in their order
        self._nodes: list[Node] = []
        self._inside: dict[int, list[int]] = {}
        self._inner: list[int] = []  # the nodes that are parts of the one that is written
        self._waiting: list[tuple[int, Any]] = []
        self._alive: list[Any] = []  # an id stands for an object only while that is there
        self._ranks = {} if ranks is None else ranks

    def body(self, objects: Sequence[Any]) -> dict[str, Any]:
        roots, inner = self._coded_all(objects), self._inner
        while self._waiting:
            number, value = self._waiting.pop()
            self._inner = []
            self._nodes[number] = self._node(value)
            if self._inner:
                self._inside[number] = self._inner
        nodes = merged(self._nodes, list(self._marks.values()), self._inside, inner)
        if have_equal_keys(nodes):
            raise CannotSave("it holds keys that are alike and not equal, such as NaN")
        refs = [ref.to_json() for ref in self._refs]
        return {"artnb": _FORMAT, "refs": refs, "nodes": nodes, "roots": roots}

    def _coded(self, value: Any) -> Any:
        if type(value) in ATOMS and not is_unusual(value):
            return value
        ref = self._ref_of(value)
        if ref is not None:
            return {"r": self._refs.setdefault(ref, len(self._refs))}
        mark = self._marks.get(id(value))
        if mark is None:
            if len(self._nodes) == _MOST_NODES:
                raise CannotSave("so many values")
            mark = self._marks[id(value)] = {"n": len(self._nodes)}
            self._waiting.append((len(self._nodes), value))
            self._nodes.append(())
            self._alive.append(value)
        self._inner.append(mark["n"])
        return mark

    def _coded_all(self, values: Iterable[Any]) -> Node:
        coded = self._coded
        return tuple(
            [
                # Most are: no call for each of a million.
                value
                if (kind := type(value)) in _USUAL
                or (kind is int and -_USUAL_INT < value < _USUAL_INT)
                or (kind is float and value == value)
                else coded(value)
                for value in values
            ]
        )

    def _node(self, value: Any) -> Node:
        kind = type(value)
        if kind is dict:
            return "dict", self._pairs(value)
        if kind is OrderedDict:
            return "ordered", self._pairs(value), self._pairs(vars(value))
        if kind in (list, tuple):
            return kind.__name__, self._coded_all(value)
        if kind in (set, frozenset):
            return kind.__name__, self._items(value)
        if _is_tensor_dataset(value):
            return "tensor-dataset", self._coded_all(value.tensors)
        for codec in (codec_of(kind), INLINED):
            if codec is not None and (parts := codec.parts_or_none(value)) is not None:
                return codec.name, self._coded_all(parts)
        raise CannotSave(f"it holds a {kind.__name__}")

    def _items(self, value: set[Any] | frozenset[Any]) -> Node:
        """Return a set's items in an order of their own: the set's is by chance."""
        atoms: list[Any] = []
        others: list[Any] = []
        for item in value:
            (atoms if type(item) in ATOMS and not is_unusual(item) else others).append(item)
        others.sort(key=self._rank)
        return (*sorted(atoms, key=json.dumps), *map(self._coded, others))

    def _rank(self, value: Any) -> str:
        """Return a text that is the same for equal values in every process."""
        if id(value) not in self._ranks:
            self._alive.append(value)
            body = _Writer(self._ref_of, self._ranks).body([value])
            self._ranks[id(value)] = hashlib.sha256(json.dumps(body).encode()).hexdigest()
        return self._ranks[id(value)]

    def _pairs(self, value: Mapping[Any, Any]) -> Node:
        parts = self._coded_all(itertools.chain.from_iterable(value.items()))
        return tuple(zip(parts[::2], parts[1::2], strict=True))


class _Reader:
    """The objects of a list of nodes. The file may be a stranger's: nothing in it is trusted."""

    def __init__(self, body: Any, resolve: Resolve, trust: bool) -> None:
        if body["artnb"] != _FORMAT:
            raise ValueError(f"the format {body['artnb']!r}; a newer artnb wrote it")
        self._nodes = body["nodes"]
        self._roots = body["roots"]
        self._trust = trust
        self._refs = [resolve(Ref.from_json(each)) for each in body["refs"]]
        self._made: dict[int, Any] = {}

    def objects(self) -> list[Any]:
        for number in in_order(made_of(self._nodes)):
            self._made[number] = self._begun(self._nodes[number])
        # What is hashed last: it may be a key by what is in it.
        for hashed in (False, True):
            for number, node in enumerate(self._nodes):
                if (node[0] in _HASHED) is hashed:
                    self._fill(self._made[number], node)
        return [self._decoded(root) for root in self._roots]

    def _begun(self, node: list[Any]) -> Any:
        """Return a node's object; what can hold itself is still empty."""
        kind, parts = node[0], node[1]
        if kind in _EMPTY:
            return _EMPTY[kind]()
        codec = codec_of_node(kind)
        if codec is None:
            return _whole(kind, [self._decoded(part) for part in parts])
        first = [self._decoded(part) for part in (parts[: codec.fixed] if codec.fill else parts)]
        if codec.of_class:
            first[0] = find_class(first[0], trust=self._trust)
        return codec.make(*first)

    def _fill(self, made: Any, node: list[Any]) -> None:
        kind, parts = node[0], node[1]
        if kind == "list":
            made.extend(map(self._decoded, parts))
        elif kind == "set":
            made.update(map(self._decoded, parts))
        elif kind in ("dict", "ordered"):
            made.update(self._pairs(parts))
            if len(node) > 2:
                vars(made).update(self._pairs(node[2]))
        elif (codec := codec_of_node(kind)) is not None and codec.fill is not None:
            codec.fill(made, [self._decoded(part) for part in parts[codec.fixed :]])

    def _decoded(self, coded: Any) -> Any:
        if type(coded) in ATOMS:
            return coded
        return self._refs[coded["r"]] if "r" in coded else self._made[coded["n"]]

    def _pairs(self, pairs: Any) -> list[tuple[Any, Any]]:
        return [(self._decoded(key), self._decoded(item)) for key, item in pairs]


_EMPTY: dict[str, Callable[[], Any]] = {
    "list": list, "dict": dict, "set": set, "ordered": OrderedDict,
}  # fmt: skip
_HASHED = frozenset(("dict", "set", "ordered", "Counter", "defaultdict"))


def _whole(kind: str, parts: list[Any]) -> Any:
    if kind == "tuple":
        return tuple(parts)
    if kind == "frozenset":
        return frozenset(parts)
    if kind == "tensor-dataset":
        from torch.utils.data import TensorDataset

        return TensorDataset(*parts)
    raise ValueError(f"a node of the kind {kind!r}, which a newer artnb may have written")


def _is_tensor_dataset(value: Any) -> bool:
    data = sys.modules.get("torch.utils.data")
    return data is not None and type(value) is data.TensorDataset
