"""What a run's record says of its cell: its settings, and what it read, showed and left out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from typing import Any

from artnb.capture import NOT_PLAIN, NUMBERS, Capture, Input, import_line, plain, told
from artnb.capture.surroundings import module_of, own_code
from artnb.jupyter.files import CellFiles
from artnb.jupyter.keyed import keyed
from artnb.jupyter.shown import Shown
from artnb.model import VersionRecord
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
        values = [
            (name, read.plain)
            for name, read in capture.inputs.items()
            if type(read.plain) not in NUMBERS
        ]
        values += [
            (name, plain(made.value))
            for name, made in capture.outputs.items()
            if type(made.value) not in NUMBERS
        ]
        found = {text for name, value in values for text in secrets_in(name, value)}
        self._shown.secrets = tuple(sorted(found, key=len, reverse=True))

    def inputs(self, inputs: Mapping[str, Input]) -> dict[str, dict[str, Any]]:
        """Return what the cell read, by name."""
        return {name: self._about(name, read) for name, read in inputs.items()}

    def read(
        self,
        inputs: Mapping[str, Input],
        library: Mapping[str, Any],
        scripts: Collection[str] = (),
    ) -> dict[str, Any]:
        """Return what the cell read, with the files of the person's own code that it used.

        And how of that what was imported is imported again.
        """
        roots = {read.home for read in inputs.values()} | set(map(module_of, library.values()))
        own = own_code(roots, scripts)
        lines = {name: import_line(name, value) for name, value in library.items()}
        imports = {name: line for name, line in lines.items() if line is not None}
        return {
            "inputs": self.inputs(inputs),
            **({"imports": imports} if imports else {}),
            **({"own_code": own} if own else {}),
        }

    def putting(self) -> AbstractContextManager[Callable[[bytes], str]]:
        """Return what takes what is to be kept with the run: see `Repository.putting`."""
        return self._repository.putting(self.run_id)

    def shown(self) -> dict[str, Any]:
        """Return what the cell showed."""
        with self.putting() as put:
            return self._shown.outputs(put)

    def outputs(
        self,
        inputs: Mapping[str, Input],
        library: Mapping[str, Any],
        scripts: Collection[str],
        consumed: Collection[str],
        left_out: Mapping[str, str],
    ) -> dict[str, Any]:
        """Return what is known at the cell's end, whatever becomes of its values."""
        outputs = self.shown()
        outputs |= self.read(inputs, library, scripts)
        outputs["cell_lines"] = self.source.strip("\n").count("\n") + 1
        outputs |= {"left_out": dict(left_out)} if left_out else {}
        outputs |= {"consumed": sorted(consumed)} if consumed else {}
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


def _is_secret(name: str, read: Input) -> bool:
    if read.kind == "bytes":
        return is_secret(name, b"0123456789")  # by its name: `Input` keeps no bytes
    return read.plain is not NOT_PLAIN and told(name, read.plain, known_secrets()) != read.plain
