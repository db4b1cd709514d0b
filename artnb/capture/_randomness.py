"""Whether code draws random numbers of `random`, numpy or torch, and from a seed of its own.

A library whose state is another afterwards was drawn from. It was seeded if its seed was
set before the first number was drawn; for that the seeding functions are wrapped while
the code runs. Numbers drawn by other threads or by code that holds an older reference to
a seeding function count as drawn without a seed.
"""

from __future__ import annotations

import base64
import importlib.machinery
import random
import sys
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["RandomWatch", "packed", "set_states"]

_SEEDERS = {
    "random": (("random", "seed"),),
    "numpy": (("numpy.random", "seed"),),
    "torch": (("torch.random", "manual_seed"), ("torch", "manual_seed")),
}
_SAID = {"random": "random", "numpy": "numpy.random", "torch": "torch"}


class RandomWatch:
    """Watches from `start` to `stop`."""

    def __init__(self) -> None:
        self._before: dict[str, Any] = {}
        self._seeded: set[str] = set()
        self._wrapped: list[tuple[Any, Any]] = []
        self._finder: _Finder | None = None
        self.after: dict[str, Any] = {}

    def start(self) -> None:
        """Note the states, and watch for seeds."""
        for library in _SEEDERS:
            if (state := _state(library)) is not None:
                self._before[library] = state
        for library, places in _SEEDERS.items():
            for module, name in places:
                if module in sys.modules:
                    self._wrap(library, sys.modules[module], name)
        late = {
            module: (library, name)
            for library, places in _SEEDERS.items()
            for module, name in places[:1]
            if module not in sys.modules
        }
        if late:
            self._finder = _Finder(late, self._wrap, self._loaded)
            sys.meta_path.insert(0, self._finder)

    def stop(self) -> dict[str, str]:
        """Return which libraries gave numbers without a seed; `after` has the new states."""
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        for wrapper, original in self._wrapped:
            for module, name in (place for places in _SEEDERS.values() for place in places):
                owner = sys.modules.get(module)
                if owner is not None and getattr(owner, name, None) is wrapper:
                    setattr(owner, name, original)
        unseeded = {}
        for library in _SEEDERS:
            now = _state(library)
            if now is None or _same(self._start_of(library), now):
                continue
            self.after[library] = now
            if library not in self._seeded:
                unseeded[library] = f"random numbers of {_SAID[library]} without a seed"
        return unseeded

    def _loaded(self, library: str) -> None:
        if library != "torch" and (state := _state(library)) is not None:
            self._before[library] = state

    def _start_of(self, library: str) -> Any:
        if library in self._before:
            return self._before[library]
        return _fresh(library)

    def _wrap(self, library: str, module: Any, name: str) -> None:
        original = getattr(module, name, None)
        if original is None or any(original is wrapper for wrapper, _ in self._wrapped):
            return

        def seed(*args: Any, **kwargs: Any) -> Any:
            given = [*args, *kwargs.values()]
            if given and given[0] is not None and library not in self._seeded:
                now = _state(library)
                start = self._start_of(library)
                if start is None or _same(start, now):
                    self._seeded.add(library)
            return original(*args, **kwargs)

        seed.__name__, seed.__qualname__, seed.__doc__ = name, name, original.__doc__
        seed.__module__ = getattr(original, "__module__", None) or module.__name__
        seed.__wrapped__ = original  # type: ignore[attr-defined]
        self._wrapped.append((seed, original))
        setattr(module, name, seed)


class _Finder:
    """Wraps a library's seeding function as soon as the library is imported."""

    def __init__(
        self,
        late: Mapping[str, tuple[str, str]],
        wrap: Callable[[str, Any, str], None],
        loaded: Callable[[str], None],
    ) -> None:
        self._late = late
        self._wrap = wrap
        self._loaded = loaded

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if fullname not in self._late:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return None
        library, name = self._late[fullname]
        load, wrap, loaded = spec.loader.exec_module, self._wrap, self._loaded

        def exec_module(module: Any) -> None:
            load(module)
            loaded(library)
            wrap(library, module, name)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def _state(library: str) -> Any:
    """Return the state of a library's common generators, or None where it is not loaded."""
    if library == "random":
        return random.getstate()
    if library == "numpy":
        numpy = sys.modules.get("numpy.random")
        if numpy is None or not hasattr(numpy, "get_state"):
            return None
        state = numpy.get_state(legacy=True)
        return (state[0], state[1].tobytes(), *state[2:])
    torch = sys.modules.get("torch")
    if torch is None or not hasattr(torch, "get_rng_state"):
        return None
    states = [bytes(torch.get_rng_state().numpy())]
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        states += [bytes(state.numpy()) for state in torch.cuda.get_rng_state_all()]
    return tuple(states)


def _fresh(library: str) -> Any:
    """Return the state that a library has as soon as it is loaded, where that is known."""
    if library == "torch" and "torch" in sys.modules:
        return (bytes(sys.modules["torch"].Generator().get_state().numpy()),)
    return None


def _same(before: Any, now: Any) -> bool:
    if before is None or now is None:
        return before is now
    # A device that was first used meanwhile has one more state.
    return bool(before == now if len(before) == len(now) else before == now[: len(before)])


def packed(states: Mapping[str, Any]) -> dict[str, Any]:
    """Return states as JSON knows them."""
    return {library: _packed(state) for library, state in states.items()}


def _packed(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode()}
    return [_packed(item) for item in value] if isinstance(value, tuple) else value


def _unpacked(value: Any) -> Any:
    if isinstance(value, dict):
        return base64.b64decode(value["bytes"])
    return tuple(map(_unpacked, value)) if isinstance(value, list) else value


def set_states(states: Mapping[str, Any]) -> None:
    """Put the generators into the states that `packed` returned."""
    for library, state in states.items():
        found = _unpacked(state)
        if library == "random":
            random.setstate(found)
        elif library == "numpy":
            import numpy as np

            name, keys, *rest = found
            np.random.set_state((name, np.frombuffer(keys, np.uint32).copy(), *rest))
        elif library == "torch":
            import torch

            torch.set_rng_state(torch.frombuffer(bytearray(found[0]), dtype=torch.uint8))
            for device, one in enumerate(found[1:]):
                if torch.cuda.is_available() and device < torch.cuda.device_count():
                    whole = torch.frombuffer(bytearray(one), dtype=torch.uint8)
                    torch.cuda.set_rng_state(whole, device)
