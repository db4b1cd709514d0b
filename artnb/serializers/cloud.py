"""cloudpickle, without the notebook around the annotations that it pickles."""

from __future__ import annotations

import functools
from typing import Any

__all__ = ["cloud_pickler"]


@functools.cache
def cloud_pickler() -> Any:
    """Return the class of the pickler.

    From Python 3.14 on what an annotation could not find yet (``next: Node`` of a dataclass `Node`)
    holds the globals around it: with its class the whole notebook would go into the pickle, or
    fail it.
    """
    import cloudpickle

    class Pickler(cloudpickle.Pickler):  # type: ignore[misc]
        def reducer_override(self, obj: Any) -> Any:
            kind = type(obj)
            if kind.__name__ == "ForwardRef" and kind.__module__ == "annotationlib":
                return kind, (obj.__forward_arg__,)
            return super().reducer_override(obj)

    return Pickler
