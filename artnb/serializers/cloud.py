"""cloudpickle for what it writes too much of, or cannot write."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

__all__ = ["Cached", "cached", "cloud_pickler"]

Cached: Any = functools._lru_cache_wrapper
"""The type of a function with a cache."""


@functools.cache
def cloud_pickler() -> Any:
    """Return the class of the pickler.

    From Python 3.14 on what an annotation could not find yet (``next: Node`` of a dataclass `Node`)
    holds the globals around it: with its class the whole notebook would go into the pickle, or
    fail it. A cached property holds a lock on Python 3.11, and would fail its class. A function
    with a cache is written by its name alone, which a new kernel does not have.
    """
    import cloudpickle

    class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
        def reducer_override(self, obj: Any) -> Any:
            kind = type(obj)
            if kind.__name__ == "ForwardRef" and kind.__module__ == "annotationlib":
                return kind, (obj.__forward_arg__,)
            if kind is functools.cached_property:
                # A class that is made anew does not tell its members their names.
                return kind, (obj.func,), {"attrname": obj.attrname}
            if kind is Cached and _is_of_notebook(obj):
                return cached, (obj.__wrapped__, *obj.cache_parameters().values())
            return super().reducer_override(obj)

    return Pickler


def cached(function: Callable[..., Any], maxsize: int | None, typed: bool) -> Any:
    """Return a function with an empty cache. Pickles name it: it stays, with its parameters."""
    return functools.lru_cache(maxsize, typed)(function)


def _is_of_notebook(function: Any) -> bool:
    return function.__module__ == "__main__" or "<locals>" in function.__qualname__
