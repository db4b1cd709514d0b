"""Which of a cell's outputs become entries, how, and what type of artifact they make."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from artnb import serializers
from artnb.capture import Capture, Frozen, Holder, fingerprint, freeze, plain, size_of, told
from artnb.errors import SerializationError, UsageError, nearest
from artnb.jupyter.aliasing import shares
from artnb.jupyter.display import size_text
from artnb.model import Entry
from artnb.repository import Content
from artnb.secrets import is_secret, known_secrets
from artnb.store import StagingArea

__all__ = ["SECRET", "Kept", "Taking", "best_type", "choose", "guess_type"]

SECRET = "a password or token, by its name or what it holds"
"""Why a value is left out."""

_SAME_BYTES = (int, float, bool, type(None), str, bytes)
"""Types of which equal values are written as equal bytes: nothing has to be taken over."""

_SMALL = 256 * 1024
"""Bytes below which a value need not go through a file."""

_FRAMES = frozenset(("DataFrame", "Series", "LazyFrame", "Table", "RecordBatch", "ndarray"))
_FRAME_PACKAGES = frozenset(("pandas", "polars", "pyarrow", "numpy", "scipy", "xarray"))


@dataclass(frozen=True, slots=True)
class Kept:
    """A variable as it goes into a version: the name of its type, and which object it was."""

    name: str
    kind: str
    holder: Holder
    content: Content

    @property
    def is_stub(self) -> bool:
        """Whether the value could not be saved."""
        return self.content.format == "stub"


def choose(
    capture: Capture, wanted: Sequence[str], namespace: Mapping[str, Any], budget: int
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values to keep, and why others are left out.

    Parameters
    ----------
    wanted : sequence of str
        The names of ``--out``; empty: all values that the cell made.
    budget : int
        Bytes above which a value is kept only if it is named.
    """
    if wanted:
        missing = [name for name in wanted if name not in namespace]
        if missing:
            raise UsageError(
                f"--out names {missing[0]!r}, which the cell does not leave; "
                f"{nearest(missing[0], capture.outputs)}"
            )
        return {name: namespace[name] for name in wanted}, {}
    kept: dict[str, Any] = {}
    left: dict[str, str] = {}
    secrets = known_secrets(os.environ)
    for name, made in capture.outputs.items():
        if made.role == "import":
            continue
        if made.role != "value":
            left[name] = made.role
        elif name.startswith("_"):
            left[name] = "private"
        elif type(made.value).__module__.partition(".")[0] == "IPython":
            left[name] = "shell"  # what %%capture and the like leave
        elif _is_secret(name, made.value, secrets):
            left[name] = SECRET
        else:
            kept[name] = made.value
    for name in [name for name, value in kept.items() if _is_inside(value, kept)]:
        left[name] = "part of a figure"
        del kept[name]
    for name in [name for name, value in kept.items() if size_of(value) > budget]:
        left[name] = f"over the budget of {size_text(budget)} ({size_text(size_of(kept[name]))})"
        del kept[name]
    return kept, left


def _is_secret(name: str, value: Any, secrets: Sequence[str]) -> bool:
    """Return whether a value is a password or token, or a small one that holds one."""
    as_json = plain(value)
    return is_secret(name, value) or told(name, as_json, secrets) != as_json


def _is_inside(value: Any, kept: Mapping[str, Any]) -> bool:
    """Return whether `value` is the axes of a figure that is kept itself."""
    if type(value).__module__.partition(".")[0] != "matplotlib":
        return False
    figure = getattr(value, "figure", None)
    return figure is not None and any(
        other is figure and other is not value for other in kept.values()
    )


SavedBefore = Callable[[str, str], tuple[Entry, bytes] | None]


@dataclass
class _Value:
    """One variable that is being taken."""

    name: str
    fingerprint: str | None
    holder: Holder
    kind: str
    shares: Mapping[str, Any] | None
    before: tuple[Entry, bytes] | None = None
    frozen: Frozen | None = None
    content: Content | None = None


