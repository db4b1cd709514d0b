"""The formats of last resort: pickle and cloudpickle, and a stub for what neither takes."""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from artnb import ownjson as json
from artnb.errors import SerializationError
from artnb.serializers.base import CannotSave
from artnb.serializers.cloud import cloud_pickler
from artnb.serializers.definitions import Alike, about_definitions, load_pickle

__all__ = ["CloudPickle", "Pickle", "Stub"]


class Pickle:
    """Any picklable value. Reading a hostile pickle runs its code: ``trust=True`` only."""

    name = "pickle"
    suffix = ".pkl"
    safe = False

    def write(self, value: Any, path: Path) -> dict[str, Any]:
        """Write the pickle; CannotSave for what lives in ``__main__`` or cannot be pickled."""
        data = _pickled(value)
        if b"__main__" in data:
            # By reference to the notebook's own namespace: it would load only there.
            raise CannotSave("defined in the notebook")
        path.write_bytes(data)
        return {"type": _type_name(value)}

    def read(self, path: Path, meta: Mapping[str, Any], *, trust: bool) -> Any:
        """Return the value, running the code that the pickle names."""
        return pickle.loads(path.read_bytes())


class CloudPickle:
    """What pickle does not take: values whose classes the notebook defines, lambdas, ..."""

    name = "cloudpickle"
    suffix = ".pkl"
    safe = False

    def write(self, value: Any, path: Path) -> dict[str, Any]:
        """Write the pickle with the notebook's own classes inside."""
        if isinstance(value, io.TextIOWrapper):
            raise CannotSave("an open file")  # cloudpickle would keep its text as a StringIO
        sink = io.BytesIO()
        try:
            cloud_pickler()(sink, protocol=5).dump(value)
        except RecursionError as error:
            raise CannotSave("it is nested too deep") from error
        except Exception as error:  # a value's own __reduce__ may raise anything
            raise CannotSave(f"{type(error).__name__}: {error}") from error
        data = sink.getvalue()
        path.write_bytes(data)
        return {"type": _type_name(value), **about_definitions(data)}

    def read(
        self, path: Path, meta: Mapping[str, Any], *, trust: bool, alike: Alike | None = None
    ) -> Any:
        """Return the value, running the code that the pickle names."""
        return load_pickle(path.read_bytes(), alike=alike)


class Stub:
    """What stands for a value that cannot be saved: its type, and why."""

    name = "stub"
    suffix = ".stub.json"
    safe = True

    def write(self, value: Any, path: Path) -> dict[str, Any]:
        """Write what the value is; it takes anything."""
        note = {"type": _type_name(value)}
        path.write_text(json.dumps(note, sort_keys=True), "utf-8")
        return dict(note)

    def read(self, path: Path, meta: Mapping[str, Any], *, trust: bool) -> Any:
        """Raise SerializationError that says what the value was."""
        kind = meta.get("type") or json.loads(path.read_bytes())["type"]
        why = meta.get("reason", "no reason kept").partition("; cloudpickle: ")[0]
        raise SerializationError(
            f"A {kind} could not be saved ({why.removeprefix('pickle: ')}). Run the code that made "
            "it again."
        )


def _pickled(value: Any) -> bytes:
    try:
        return pickle.dumps(value, protocol=5)
    except RecursionError as error:
        raise CannotSave("it is nested too deep") from error
    except Exception as error:  # a value's own __reduce__ may raise anything
        raise CannotSave(f"{type(error).__name__}: {error}") from error


def _type_name(value: Any) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"
