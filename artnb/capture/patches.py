"""What was set in libraries by the notebook: ``np.mean = mine``, accessors, registrations.

It lasts in the process, whatever cell or module made it, and no cell that hangs on it names
it. The text of what has run tells where to look; what is compared is what is there now, and
where nothing can be seen (a registry in C) what was passed.
"""

from __future__ import annotations

import abc
import ast
import contextlib
import functools
import types
from _abc import _get_dump  # type: ignore[import-not-found]
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from artnb.capture._deeds import Deed, Deeds, deeds_of
from artnb.capture._ran import Ran, loaded_texts, own_modules
from artnb.capture._setting import CONTAINER_VERBS, is_compared, is_setting, is_verb
from artnb.capture._standing import NOTHING, Scope, full_name
from artnb.capture.fingerprint import fingerprint
from artnb.capture.on_disk import file_digest
from artnb.capture.places import is_own_module
from artnb.capture.reach import reachable
from artnb.capture.surroundings import local_modules
from artnb.secrets import secrets_in

__all__ = ["Patches", "patched", "registered_with"]

_OURS = ("__main__", "artnb")
_PLAIN = (str, bytes, int, float, complex, bool, type(None))
_CODE = (types.FunctionType, type)
_CODE_TYPES = frozenset(_CODE)
_FUNCTIONS = frozenset((types.BuiltinFunctionType, types.FunctionType, types.MethodType))
_OF_LIBRARIES = frozenset((
    *_PLAIN, types.ModuleType, types.BuiltinFunctionType, types.MethodDescriptorType,
    types.WrapperDescriptorType, types.GetSetDescriptorType, types.MemberDescriptorType,
    types.ClassMethodDescriptorType,
))  # fmt: skip


@dataclass
class Patches:
    """What the notebook set in libraries.

    Attributes
    ----------
    values : dict
        Fingerprints of attributes, registries and their members, by full name; of what has
        no content None. What is as the library has it is left out.
    calls : dict
        What was passed to functions that set something, by their full name, in order.
    code : list
        The notebook's functions and classes that these reach.
    reads : set of str
        The variables that this code reads.
    roots : dict
        Modules of the person's own that what was set comes from, by the name that it has there.
    unknown : str
        Why it cannot be told; mostly empty.
    """

    values: dict[str, str | None] = field(default_factory=dict)
    calls: dict[str, list[str]] = field(default_factory=dict)
    code: list[Any] = field(default_factory=list)
    reads: set[str] = field(default_factory=set)
    roots: dict[str, set[str]] = field(default_factory=dict)
    unknown: str = ""


def patched(
    texts: Iterable[str], namespace: Mapping[str, Any], kinds: Iterable[type] = ()
) -> Patches:
    """Return what the code in `texts`, and in modules and files that it runs, has set.

    Parameters
    ----------
    texts : iterable of str
        The cells that have run.
    namespace : mapping
        Their globals.
    kinds : iterable of type
        Classes of what a cell reads: what the notebook added to them counts.
    """
    try:
        return _Search(loaded_texts(texts, namespace), namespace).run(kinds)
    except Exception as error:  # objects may raise anything when they are looked at
        return Patches(unknown=f"{type(error).__name__}: {error}")


def registered_with(kind: type) -> list[str]:
    """Return the names of the virtual subclasses that the person's own code registered."""
    return sorted(_named(each) for each in _registry(kind) if is_own(each))


def is_own(value: Any) -> bool:
    """Return whether `value` is code of the notebook, or of a module of the person's own."""
    if isinstance(value, types.FunctionType | type):
        module = value.__module__
        return module == "__main__" or module in own_modules()
    return False


