"""What makes two runs of a cell the same: written down with a run, compared before the next.

Everything that a result hangs on is compared strictly: what is not known counts as other.
"""

from __future__ import annotations

import ast
import hashlib
import random
import sys
import types
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from artnb.capture import Recorder, fingerprint, sharing_memory
from artnb.capture.modes import modes_and_gradients_of
from artnb.capture.on_disk import file_digest, folder_digest
from artnb.capture.patches import patched, registered_with
from artnb.capture.purity import Purity
from artnb.capture.surroundings import (
    AS_IT_COMES,
    NOT_COMPARED,
    Module,
    changed_packages,
    global_state,
    installed_otherwise,
    local_modules,
    missing_modules,
    packages,
    python_version,
)

__all__ = ["Difference", "Identity", "differences", "surroundings_now"]

_ATOMS = (str, bytes, int, float, complex, bool, type(None), range)
_NO_CONTENT = {"iterator": "an iterator", "handle": "an object of artnb's"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is other now.

    Attributes
    ----------
    kind : str
        ``cell``, ``function``, ``input``, ``file``, ``module``, ``package``, ``setting``.
    """

    kind: str
    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.name} {self.text}".strip()


class Identity:
    """What is known of a cell before it runs.

    Parameters
    ----------
    tree : ast.Module
        The cell.
    recorder : Recorder
        Opened on it.
    namespace : mapping
        The notebook's variables.
    options : sequence of str
        What of the first line changes the result.
    history : iterable of str
        The cells that have run.
    """

    def __init__(
        self,
        tree: ast.AST,
        recorder: Recorder,
        namespace: Mapping[str, Any],
        options: Sequence[str],
        history: Iterable[str] = (),
    ) -> None:
        kinds = dict.fromkeys(type(namespace[name]) for name in recorder.inputs)
        self.patches = patched(history, namespace, kinds)
        known = set(map(id, recorder.code))
        self.code_of_patches = [each for each in self.patches.code if id(each) not in known]
        text = ast.dump(tree) + repr(tuple(options))
        self.code = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        self.functions = sorted(
            [code.__qualname__, _code_mark(code)]
            for code in (*recorder.code, *self.code_of_patches)
        )
        self.inputs = {name: read.fingerprint for name, read in recorder.inputs.items()}
        marks = {name: modes_and_gradients_of(namespace[name]) for name in recorder.inputs}
        self.modes = {name: modes for name, (modes, _) in marks.items()}
        self.gradients = {name: gradients for name, (_, gradients) in marks.items()}
        self.library = {name: _library_mark(each) for name, each in recorder.library.items()}
        self.reached = {
            name: _reached_mark(namespace[name])
            for name in sorted(self.patches.reads - recorder.inputs.keys())
        }
        self.shared = _shared(recorder, namespace)
        self.unknown = [
            f"{name} is {_NO_CONTENT.get(read.role, f'a {read.kind} without content to compare')}"
            for name, read in recorder.inputs.items()
            if read.fingerprint is None
        ]
        if self.patches.unknown:
            self.unknown.append(f"what was set in libraries is not known ({self.patches.unknown})")
        self.unknown += [f"{name} cannot be compared" for name, mark in self.functions if not mark]

    def to_record(self, purity: Purity, reads: Mapping[str, str]) -> dict[str, Any]:
        """Return what a run's record keeps.

        Parameters
        ----------
        reads : mapping
            SHA-256 of the files that were read, as they were before, by path.
        """
        return {
            "code": self.code,
            "functions": self.functions,
            "inputs": self.inputs,
            "library": self.library,
            "modes": _known(self.modes),
            "gradients": _known(self.gradients),
            "shared": self.shared,
            "patches": self.patches.values,
            "settings": self.patches.calls,
            "reached": self.reached,
            "files": {**purity.files, **reads},
            "listed": purity.listed,
            "absent": sorted(set(purity.absent)),
            "named": sorted(set(purity.named)),
            "missing": purity.missing,
            "modules": [
                {"name": each.name, "path": each.path, "sha256": each.digest, "state": each.state}
                for each in purity.modules
            ],
            "python": python_version(),
            "packages": (versions := packages()),
            "installed": installed_otherwise(versions),
            "state": purity.state,
            "loaded": purity.loaded,
        }


def differences(then: Mapping[str, Any], now: Identity) -> Iterator[Difference]:
    """Yield what is other than it was in an earlier run; nothing: it is all the same."""
    if then["code"] != now.code:
        yield Difference("cell", "the cell", "was edited")
    if list(map(list, then["functions"])) != now.functions:
        found = list(_named("function", dict(then["functions"]), dict(now.functions)))
        # None: of two of one name one changed.
        yield from found or [Difference("function", "a function", "changed")]
    # What had no content to compare, and has none now, is told by `Identity.unknown`.
    known = {name for name, mark in now.inputs.items() if mark is not None}
    marks = {n: mark for n, mark in then["inputs"].items() if mark is not None or n in known}
    yield from _named(
        "input", marks, {n: now.inputs[n] for n in now.inputs if n in known | marks.keys()}
    )
    yield from _named("input", then["library"], now.library)
    for what, old, new in (
        (
            "has the same content, but is set or put together otherwise",
            then.get("modes", {}),
            _known(now.modes),
        ),
        ("has other gradients", then.get("gradients", {}), _known(now.gradients)),
    ):
        for name in sorted(
            name for name in old.keys() | new.keys() if old.get(name) != new.get(name)
        ):
            yield Difference("input", name, what)
    if then["shared"] != now.shared:
        yield Difference("input", "which of the inputs are one object, or share memory,", "changed")
    yield from _named("input", then.get("reached", {}), now.reached)
    yield from _patches(then.get("patches", {}), now.patches.values)
    yield from _settings(then.get("settings", {}), now.patches.calls)
    yield from surroundings_now(then)


def _patches(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield Difference("setting", name, "was set by the notebook, and is not now")
        elif new[name] is None or old.get(name) != new[name]:
            yield Difference("setting", name, "was set by the notebook")


def _settings(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for name in sorted(old.keys() | new.keys()):
        how = "set" if name.endswith("[...]") else "called"
        if name not in new:
            yield Difference("setting", name, f"was {how}, and is not now")
        elif old.get(name) != new[name]:
            yield Difference("setting", name, f"was {how}{' otherwise' if name in old else ''}")


def surroundings_now(then: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield what is other in files, modules, packages and settings."""
    yield from _files(then)
    yield from _modules(then)
    if then["python"] != python_version():
        yield Difference("package", "Python", f"is {python_version()}, was {then['python']}")
    found = set(then.get("missing", ())) - set(missing_modules(then.get("missing", ())))
    for name in sorted(found):
        yield Difference("package", name, "can be imported now")
    for name, (old, new) in changed_packages(then["packages"], then.get("installed")).items():
        yield Difference("package", name, f"is {new}, was {old}")
    state = global_state()
    for what, value in {**then["state"], **then["loaded"]}.items():
        if what in NOT_COMPARED or (what in then["loaded"] and what not in state):
            continue  # a library that the cell loads has the settings that it comes with
        if what not in state:
            if value != AS_IT_COMES:  # which it does, if it is loaded
                yield Difference("setting", what, "are not known: the library is not loaded")
        elif state[what] != value:
            yield Difference("setting", what, _changed_text(value, state[what]))


def _known(marks: Mapping[str, str | None]) -> dict[str, str]:
    return {name: mark for name, mark in marks.items() if mark is not None}


def _changed_text(old: str, new: str) -> str:
    return f"is {new}, was {old}" if len(old) + len(new) < 120 else "changed"


def _named(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield Difference(kind, name, "is not read now")
        elif name not in old:
            yield Difference(kind, name, "is read now")
        elif old[name] is None or old[name] != new[name]:
            yield Difference(kind, name, "changed")


def _files(then: Mapping[str, Any]) -> Iterator[Difference]:
    for path, digest in then["files"].items():
        now = file_digest(path)
        if now != digest:
            yield Difference("file", _shown(path), "is gone" if now is None else "changed")
    for path, digest in then["listed"].items():
        if folder_digest(path) != digest:
            yield Difference("file", f"the folder {_shown(path)}", "holds other files")
    for path in then["absent"]:
        if Path(path).exists():
            yield Difference("file", _shown(path), "is there now")
    for path in then.get("named", ()):
        if not Path(path).is_dir():
            yield Difference("file", f"the folder {_shown(path)}", "is gone")


def _modules(then: Mapping[str, Any]) -> Iterator[Difference]:
    names = [module["name"] for module in then["modules"]]
    loaded = {module.name: module for module in local_modules(names)}
    for module in then["modules"]:
        if file_digest(module["path"]) != module["sha256"]:
            yield Difference("module", _shown(module["path"]), "changed")
        elif (path := _place_of(module, loaded)) != module["path"]:
            yield Difference("module", module["name"], f"is {path}, was {module['path']}")
        elif (now := loaded.get(module["name"])) is not None:
            if not now.is_file:
                text = "was edited after it was imported"
                yield Difference("module", _shown(module["path"]), text)
            elif now.state != module["state"]:
                yield Difference("module", module["name"], "holds other values")


def _place_of(module: Mapping[str, Any], loaded: Mapping[str, Module]) -> str | None:
    """Return the file that a module comes from, or would come from."""
    name = module["name"]
    if name in loaded:
        return loaded[name].path
    parent = name.rpartition(".")[0]
    if parent and parent not in sys.modules:
        return str(module["path"])  # to look for it would run its package, which is told by itself
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return None
    return spec.origin if spec is not None else None


def _shared(recorder: Recorder, namespace: Mapping[str, Any]) -> list[list[str]]:
    """Return which inputs are one object, hold one another, or overlap in memory."""
    names = [
        name
        for name, read in recorder.inputs.items()
        if read.role != "code" and not issubclass(type(namespace[name]), _ATOMS)
    ]
    found = set()
    for name in names:
        others = {other: namespace[other] for other in names if other != name}
        found |= {
            tuple(sorted((name, other))) for other in sharing_memory([namespace[name]], others)
        }
    return sorted(map(list, found))


def _code_mark(code: Any) -> str:
    mark = fingerprint(code) or ""
    names = registered_with(code) if mark and isinstance(code, type) else None
    return f"{mark} {' '.join(names)}" if names else mark


def _reached_mark(value: Any) -> str | None:
    if issubclass(type(value), types.ModuleType | types.BuiltinFunctionType | type):
        return _library_mark(value)
    return fingerprint(value)


def _library_mark(value: Any) -> str | None:
    """Return what stands for a module, class or function that was imported."""
    owner = None if issubclass(type(value), types.ModuleType) else getattr(value, "__self__", None)
    # The hidden generators' methods: their states are watched by themselves.
    if owner is getattr(random.random, "__self__", None) or _is_numpys(owner):
        return f"{type(owner).__module__}.{value.__name__}"
    if isinstance(owner, types.ModuleType):
        return f"{owner.__name__}.{value.__qualname__}"
    return fingerprint(value)


def _is_numpys(owner: Any) -> bool:
    numpy = sys.modules.get("numpy.random")
    return (
        numpy is not None
        and owner is not None
        and (owner is getattr(getattr(numpy, "rand", None), "__self__", None))
    )


def _shown(path: str) -> str:
    try:
        return Path(path).relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path
