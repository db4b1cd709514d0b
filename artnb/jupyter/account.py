"""What a run's record says of its cell: its settings, and what it read, showed and left out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from artnb.capture import NOT_PLAIN, NUMBERS, Capture, Input, import_line, plain, told
from artnb.capture.code_files import named_scripts
from artnb.capture.own_values import OwnValue
from artnb.capture.surroundings import own_code
from artnb.jupyter.files import CellFiles
from artnb.jupyter.keyed import keyed
from artnb.jupyter.shown import Shown
from artnb.model import VersionRecord
from artnb.own_texts import kept_texts
from artnb.repository import Repository
from artnb.secrets import is_secret, known_secrets, secrets_in

__all__ = ["Account"]


class Account:
    """The account of one cell.

    Parameters
    ----------
    source : str
        The cell as it was written.
    shown : Shown
        What it shows.
    files : CellFiles
        What it opens.

    Attributes
    ----------
    used : dict
        The version that holds what it reads, by the variable's name.
    run_id : str
        The cell's run, once it has begun.
    """

    def __init__(self, repository: Repository, source: str, shown: Shown, files: CellFiles) -> None:
        self._repository = repository
        self.source = source
        self._shown = shown
        self._files = files
        self.used: Mapping[str, VersionRecord] = {}
        self.run_id = ""
        self._began = time.time()

    def config(self, inputs: Mapping[str, Input]) -> dict[str, Any]:
        """Return the small plain values; of data that a version holds, the edge is enough."""
        secrets = known_secrets()
        return {
            name: told(name, read.plain, secrets)
            for name, read in inputs.items()
            if read.plain is not NOT_PLAIN
            and not (name in self.used and isinstance(read.plain, list))
        }

    def keep_out(self, capture: Capture) -> None:
        """Keep what the cell's variables hold of passwords and tokens out of what it shows."""
        found: set[str] = set()
        for name, read in capture.inputs.items():
            if type(read.plain) not in NUMBERS:
                found.update(secrets_in(name, read.plain))
        for name, made in capture.outputs.items():
            if type(made.value) not in NUMBERS:
                found.update(secrets_in(name, plain(made.value)))
        self._shown.secrets = tuple(sorted(found, key=len, reverse=True))

    def inputs(self, inputs: Mapping[str, Input]) -> dict[str, dict[str, Any]]:
        """Return what the cell read, by name."""
        return {name: self._about(name, read) for name, read in inputs.items()}

    def read(self, inputs: Mapping[str, Input], library: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the cell read, and how of that what was imported is imported again."""
        lines = {name: import_line(name, value) for name, value in library.items()}
        imports = {name: line for name, line in lines.items() if line is not None}
        return {"inputs": self.inputs(inputs), **({"imports": imports} if imports else {})}

    def own(self, capture: Capture, put_blob: Callable[[bytes], str]) -> dict[str, Any]:
        """Return what the cell used of the person's own modules: their files, texts and values."""
        scripts = dict.fromkeys((*capture.scripts, *named_scripts(self.source, self._began)))
        code = own_code(capture.roots, scripts, capture.own_modules)
        found = {
            "own_code": code,
            "own_texts": kept_texts(code, put_blob),
            "own_values": {name: self._of_module(name, capture.own_values[name])
                           for name in sorted(capture.own_values)},
        }  # fmt: skip
        return {key: value for key, value in found.items() if value}

    def putting(self) -> AbstractContextManager[Callable[[bytes], str]]:
        """Return what takes what is to be kept with the run: see `Repository.putting`."""
        return self._repository.putting(self.run_id)

    def shown(self) -> dict[str, Any]:
        """Return what the cell showed."""
        with self.putting() as put:
            return self._shown.outputs(put)

    def outputs(self, capture: Capture, left_out: Mapping[str, str]) -> dict[str, Any]:
        """Return what is known at the cell's end, whatever becomes of its values."""
        with self.putting() as put:
            outputs = {**self._shown.outputs(put), **self.own(capture, put)}
        outputs |= self.read(capture.inputs, capture.library)
        outputs["cell_lines"] = self.source.strip("\n").count("\n") + 1
        outputs |= {"left_out": dict(left_out)} if left_out else {}
        outputs |= {"consumed": sorted(capture.consumed)} if capture.consumed else {}
        return outputs

    def whole(
        self,
        about: Mapping[str, Any],
        made: Mapping[str, str],
        error: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """Return all outputs: with the files, the entries of the values, and what went wrong."""
        outputs = {**about, **self._files.outputs()}
        outputs |= {"made": dict(made)} if made else {}
        outputs |= {"error": dict(error)} if error else {}
        return outputs

    def _about(self, name: str, read: Input) -> dict[str, Any]:
        about: dict[str, Any] = {"role": read.role, "kind": read.kind}
        mark = read.fingerprint
        if mark is not None and _is_secret(name, read):
            mark = keyed(self._repository.root, mark)
        if mark is not None:
            about["fingerprint"] = mark
        if name in self.used:
            about |= {"role": "used", "version": self.used[name].ref}
        return about

    def _of_module(self, name: str, value: OwnValue) -> dict[str, Any]:
        """Return what is noted of a value in a module; the value itself where it is small."""
        mark, known = value.fingerprint, value.plain is not NOT_PLAIN
        if known and told(name, value.plain, known_secrets()) != value.plain:
            mark, known = keyed(self._repository.root, mark) or "", False
        about = {"fingerprint": mark, "kind": value.kind}
        return about | {"value": value.plain} if known else about


def _is_secret(name: str, read: Input) -> bool:
    if read.kind == "bytes":
        return is_secret(name, b"0123456789")  # by its name: `Input` keeps no bytes
    return read.plain is not NOT_PLAIN and told(name, read.plain, known_secrets()) != read.plain