class _Search:
    def __init__(self, ran: list[Ran], namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace
        self._found = Patches()
        self._values: list[Any] = []
        self._texts = [
            (each, deeds_of(each.text, of_module=each.module != "__main__")) for each in ran
        ]
        imports: dict[str, str] = {}
        for each, deeds in self._texts:
            if each.namespace is namespace:
                imports |= deeds.imports
        self._scopes = [
            Scope(each.namespace, imports if each.namespace is namespace else deeds.imports)
            for each, deeds in self._texts
        ]

    def run(self, kinds: Iterable[type]) -> Patches:
        loose: set[str] = set()
        for scope, _, deeds in self._all():
            for deed in deeds.sets:
                self._attribute(scope, deed, loose)
            for deed in deeds.items:
                self._item(scope, deed)
        self._settings()
        self._members(kinds, loose)
        self._follow()
        return self._found

    # -- attributes and items

    def _attribute(self, scope: Scope, deed: Deed, loose: set[str]) -> None:
        holder = scope.object_of(deed.node, deed.hidden)
        if holder is NOTHING:
            loose.add(deed.name)  # of an argument, of a name that is gone
        elif isinstance(holder, types.ModuleType | type):
            home = full_name(holder) or ""
            if home.partition(".")[0] in _OURS:
                return  # the notebook's own classes are compared whole
            value = vars(holder).get(deed.name, NOTHING)
            if value is NOTHING:
                self._found.values[f"{home}.{deed.name}"] = "none"
            elif full_name(value) != f"{home}.{deed.name}":
                self._add(f"{home}.{deed.name}", value)
        elif _counts(place := scope.name_of(deed.node, deed.hidden), deed.name):
            with contextlib.suppress(Exception):  # a property of a library's may raise
                self._add(f"{place}.{deed.name}", getattr(holder, deed.name))

    def _item(self, scope: Scope, deed: Deed) -> None:
        place = scope.name_of(deed.node, deed.hidden)
        if _counts(place):
            self._call(f"{place}[...]", scope, deed)

    def _add(self, name: str, value: Any) -> None:
        self._found.values[name] = self._mark(name, value)

    def _mark(self, name: str, value: Any) -> str | None:
        """Return what stands for a value, with the modules that its code comes from."""
        self._values.append(value)
        marks = [fingerprint(value)]
        for part in _parts(value):
            module = part.__module__ if is_own(part) else "__main__"
            if module == "__main__":
                marks.append(fingerprint(part) if part is not value else None)
                continue
            self._found.roots.setdefault(module, set()).add(name.rpartition(".")[2])
            for each in local_modules([module]):
                if not each.is_file:
                    return None
                marks.append(f"{each.name} {each.digest} {each.state}")
        return marks[0] if len(marks) == 1 else fingerprint(marks)

    # -- calls

    def _settings(self) -> None:
        """Note the calls that set something, and those of functions of one's own that do so."""
        noted: dict[int, tuple[str, Scope, Deed]] = {}
        setters: dict[str, set[str]] = {}
        fixers: dict[str, set[str]] = {}
        renamed = _other_names(self._namespace)
        for scope, ran, deeds in self._all():
            mine = setters.setdefault(ran.module, set())
            more = [deed for name in renamed & deeds.calls.keys() for deed in deeds.calls[name]]
            for deed in (*deeds.settings, *more):
                if name := self._setting(scope, deed):
                    noted[id(deed)] = name, scope, deed
                    mine.update(deed.within)
                elif scope.object_of(deed.node, deed.hidden) is NOTHING:
                    fixers.setdefault(ran.module, set()).update(deed.within)
            for deed in deeds.items:
                if _counts(scope.name_of(deed.node, deed.hidden)):
                    mine.update(deed.within)
            for deed in deeds.sets:
                if scope.object_of(deed.node, deed.hidden) is NOTHING:
                    fixers.setdefault(ran.module, set()).update(deed.within)
            for magic, text in deeds.magics:
                _put(self._found.calls, f"%{magic}", text)
        before = -1
        while before != len(noted):  # a function that calls one that sets something does so, too
            before = len(noted)
            for scope, ran, deeds in self._all():
                for deed in _calls_of(setters, scope, deeds):
                    name = scope.name_of(deed.node, deed.hidden) or ast.unparse(deed.node)
                    noted.setdefault(id(deed), (name, scope, deed))
                    setters[ran.module].update(deed.within)
        for scope, _, deeds in self._all():
            for deed in _calls_of(fixers, scope, deeds):
                if any(_is_library(scope.object_of(part)) for part in deed.parts):
                    noted.setdefault(id(deed), (ast.unparse(deed.node), scope, deed))
        for name, scope, deed in noted.values():
            self._call(name, scope, deed)

    def _all(self) -> Iterator[tuple[Scope, Ran, Deeds]]:
        for scope, (ran, deeds) in zip(self._scopes, self._texts, strict=True):
            yield scope, ran, deeds

    def _setting(self, scope: Scope, deed: Deed) -> str | None:
        """Return the full name of a function that sets something which is not seen itself."""
        name = scope.name_of(deed.node, deed.hidden)
        if name is None or is_compared(name):
            return None
        function = scope.object_of(deed.node, deed.hidden)
        if is_own(getattr(function, "__func__", function)):
            return None  # its body says what it sets
        owner: Any = NOTHING
        if isinstance(deed.node, ast.Attribute):
            owner = scope.object_of(deed.node.value, deed.hidden)
        if name.rpartition(".")[2] in CONTAINER_VERBS:
            is_held = owner is not NOTHING and not isinstance(owner, (types.ModuleType, *_CODE))
            return name if is_held else None
        if is_own_module(name) and (function is NOTHING or isinstance(owner, types.FunctionType)):
            return None  # functions of the notebook are compared whole
        if not is_setting(name) or self._acts_on_variable(scope, deed):
            return None
        return name

    @staticmethod
    def _acts_on_variable(scope: Scope, deed: Deed) -> bool:
        if not (deed.parts and isinstance(deed.parts[0], ast.Name)):
            return False
        value = scope.object_of(deed.parts[0], deed.hidden)
        plain = (*_PLAIN, dict, list, tuple, set, types.ModuleType)
        return not (value is NOTHING or isinstance(value, plain) or callable(value))

    def _call(self, name: str, scope: Scope, deed: Deed) -> None:
        marks: list[str | None] = [file_digest(path) for path in deed.files]
        for each in deed.loads:
            value = scope.object_of(ast.Name(each), deed.hidden)
            if isinstance(value, types.ModuleType) or any(secrets_in(each, value)):
                continue  # no trace of a password is kept
            if value is not NOTHING:
                mark = self._mark(name, value) if _holds_own(value) else fingerprint(value)
                marks.append(f"{each} {mark or type(value).__qualname__}")
        if deed.decorated and deed.decorated != "_":
            value = scope.object_of(ast.Name(deed.decorated))
            if is_own(value):
                marks.append(self._mark(name, value))
        _put(self._found.calls, name, fingerprint([deed.text, marks]) or "")

    # -- members of modules and classes

    def _members(self, kinds: Iterable[type], loose: set[str]) -> None:
        for kind in dict.fromkeys(base for each in kinds for base in each.__mro__):
            self._registered(kind)
            if _is_library(kind) and kind.__module__ != "builtins":
                self._scan(kind)
        every = [deeds for _, deeds in self._texts]
        is_wild = any(deeds.is_wild for deeds in every)
        if not (is_wild or loose or any(deeds.registers for deeds in every)):
            return
        for owner in self._owners():
            if isinstance(owner, types.FunctionType):
                self._dispatched(owner)
                continue
            if isinstance(owner, type):
                self._registered(owner)
            if _is_library(owner):
                self._scan(owner, None if is_wild else loose)

    def _owners(self) -> Iterator[Any]:
        seen: set[Any] = set()
        for scope, ran, deeds in self._all():
            if ran.module != "__main__" and not deeds.is_wild:
                continue
            for name, node in deeds.owners.items():
                key = ran.module, name
                if key in seen:
                    continue
                seen.add(key)
                owner = scope.object_of(node)
                if isinstance(owner, (types.ModuleType, *_CODE)) and id(owner) not in seen:
                    seen.add(id(owner))
                    yield owner

    def _scan(self, owner: Any, names: Collection[str] | None = None) -> None:
        """Note what a library's module or class has of the person's own code."""
        members = vars(owner)
        home = full_name(owner)
        own = own_modules()
        for name in list(members) if names is None else names & members.keys():
            value = members.get(name)
            if type(value) in _CODE_TYPES:  # most of them
                module = value.__module__
                if module != "__main__" and module not in own:
                    continue
            elif type(value) in _OF_LIBRARIES or not _holds_own(value):
                continue
            if (place := f"{home}.{name}") not in self._found.values:
                self._add(place, value)

    def _registered(self, kind: type) -> None:
        if names := registered_with(kind):
            self._found.values[f"{_named(kind)}.register"] = fingerprint(names)

    def _dispatched(self, function: types.FunctionType) -> None:
        registry = vars(function).get("registry")
        if isinstance(registry, types.MappingProxyType) and function.__module__ != "__main__":
            for kind, each in list(registry.items()):
                if is_own(each):
                    self._add(f"{full_name(function)}.{_named(kind)}", each)

    # -- what all this reaches

    def _follow(self) -> None:
        reach = reachable((), self._namespace, self._values)
        self._found.code = reach.code
        self._found.reads = reach.reads


def _counts(place: str | None, name: str = "") -> bool:
    return place is not None and not _is_ours(place) and not is_compared(f"{place}.{name}")


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] in _OURS


