"""Variables that hold other variables, or one another's parts: planned before they are saved.

Each variable keeps what is its own and refers to what another's entry has (`Ref`), so that
bytes are written once and what was one object is one again. Arrays, tensors, frames and
modules that several variables hold, that a variable outside the version is, or that are large,
get entries of their own: they are **held**. So are variables of earlier cells that some version
holds: its entry and that of the new version are alike, and one object where both are restored.
Of two variables that hold each other one has both.
What needs no pickle never refers to what does; but of a module whose class the notebook defines,
and of one that cannot be built anew (with a config, as Hugging Face's have), what is not its
tensors is held as a pickle besides (**whole**), for who trusts it.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from artnb.jupyter.kin import kin_of, parts_of_module, whole_ones
from artnb.jupyter.scanning import (
    Leaves,
    Scan,
    has_tensor_format,
    holds_only_atoms,
    items_in_order,
    scan,
)
from artnb.jupyter.spans import Spans
from artnb.serializers.base import CannotSave, Saved
from artnb.serializers.inlined import is_inlined
from artnb.serializers.linked import HELD, Linked, Ref, RefOf, link_plain, whole_key
from artnb.serializers.linked_pickle import link_pickle
from artnb.serializers.text import check_plain

__all__ = ["Holding"]


class Holding:
    """What of some variables is kept where.

    Parameters
    ----------
    values : mapping
        The variables that are saved together, by name.
    others : mapping
        The notebook's other variables.
    captured : collection of str
        Those of them that some version holds.

    Attributes
    ----------
    leaves : dict
        The values that have formats of their own, held ones under ``held/...`` among them.
    held : dict
        The latter alone.
    wholes : dict
        Modules, by the key of what is held of them besides their tensors.
    linked : set of str
        The variables that `write` writes; the others are saved as if there were no others.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        others: Mapping[str, Any],
        captured: Collection[str] = (),
    ) -> None:
        self._values = dict(values)
        names = sorted(name for name in captured if name in others and name not in values)
        known = {name: others[name] for name in names if name[0] != "_"}
        known = whole_ones(known, values.values())
        self._kinds = Leaves({**values, **known})
        self.held: dict[str, Any] = {}
        self.leaves = {n: each for n, each in values.items() if self._kinds.holds(each)}
        composites = {n: v for n, v in values.items() if self._kinds.is_composite(v)}
        self._roots: dict[int, str] = {}
        self._scans = self._scanned(composites, known)
        self._table: dict[int, Ref] = {}
        self._kin = set[str]()
        self._place_leaves(others, known)
        self._links: dict[str, dict[int, Ref]] = {}
        self._exports: dict[str, list[Any]] = {}
        self._numbers: dict[str, dict[int, int]] = {}
        self._merged: dict[str, Scan] = {}
        self._referred: set[str] = set()
        self._owners = self._find_owners()
        self._share_out()
        self.linked = {name for name in self._scans if self._is_linked(name)}
        self.wholes = dict(self._halves())

    def mark(self, name: str) -> str | None:
        """Return what stands for which places inside a value hold one object."""
        found = self._scans.get(name)
        return found.mark if found else None

    def write(self, name: str, folder: Path) -> Saved:
        """Write a variable of `linked`; CannotSave where it cannot be pickled."""
        owner = self._owners[name]
        links = {**self._table, **self._links.get(owner, {})}
        objects = [self._values[name], *self._exports.get(name, ())]
        if owner != name:
            links[id(self._values[name])] = self._ref(owner, self._values[name])

        def ref_of(value: Any) -> Ref | None:
            return links.get(id(value))

        stem = folder / name  # with a folder, of what is held
        if owner != name or name in self._plain:
            try:
                path = stem.with_name(f"{stem.name}{Linked.suffix}")
                return Saved(path, Linked.name, link_plain(objects, ref_of, path))
            except CannotSave:
                path.unlink(missing_ok=True)
        return self._pickled(objects, ref_of, stem)

    def write_whole(self, key: str, folder: Path) -> Saved:
        """Write what is held of a module besides its tensors."""
        module = self.wholes[key]
        name = self._table[id(module)].owner

        apart = self._apart_from(module)

        def ref_of(value: Any) -> Ref | None:
            ref = self._table.get(id(value)) or apart.get(id(value))
            if ref is None or ref.owner != name:
                return ref
            is_tensor = isinstance(ref.part, tuple) and ref.part[0] != "module"
            return ref if is_tensor else None

        return self._pickled([module], ref_of, folder / key)

    def _apart_from(self, module: Any) -> dict[int, Ref]:
        """Return where the variables are that do not hold a module, which may hold them."""
        parts = {id(part) for _, part in parts_of_module(module)}
        around = {n for n, each in self._scans.items() if not parts.isdisjoint(each.leaves)}
        held = self._held_by_name()
        return {
            i: Ref(name)
            for i, name in self._roots.items()
            if self._owners[name] == name and around.isdisjoint({name, *_reached(name, held)})
        }

    def _pickled(self, objects: list[Any], ref_of: RefOf, stem: Path) -> Saved:
        path = stem.with_name(f"{stem.name}.pkl")
        write = partial(
            link_pickle, objects, ref_of, path, items=lambda a: items_in_order(a, self._kinds)
        )
        try:
            form, meta = "pickle", write(cloud=False)
        except CannotSave:
            form, meta = "cloudpickle", write(cloud=True)
        return Saved(path, form, meta)

    # -- what they hold

    def _scanned(self, composites: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Scan]:
        """Return what the variables hold, and the known ones that are held by them."""
        if not composites:
            return {}
        kept = {id(value): n for n, value in known.items() if self._kinds.is_container(value)}
        waiting = dict(composites)
        for value in composites.values():
            if id(value) in kept:
                self._keep(kept[id(value)], value, waiting)
        for name, value in composites.items():
            self._roots.setdefault(id(value), name)
        found: dict[str, Scan] = {}
        while waiting:
            name, value = next(iter(waiting.items()))
            del waiting[name]
            stops = (self._roots.keys() | kept.keys()) - {id(value)}
            scanned: Scan | None = Scan({id(value): value})
            # A second name of what is a stub has no root any more.
            if self._roots.get(id(value)) != name or not holds_only_atoms(value):
                scanned = scan(value, self._kinds, stops)
            if scanned is None:
                self._roots.pop(id(value), None)  # nothing can refer to it: it will be a stub
                continue
            new = {i: each for i, each in scanned.stops.items() if i not in self._roots}
            # What needs a pickle could not be compared with what is there when it is loaded.
            odd = [i for i, each in new.items() if not self._is_plain_now(each)]
            if odd:
                for i in odd:
                    del kept[i]
                waiting = {name: value, **waiting}
                continue
            found[name] = scanned
            for i, each in new.items():
                self._keep(kept[i], each, waiting)
        return found

    def _is_plain_now(self, value: Any) -> bool:
        found = scan(value, self._kinds, ())
        return found is not None and found.is_plain

    def _keep(self, name: str, value: Any, waiting: dict[str, Any]) -> None:
        """Hold a known list, dict or the like as if it were a variable of the version."""
        if id(value) not in self._roots:
            key = HELD + name
            self._roots[id(value)] = key
            self._values[key] = self.held[key] = waiting[key] = value

    def _place_leaves(self, others: Mapping[str, Any], known: Mapping[str, Any]) -> None:
        """Say where each leaf is found: as a variable, in a module, or held."""
        places = Spans()
        mine = self.leaves.copy()
        loose = (leaf for each in self._scans.values() for leaf in each.leaves.values())
        own = [*mine.values(), *loose]
        leaves = {n: each for n, each in known.items() if own and self._kinds.holds(each)}
        for name, value in kin_of(own, leaves).items():
            self._kin.add(HELD + name)
            self._hold(name, value, places)
        for name, value in mine.items():
            self._place(id(value), Ref(name), value, places)
        for name, value in mine.items():
            self._place_parts(name, value, places)
        names = {id(v): n for n, v in others.items() if n[0] != "_" and n not in self._values}
        often = Counter(i for each in self._scans.values() for i in each.leaves)
        shared = {i for i, count in often.items() if count > 1 or i in names}
        for name, found in self._scans.items():
            if found.is_plain and (name in self.held or not has_tensor_format(self._values[name])):
                # With an entry of its own, what is large needs no pickle either.
                shared |= {i for i, leaf in found.leaves.items() if not is_inlined(leaf)}
        numbers = map(str, itertools.count())
        self._hold_modules(shared, names, numbers, places)
        self._hold_arrays(shared, names, numbers, places)
        for leaf in list(self.leaves.values()):
            if places.view(leaf) is None:
                self._hold_whole(leaf, numbers, places)

    def _loose(self) -> dict[int, Any]:
        leaves = {i: leaf for each in self._scans.values() for i, leaf in each.leaves.items()}
        return {i: leaf for i, leaf in leaves.items() if i not in self._table}

    def _hold_modules(
        self, shared: set[int], names: Mapping[int, str], numbers: Iterator[str], places: Spans
    ) -> None:
        """Hold modules before tensors: these may be theirs."""
        loose = self._loose()
        tensors = any(hasattr(leaf, "untyped_storage") for leaf in loose.values())
        for i, leaf in loose.items():
            is_module = hasattr(leaf, "named_modules") and i not in self._table
            if is_module and (tensors or i in shared):
                self._hold(names.get(i) or next(numbers), leaf, places)

    def _hold_arrays(
        self, shared: set[int], names: Mapping[int, str], numbers: Iterator[str], places: Spans
    ) -> None:
        """Hold what is shared or overlaps with another, the larger first: others are views."""
        loose = self._loose()
        alike: Counter[Ref] = Counter()
        for leaf in loose.values():
            places.expect(leaf)
        for i, leaf in sorted(loose.items(), key=lambda item: -places.bytes(item[1])):
            overlaps = places.view(leaf) is None and self._hold_whole(leaf, numbers, places)
            if (view := places.view(leaf)) is not None:
                self._table[i] = replace(view, which=alike[view])
                alike[view] += 1
            elif i in shared or overlaps:
                self._hold(names.get(i) or next(numbers), leaf, places)

    def _hold_whole(self, leaf: Any, numbers: Iterator[str], places: Spans) -> bool:
        """Hold what a leaf and those that it overlaps with are views of; False: it is alone."""
        whole = places.whole(leaf)
        if whole is not None and whole is not leaf:
            self._hold(next(numbers), whole, places)
        return whole is not None

    def _place(self, i: int, ref: Ref, value: Any, places: Spans) -> None:
        self._table.setdefault(i, ref)
        places.add(ref, value)

    def _hold(self, name: str, value: Any, places: Spans) -> None:
        key = HELD + name
        self.held[key] = self.leaves[key] = value
        self._place(id(value), Ref(key), value, places)
        self._place_parts(key, value, places)

    def _place_parts(self, key: str, value: Any, places: Spans) -> None:
        for part, of_module in parts_of_module(value):
            self._place(id(of_module), Ref(key, part), of_module, places)

    # -- who keeps what

    def _find_owners(self) -> dict[str, str]:
        """Return who keeps each variable: itself, or the first that it holds and that holds it."""
        held = self._held_by_name()
        reach = {name: _reached(name, held) for name in held}
        owners = {}
        for name in held:
            first = self._roots.get(id(self._values[name]), name)
            mutual = (n for n in held if n == first or (n in reach[first] and first in reach[n]))
            owners[name] = next(mutual, name)
        self._plain = {
            name for name in held if all(map(self._is_plain, (name, *_reached(name, held))))
        }
        self._referred = set[str]().union(*held.values())
        refers = {owner: set[str]() for owner in owners.values()}
        for name, owner in owners.items():
            refers[owner] |= {owners[each] for each in held[name]} - {owner}
        # Each after those it refers to; and what is shared of both belongs to the plain one.
        # Sorted, for the order of a set of texts is another in each process.
        order = TopologicalSorter({o: sorted(refs) for o, refs in refers.items()}).static_order()
        self._order = sorted(order, key=lambda owner: owner not in self._plain)
        return owners

    def _held_by_name(self) -> dict[str, set[str]]:
        """Return which variables each of them holds."""
        return {
            name: {self._roots[i] for i in each.stops if i in self._roots}
            for name, each in self._scans.items()
        }

    def _is_plain(self, name: str) -> bool:
        found = self._scans[name]
        leaves = found.leaves.items()
        return found.is_plain and all(i in self._table or is_inlined(leaf) for i, leaf in leaves)

    def _share_out(self) -> None:
        """Give each object to the first owner that holds it; the others refer to it there."""
        owned: dict[int, str] = {}
        for owner in self._order:
            members = {id(self._values[n]) for n, o in self._owners.items() if o == owner}
            stops = (self._roots.keys() - members) | owned.keys()
            found: Scan | None = self._scans[owner]
            assert found is not None
            if len(members) > 1 or not stops.isdisjoint(found.objects):
                found = scan(self._values[owner], self._kinds, stops)
            if found is None:  # it could be pickled a moment ago
                continue
            self._merged[owner] = found
            roots = {i: self._owners[self._roots[i]] for i in found.stops if i in self._roots}
            self._links[owner] = {
                i: self._ref(roots.get(i) or owned[i], each) for i, each in found.stops.items()
            }
            for i in found.objects:
                owned.setdefault(i, owner)
        for name, owner in self._owners.items():
            if name != owner:
                self._ref(owner, self._values[name])

    def _ref(self, owner: str, value: Any) -> Ref:
        """Return the reference to an object that an owner keeps, which from now on exports it."""
        if value is self._values[owner]:
            return Ref(owner)
        numbers = self._numbers.setdefault(owner, {})
        exports = self._exports.setdefault(owner, [])
        if id(value) not in numbers:
            exports.append(value)
            numbers[id(value)] = len(exports)
        return Ref(owner, numbers[id(value)])

    def _halves(self) -> Iterator[tuple[str, Any]]:
        """Yield the modules that may come back as their tensors, and ought to be whole.

        Those that some variable holds; and of the variables, those that cannot be built anew,
        or that hold a variable themselves.
        """
        held = {i for each in self._scans.values() for i in each.leaves}
        refs = {self._table[i].owner for i in held if i in self._table} | self._kin
        for name, leaf in sorted(self.leaves.items(), key=lambda item: item[0]):
            is_tied = name in refs or self._holds_variable(leaf)
            if self._kinds.is_half(leaf) if is_tied else self._kinds.is_sealed(leaf):
                yield whole_key(name), leaf

    def _holds_variable(self, leaf: Any) -> bool:
        """Return whether a part of a module has a variable as an attribute."""
        if not self._roots or not hasattr(leaf, "named_modules"):
            return False
        parts = (part for _, part in leaf.named_modules())
        return any(
            not self._roots.keys().isdisjoint(map(id, vars(part).values())) for part in parts
        )

    def _is_linked(self, name: str) -> bool:
        owner = self._owners[name]
        if owner not in self._merged:
            return False
        found = self._merged[owner]
        refers = bool(self._links[owner]) or any(i in self._table for i in found.leaves)
        tangled = bool(found.repeats) and name in self._plain
        # Who refers to it must not need a pickle for that.
        needed = name in self._plain and name in self._referred and not _is_json(self._values[name])
        return owner != name or refers or tangled or needed or bool(self._exports.get(name))


def _is_json(value: Any) -> bool:
    try:
        check_plain(value)
    except CannotSave:
        return False
    return True


def _reached(name: str, held: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    waiting = [name]
    while waiting:
        for each in held.get(waiting.pop(), ()):
            if each not in found:
                found.add(each)
                waiting.append(each)
    return found
