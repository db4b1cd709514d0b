"""Classes and functions that a pickle brings along, and those defined alike that are here already.

cloudpickle keeps a notebook's classes with their instances, and its functions with what holds
them. Made anew beside the notebook's own, they would be others: no `isinstance` and no enum's
member would hold of what comes back. So a class or function that is defined here as it is in the
pickle is the one that is here; any other stays what it was when the value was saved.
"""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

from artnb.serializers.cloud import Cached, cached

__all__ = ["Alike", "about_definitions", "load_pickle"]

Alike = Callable[[Any, Any], bool]
"""Returns whether two classes or functions of one name are defined alike."""

_MODULE = "cloudpickle.cloudpickle"
_CLASS_MAKERS = ("_make_skeleton_class", "_make_skeleton_enum")
_FUNCTION_MAKERS = ("_make_function", cached.__name__)
_FILL = ("_class_setstate", "_function_setstate")
_TRACKER = -2
"""Where the makers take the id by which cloudpickle knows a class in its process."""


def load_pickle(
    data: bytes,
    persistent_load: Callable[[Any], Any] | None = None,
    alike: Alike | None = None,
) -> Any:
    """Return what a pickle holds; it must be trusted.

    Parameters
    ----------
    alike : callable, optional
        Without it classes are made, or found, as cloudpickle does.
    """
    if alike is None or _MODULE.encode() not in data:
        return _Unpickler(data, persistent_load).load()
    made = _Definitions()
    loaded = _Unpickler(data, persistent_load, made).load()
    if here := made.here(alike):
        # Instances have their classes for good: with the others they are made once more.
        made = _Definitions(here)
        loaded = _Unpickler(data, persistent_load, made).load()
    made.track()
    return loaded


def about_definitions(data: bytes) -> dict[str, bool]:
    """Return what the meta of cloudpickle's bytes says: whether they bring none of the notebook's.

    Closures and modules of libraries need it as well, and are as good when they come back.
    """
    return {} if b"__main__" in data else {"foreign": True}


class _Definitions:
    """The classes and functions of one pickle, numbered as they come.

    Parameters
    ----------
    here : dict, optional
        Those that are not made, by number.
    """

    def __init__(self, here: dict[int, Any] | None = None) -> None:
        self._here = here or {}
        self._count = 0
        self._trackers: dict[int, Any] = {}
        self._made: dict[int, Any] = {}

    def class_maker(self, make: Callable[..., type]) -> Callable[..., Any]:
        def begun(number: int, *args: Any) -> type:
            self._trackers[number] = args[_TRACKER]
            # Without its id: by that it would be a class that is here, and lose what that has now.
            return make(*args[:_TRACKER], None, *args[_TRACKER + 1 :])

        return self.maker(begun)

    def function_maker(self, make: Callable[..., Any]) -> Callable[..., Any]:
        return self.maker(lambda _, *args: make(*args))

    def maker(self, make: Callable[..., Any]) -> Callable[..., Any]:
        def begun(*args: Any) -> Any:
            number, self._count = self._count, self._count + 1
            if number in self._here:
                return self._here[number]
            made = self._made[number] = make(number, *args)
            return made

        return begun

    def filler(self, fill: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        here = set(map(id, self._here.values()))
        return lambda defined, state: defined if id(defined) in here else fill(defined, state)

    def here(self, alike: Alike) -> dict[int, Any]:
        """Return, by number, what is defined here as what was made."""
        pairs = ((number, self._like(number, made, alike)) for number, made in self._made.items())
        return {number: found for number, found in pairs if found is not None}

    def _like(self, number: int, made: Any, alike: Alike) -> Any:
        tracked = _cloudpickle("_DYNAMIC_CLASS_TRACKER_BY_ID").get(self._trackers.get(number))
        for found in (_namesake(made), tracked):
            if found is not None and _is_alike(made, found, alike):
                return found
        return None

    def track(self) -> None:
        """Let other pickles find the classes that were made: one in several of them is one."""
        known = _cloudpickle("_DYNAMIC_CLASS_TRACKER_BY_ID")
        for number, tracker in self._trackers.items():
            if tracker is not None and tracker not in known:
                _cloudpickle("_lookup_class_or_track")(tracker, self._made[number])


def _namesake(defined: Any) -> Any:
    """Return what has the name, in the notebook or script, of a class or function of its own."""
    path = defined.__qualname__.split(".")
    if defined.__module__ != "__main__" or (len(path) > 1 and not isinstance(defined, type)):
        return None  # a method stays with its class
    found: Any = sys.modules.get("__main__")
    for name in path:
        found = getattr(found, name, None)
    return found


def _is_alike(made: Any, found: Any, alike: Alike, seen: tuple[Any, ...] = ()) -> bool:
    """Return whether one is defined as the other; and for a function, all that it needs is there.

    What a function reads of the notebook's variables is what they are now, as it always was.
    """
    kind: Any = type if isinstance(made, type) else type(made)
    if not isinstance(found, kind) or not alike(made, found):
        return False
    if kind is Cached:
        made, found = made.__wrapped__, found.__wrapped__
    if not isinstance(made, FunctionType) or any(made is each for each in seen):
        return True
    needed = {n: made.__globals__[n] for n in _names(made.__code__) if n in made.__globals__}
    return found.__globals__.keys() >= needed.keys() and all(
        _is_alike(each, found.__globals__[name], alike, (*seen, made))
        for name, each in needed.items()
        if isinstance(each, type | FunctionType | Cached)
    )


def _names(code: CodeType) -> set[str]:
    inner = (_names(each) for each in code.co_consts if isinstance(each, CodeType))
    return set(code.co_names).union(*inner)


def _cloudpickle(name: str) -> Any:
    return getattr(sys.modules[_MODULE], name)


class _Unpickler(pickle.Unpickler):
    def __init__(
        self,
        data: bytes,
        persistent_load: Callable[[Any], Any] | None,
        made: _Definitions | None = None,
    ) -> None:
        super().__init__(io.BytesIO(data))
        self._made = made
        if persistent_load is not None:
            self.persistent_load = persistent_load  # type: ignore[method-assign]

    def find_class(self, module: str, name: str, /) -> Any:
        found = super().find_class(module, name)
        if self._made is not None and module in (_MODULE, cached.__module__):
            if name in _CLASS_MAKERS:
                return self._made.class_maker(found)
            if name in _FUNCTION_MAKERS:
                return self._made.function_maker(found)
            if name in _FILL:
                return self._made.filler(found)
        return found