class Taking:
    """The values of a cell on their way to files: taken at its end, written then or later.

    What is equal to what the artifact holds already is not written, what can be frozen is
    written by `write`, and all else at once. What cannot be saved becomes a stub.

    Parameters
    ----------
    values : mapping
        By name.
    staging : StagingArea
        Where the files lie until they are committed.
    saved_before : callable
        Takes a name and a fingerprint; returns the entry and bytes to take over, or None.
    later : bool
        Whether `write` is called while the notebook goes on.
    room : int
        Bytes that may be copied for it.
    namespace : mapping
        The notebook's variables.
    """

    def __init__(
        self,
        values: Mapping[str, Any],
        staging: StagingArea,
        saved_before: SavedBefore,
        *,
        later: bool = False,
        room: int = 0,
        namespace: Mapping[str, Any] | None = None,
    ) -> None:
        self._staging = staging
        self._later = later
        self._folder: TemporaryDirectory[str] | None = None
        self.copied = 0
        shared = shares(values)
        self._values = [self._marked(*item, shared, saved_before) for item in values.items()]
        others = dict(namespace or {})
        for item in self._values:
            if later and item.before is None and item.fingerprint is not None:
                item.frozen = freeze(values[item.name], room - self.copied, others)
                self.copied += item.frozen.copied if item.frozen else 0
        try:
            for item in self._values:
                if item.before is None and item.frozen is None:
                    item.content = self._written(item, values[item.name])
        except BaseException:
            self.discard()
            raise

    @property
    def marks(self) -> frozenset[str]:
        """The fingerprints of the values, as far as they have one."""
        return frozenset(item.fingerprint for item in self._values if item.fingerprint)

    @property
    def holds_originals(self) -> bool:
        """Whether `write` reads objects that the notebook can change."""
        return any(item.frozen is not None and not item.frozen.fixed for item in self._values)

    def write(self) -> list[Kept]:
        """Write what is not there yet, and return everything.

        Raises
        ------
        SerializationError
            A value that was to be written later is not what it was any more.
        """
        return [self._kept(item) for item in self._values]

    def discard(self) -> None:
        """Free the values and their files."""
        folder, self._folder = self._folder, None
        self._values = []
        if folder is not None:
            folder.cleanup()

    # -- parts

    @staticmethod
    def _marked(
        name: str, value: Any, shared: Mapping[str, Any], saved_before: SavedBefore
    ) -> _Value:
        mark = fingerprint(value)
        before = None
        if mark is not None and type(value) not in _SAME_BYTES:
            before = saved_before(name, mark)
        kind = type(value).__name__
        return _Value(name, mark, Holder(value), kind, shared.get(name), before)

    def _kept(self, item: _Value) -> Kept:
        if item.before is not None:
            entry, source = item.before
            found = Content(entry.path, source, entry.format, item.name, entry.meta)
        else:
            if item.content is None or _is_gone(item.content):
                assert item.frozen is not None
                item.content = self._written(item, item.frozen.value)
            found = item.content
        meta = {key: part for key, part in found.meta.items() if key != "shares"}
        if item.shares is not None:
            meta["shares"] = item.shares
        content = replace(found, meta=meta, fingerprint=item.fingerprint)
        return Kept(item.name, item.kind, item.holder, content)

    def _written(self, item: _Value, value: Any) -> Content:
        in_memory = serializers.encode(value) if size_of(value) < _SMALL else None
        if in_memory is not None and (item.frozen is None or item.frozen.fixed):
            data, how, meta = in_memory
            return Content(f"{item.name}{how.suffix}", data, how.name, item.name, meta)
        if self._folder is None:
            # In the store's area: what a killed process leaves there is removed.
            self._folder = TemporaryDirectory(prefix="cell-", dir=self._staging.folder)
        folder = Path(self._folder.name)
        saved = serializers.dump(value, folder, item.name)
        frozen = item.frozen
        if frozen is not None and fingerprint(value) != item.fingerprint:
            saved.path.unlink()
            raise SerializationError(
                f"{item.name} is not what it was when its cell ended: a thread, a task or a "
                "widget's callback changed it while it was being saved. Nothing was written."
            )
        path = saved.path.relative_to(folder).as_posix()
        # A file that is published is gone; one that cannot be written again is copied.
        movable = frozen is not None or not self._later
        source = self._staging.adopt(saved.path) if movable else saved.path
        return Content(path, source, saved.format, item.name, saved.meta)


def _is_gone(content: Content) -> bool:
    source = getattr(content.source, "source", None)
    return isinstance(source, Path) and not source.exists()


def guess_type(values: Iterable[Any]) -> str:
    """Return the artifact type that fits the values: model, dataset, figure, else result."""
    return best_type(map(_kind, values))


def best_type(types: Iterable[str]) -> str:
    """Return the type of an artifact that holds values of these types."""
    kinds = set(types)
    return next((kind for kind in ("model", "dataset", "figure") if kind in kinds), "result")


def _kind(value: Any) -> str:
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "nn"):
        if isinstance(value, torch.nn.Module) or _is_state_dict(value, torch.Tensor):
            return "model"
        if isinstance(value, torch.Tensor | torch.utils.data.Dataset):
            return "dataset"
    package = type(value).__module__.partition(".")[0]
    if package == "sklearn" and hasattr(value, "fit"):
        return "model"
    if package in _FRAME_PACKAGES and type(value).__name__ in _FRAMES:
        return "dataset"
    if package in ("matplotlib", "PIL", "plotly") and not isinstance(value, type):
        return "figure"
    return "result"


def _is_state_dict(value: Any, tensor: type) -> bool:
    return (
        isinstance(value, dict)
        and bool(value)
        and all(isinstance(key, str) for key in value)
        and all(isinstance(part, tensor) for part in value.values())
    )
