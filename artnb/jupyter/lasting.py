"""What of a cell comes back when it is skipped the next time, and why some of it does not."""

from __future__ import annotations

import ast
import tempfile
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from artnb import serializers
from artnb.capture import Capture, Output, Recorder, fingerprint, sharing_memory, size_of
from artnb.errors import ArtnbError
from artnb.jupyter.choosing import SECRET, holds_secret
from artnb.jupyter.generators import state_of
from artnb.jupyter.inplace import can_take_over, places
from artnb.jupyter.keeping import kept_names
from artnb.jupyter.taking import Kept
from artnb.repository import Content
from artnb.serializers.aliasing import shares
from artnb.serializers.linked import HELD

__all__ = ["Lasting"]

_LARGEST_EXTRA = 256 << 20
_NOT_AS_IT_WAS = {
    "figure": "a picture",
    "altair": "its specification, in which its data are no frame",
    "stub": "a note only: it could not be saved",
    "cloudpickle": "a pickle with code of the notebook inside, which would be other code",
}
_IMMUTABLE = (str, bytes, int, float, complex, bool, type(None), range, frozenset)


class Lasting:
    """Taken at the cell's end, while the values are as it left them.

    Parameters
    ----------
    put_blob : callable
        Keeps bytes with the cell's run and returns their digest.
    tree : ast.Module
        The cell.
    recorder : Recorder
        Opened on it.
    before : mapping
        `places` of what the cell reads, before it ran.
    chosen : collection of str
        The variables that go into the version.
    secrets : sequence of str
        Passwords and tokens: what holds one is not kept, unless it is chosen.

    Attributes
    ----------
    values, extras : dict
        By name: variables that the version holds, and those that are kept beside it.
    aliases : dict
        With which other value a new one shares its memory, as `shares` notes it.
    held : dict
        By name, the fingerprint of what was there before and is held by new values.
    lost : list of str
        What does not come back, and why.
    unbound : list of str
        Names that are not there after a hit.
    result : dict or None
        The cell's last value.
    """

    def __init__(
        self,
        put_blob: Callable[[bytes], str],
        tree: ast.Module,
        recorder: Recorder,
        capture: Capture,
        chosen: Collection[str],
        before: Mapping[str, Any],
        result: Any,
        secrets: Sequence[str] = (),
    ) -> None:
        self._put_blob = put_blob
        self._secrets = secrets
        self._recorder = recorder
        self._before = before
        self.values: dict[str, dict[str, Any]] = {}
        self.extras: dict[str, dict[str, Any]] = {}
        self.aliases: dict[str, dict[str, Any]] = {}
        self.held: dict[str, str | None] = {}
        self.lost: list[str] = []
        self.unbound: list[str] = []
        bound = self._bound = kept_names(tree)
        for name, output in capture.outputs.items():
            if output.role not in ("import", "code"):
                self._take(name, output, name in chosen)
            elif name not in bound:
                self.lost.append(f"{name} is not bound by a line of its own")
        self._tie(capture)
        self.result = self._result(result, capture)

    def find(self, kept: Sequence[Kept], *, trust: bool) -> list[str]:
        """Note where the version holds its values; return which of them need trust."""
        untrusted = []
        made = {item.name: item.content for item in kept}
        self._prove_sharing(made)
        for name, note in list(self.values.items()):
            found = made.get(name)
            if found is None:
                self.lost.append(f"{name} is not in the version")
                continue
            note |= {"path": found.path, "fingerprint": found.fingerprint}
            if found.format in _NOT_AS_IT_WAS and not found.meta.get("foreign"):
                self.lost.append(
                    f"{name} ({note['kind']}) is kept as {_NOT_AS_IT_WAS[found.format]}"
                )
            elif not serializers.is_safe(found.format) and not trust:
                untrusted.append(
                    f"{name} is kept as {found.format}, which can run code: add --trust"
                )
        return untrusted

    def _take(self, name: str, output: Output, chosen: bool) -> None:
        value, how = output.value, self._how(output)
        if how == "changed" and name not in self._recorder.inputs:
            return  # it sees the change of what the cell reads, also the next time
        kind = type(value).__qualname__
        place: dict[str, Any] = {"how": how, "kind": kind}
        if how == "changed" and not (
            can_take_over(value) and self._before.get(name) == places(value)
        ):
            self.lost.append(f"{name} ({kind}) was changed in place, with what it holds")
        if _kinds(value) & self._bound:
            self.lost.append(f"{name} ({kind}) is of a class that the cell itself defines")
        if (state := state_of(value)) is not None:
            self.extras[name] = {**place, "fingerprint": fingerprint(value), "state": state}
        elif chosen:
            self.values[name] = place
        elif holds_secret(name, value, self._secrets):
            self.lost.append(f"{name} is {SECRET}, and not kept")
        elif (extra := self._extra(value)) is not None:
            self.extras[name] = {**place, "fingerprint": fingerprint(value), **extra}
        elif output.role == "temporary":
            self.unbound.append(name)  # a closed file of a with statement
        else:
            self.lost.append(f"{name} ({kind}) is not kept in a format that is safe to load")

    def _how(self, output: Output) -> str:
        """Return ``changed`` also of what was bound anew to the object that it was."""
        same = output.how == "stored" and self._recorder.is_same(output.name)
        return "changed" if same and not issubclass(type(output.value), _IMMUTABLE) else output.how

    def _extra(self, value: Any) -> dict[str, Any] | None:
        """Return where a value is kept that is in no version, or None."""
        if size_of(value) > _LARGEST_EXTRA:
            return None
        with tempfile.TemporaryDirectory(prefix="artnb-cell-") as folder:
            try:
                saved = serializers.dump(value, Path(folder), "value")
            except ArtnbError:
                return None
            if saved.format in _NOT_AS_IT_WAS or not serializers.is_safe(saved.format):
                return None
            if saved.path.stat().st_size > _LARGEST_EXTRA:
                return None
            again = serializers.load(saved.path, saved.format, saved.meta)
            if type(again) is not type(value) or fingerprint(again) != fingerprint(value):
                return None  # a figure comes back as a picture
            digest = self._put_blob(saved.path.read_bytes())
        return {"sha256": digest, "format": saved.format, "meta": saved.meta}

    def _tie(self, capture: Capture) -> None:
        """Note which new values are, or are views of, values that were there before."""
        mine = {
            name: capture.outputs[name].value
            for name in (*self.values, *self.extras)
            if not issubclass(type(capture.outputs[name].value), _IMMUTABLE)
        }
        fixed = {n for n in mine if (self.values.get(n) or self.extras[n])["how"] == "changed"}
        new = {name: value for name, value in mine.items() if name not in fixed}
        others = {**self._recorder.others(capture.outputs), **{name: mine[name] for name in fixed}}
        others = {name: value for name, value in others.items() if _may_share(value)}
        notes = shares({**others, **new})
        self.aliases = {name: notes[name] for name in new if name in notes}
        self._fixed = fixed
        self._near: dict[str, set[str]] = {}
        for name, value in new.items():
            near = sharing_memory([value], others) | {
                other for other in others if sharing_memory([others[other]], {name: value})
            }
            if near and notes.get(name, {}).get("with") not in others:
                self._near[name] = near
            elif name not in notes:
                rest = {n: each for n, each in new.items() if n != name and n not in notes}
                self._near[name] = sharing_memory([value], rest)
        nearby = set[str]().union(*self._near.values()) - new.keys() - fixed
        self._names_of = {n: {m for m in others if others[m] is others[n]} for n in nearby}
        self._prints = {n: fingerprint(others[n]) for n in nearby}

    def _prove_sharing(self, made: Mapping[str, Content]) -> None:
        """Find out which sharing the version's references bring back, and what is lost."""
        tied = {name for name, note in self.aliases.items() if note["with"] not in made}
        reach = {name: _reached(name, made) for name in made}
        for name, near in self._near.items():
            found = reach.get(name, set())
            lost = {other for other in near if other in reach and not found & reach[other]}
            for other in near - reach.keys():
                held = [n for n in self._names_of.get(other, ()) if f"{HELD}{n}" in found]
                self.held |= dict.fromkeys(held, self._prints.get(other))
                lost |= set() if held else {other}
            # What was changed in place stays the object that it is, and a view of something older
            # is made anew: no container would know of either.
            lost |= near & self._fixed
            lost |= near & tied if found != {name} else set()
            if lost:
                self.lost.append(_about_sharing(name, lost))

    def _result(self, result: Any, capture: Capture) -> dict[str, Any] | None:
        if result is None:
            return None
        found = {name: made.value for name, made in capture.outputs.items()}
        found |= {name: self._recorder.value(name) for name in capture.inputs}
        for name in () if issubclass(type(result), _IMMUTABLE) else found:
            if found.get(name) is result:
                return {"name": name}
        extra = None if holds_secret("", result, self._secrets) else self._extra(result)
        if extra is None:
            return {"kind": type(result).__qualname__}
        return {**extra, "kind": type(result).__qualname__, "fingerprint": fingerprint(result)}


def _reached(name: str, made: Mapping[str, Content]) -> set[str]:
    """Return the keys of the entries that a variable's refers to, itself among them."""
    found, waiting = {name}, [name]
    while waiting:
        content = made.get(waiting.pop())
        links = content.meta.get("links", {}) if content is not None else {}
        owners = {str(owner) for owner, *_ in links.get("refs", ())} - found
        found |= owners
        waiting += owners
    return found


def _kinds(value: Any) -> set[str]:
    """Return the notebook's classes that a value, or a part of a module, is of."""
    parts = value.modules() if hasattr(type(value), "named_modules") else (value,)
    return {type(part).__qualname__ for part in parts if type(part).__module__ == "__main__"}


def _about_sharing(name: str, near: set[str]) -> str:
    return f"{name} shares memory with {', '.join(sorted(near)[:3])}, and would not do so again"


def _may_share(value: Any) -> bool:
    if callable(value) and not hasattr(type(value), "parameters"):
        return False
    return not issubclass(type(value), _IMMUTABLE)
