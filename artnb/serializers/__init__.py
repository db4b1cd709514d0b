"""Python values to files and back: one format a file, the safe ones first.

A plugin is a class for the contract in `base.py`, with ``types`` (the full names of the
types that it takes), under an entry point of the group ``artnb.serializers``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from artnb.errors import ArtnbError, SerializationError, UntrustedError
from artnb.osfaults import translated
from artnb.serializers.base import CannotSave, Encoder, LacksPackage, Saved, Serializer
from artnb.serializers.definitions import Alike
from artnb.serializers.linked import Resolve, read_linked, resolve_nothing
from artnb.serializers.pickles import CloudPickle
from artnb.serializers.plain import for_numpy, to_plain, to_settings
from artnb.serializers.registry import by_name, candidates, first_format, is_safe, names

__all__ = [
    "CannotSave",
    "Saved",
    "Serializer",
    "by_name",
    "dump",
    "encode",
    "first_format",
    "for_numpy",
    "is_safe",
    "load",
    "load_objects",
    "names",
    "to_plain",
    "to_settings",
]


def dump(value: Any, folder: Path, stem: str) -> Saved:
    """Write a value to ``folder/stem.suffix`` in the best format that keeps it exactly.

    Where a missing package makes it a pickle, its meta says which (``lacks``: the package
    and artnb's extra). A value that nothing can keep becomes a **stub**, which says what it
    was and why; only errors of the disk are raised, as StoreError, and then no file is left.
    """
    reasons = []
    lacks: LacksPackage | None = None
    for serializer in candidates(value):
        path = folder / f"{stem}{serializer.suffix}"
        try:
            with translated(f"write {path}"):
                meta = serializer.write(value, path)
        except CannotSave as reason:
            path.unlink(missing_ok=True)
            reasons.append(f"{serializer.name}: {reason}")
            lacks = lacks or (reason if isinstance(reason, LacksPackage) else None)
            continue
        except (OSError, MemoryError):
            path.unlink(missing_ok=True)
            raise
        except Exception as error:  # a figure that cannot be drawn, a plugin's own mistake
            path.unlink(missing_ok=True)
            reasons.append(f"{serializer.name}: {type(error).__name__}: {error}")
            continue
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        if serializer.name == "stub":
            meta["reason"] = "; ".join(reasons[-2:])
        elif lacks and not serializer.safe:
            meta["lacks"] = [lacks.package, lacks.extra]
        return Saved(path, serializer.name, meta)
    raise AssertionError("a stub takes anything")


def encode(value: Any) -> tuple[bytes, Serializer, dict[str, Any]] | None:
    """Return the bytes that `dump` would write, in which format, and its meta.

    None where the best format needs a file, or does not keep the value.
    """
    first = next(candidates(value))
    encoder: Encoder | None = getattr(first, "encode", None)
    if encoder is None:
        return None
    try:
        data, meta = encoder(value)
    except CannotSave:
        return None
    return data, first, meta


def load(
    path: Path,
    format: str,
    meta: Mapping[str, Any],
    *,
    trust: bool = False,
    alike: Alike | None = None,
) -> Any:
    """Return the value of a file that `dump` wrote.

    Parameters
    ----------
    format, meta
        As `dump` returned them.
    trust : bool
        Load formats whose files can run code, too.
    alike : callable, optional
        Tells which classes that a pickle brings along are those that are here, as
        `load_pickle` takes it.

    Raises
    ------
    UntrustedError
        The format can run code, and `trust` is not given.
    SerializationError
        The file is damaged, a stub, or of an unknown format.
    """
    if "links" in meta:
        return load_objects(path, format, meta, resolve_nothing, trust=trust, alike=alike)[0]
    serializer = _serializer(path, format, meta, trust)
    with _readable(path, format):
        if isinstance(serializer, CloudPickle):
            return serializer.read(path, meta, trust=trust, alike=alike)
        return serializer.read(path, meta, trust=trust)


def load_objects(
    path: Path,
    format: str,
    meta: Mapping[str, Any],
    resolve: Resolve,
    *,
    trust: bool = False,
    alike: Alike | None = None,
) -> list[Any]:
    """Return the value of a file that refers to other entries, then its exports.

    Parameters
    ----------
    resolve : callable
        Returns the object that a reference stands for.
    """
    _serializer(path, format, meta, trust)
    with _readable(path, format):
        return read_linked(path, format, resolve, trust=trust, alike=alike)


def _serializer(path: Path, format: str, meta: Mapping[str, Any], trust: bool) -> Serializer:
    """Return the serializer of a format that may be read."""
    if format == "file":
        raise SerializationError(
            f"{path.name} was added as a file, not as a value. Download it and open it yourself."
        )
    serializer = by_name(format)
    if not serializer.safe and not trust:
        raise UntrustedError(
            f"This {meta.get('type', 'value')} is kept as {format}, and loading that runs code "
            "from the file. If you trust who wrote it, load it with trust=True (--trust)."
        )
    return serializer


@contextmanager
def _readable(path: Path, format: str) -> Iterator[None]:
    try:
        yield
    except (ArtnbError, ImportError, OSError):
        raise
    except Exception as error:  # each library has its own kinds for a file it cannot read
        raise SerializationError(
            f"The {format} file {path.name} cannot be read: {type(error).__name__}: {error}."
        ) from error