def _is_library(value: Any) -> bool:
    """Return whether `value` is a module or a class that is not the person's own."""
    if isinstance(value, types.ModuleType):
        return not _is_ours(value.__name__) and value.__name__ not in own_modules()
    return isinstance(value, type) and not is_own(value) and not _is_ours(value.__module__)


def _other_names(namespace: Mapping[str, Any]) -> set[str]:
    """Return the names by which the notebook calls functions that set something."""
    return {
        name
        for name, value in list(namespace.items())
        if type(value) in _FUNCTIONS and value.__name__ != name and is_verb(value.__name__)
    }


def _calls_of(
    functions: Mapping[str, Collection[str]], scope: Scope, deeds: Deeds
) -> Iterator[Deed]:
    """Yield the calls of functions of one's own, told by module and name."""
    for name in {each for names in functions.values() for each in names} & deeds.calls.keys():
        for deed in deeds.calls[name]:
            found = scope.object_of(deed.node, deed.hidden)
            found = getattr(found, "__func__", found)
            module = found.__module__ if isinstance(found, types.FunctionType) else ""
            if name in functions.get(module, ()):
                yield deed


def _put(calls: dict[str, list[str]], name: str, mark: str) -> None:
    marks = calls.setdefault(name, [])
    if mark in marks:
        marks.remove(mark)  # the last time counts
    marks.append(mark)


def _registry(kind: type) -> list[Any]:
    """Return the virtual subclasses that were registered with an abstract class."""
    if not isinstance(kind, abc.ABCMeta) or "_abc_impl" not in vars(kind):
        return []
    return [each for held in _get_dump(kind)[0] if (each := held()) is not None]


def _named(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _holds_own(value: Any) -> bool:
    return any(is_own(part) for part in _parts(value))


def _parts(value: Any) -> Iterator[Any]:
    """Yield the functions and classes that a value is, or that it holds."""
    if isinstance(value, _CODE):
        yield value
    elif isinstance(value, staticmethod | classmethod | types.MethodType):
        yield value.__func__
    elif isinstance(value, property):
        yield from filter(None, (value.fget, value.fset, value.fdel))
    elif isinstance(value, functools.partial):
        yield value.func
    elif not isinstance(value, (*_PLAIN, types.ModuleType, types.BuiltinFunctionType)):
        yield type(value)
        with contextlib.suppress(Exception):
            yield from [
                part
                for part in object.__getattribute__(value, "__dict__").values()
                if isinstance(part, _CODE)
            ]
