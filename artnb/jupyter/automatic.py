"""``%artnb auto on``: every cell a run without a first line, each variable an artifact.

One collection a variable, named as it is; the files that a cell writes go into one named
by their folder in the working folder, or by the file. Cells that only import, define or
call line magics are no runs.
"""

from __future__ import annotations

import ast
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from artnb.jupyter.cells import CellRun
from artnb.jupyter.display import Line, size_text
from artnb.jupyter.files import guess_type_of_files
from artnb.jupyter.header import Options
from artnb.jupyter.values import choose, guess_type, save
from artnb.model import Entry, VersionRecord
from artnb.repository import Content

__all__ = ["OPTIONS", "AutomaticRun", "does_nothing"]

OPTIONS = Options("cell")
"""Of every automatic run; the name is the job type."""

_LARGEST = 2 << 30
_DEFINE = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_RUN_CODE = frozenset(("time", "timeit", "prun", "memit", "mprun", "lprun", "run", "sx", "system"))
_LONGEST_NAME = 128


def does_nothing(tree: ast.Module) -> bool:
    """Return whether a cell only imports, defines, or calls line magics that run no code."""
    return all(map(_is_passive, tree.body))


def _is_passive(statement: ast.stmt) -> bool:
    if isinstance(statement, _DEFINE):
        return True
    if not isinstance(statement, ast.Expr):
        return False
    value = statement.value
    if isinstance(value, ast.Constant):
        return True
    return (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Attribute)
        and value.func.attr == "run_line_magic"
        and isinstance(value.args[0], ast.Constant)
        and value.args[0].value not in _RUN_CODE
    )


class AutomaticRun(CellRun):
    """The run of a cell without a first line."""

    def _finish(self) -> Line | None:
        assert self._run is not None
        capture = self._recorder.close()
        values, left_out = choose(capture, (), self._shell.user_ns)
        for name in [name for name, value in values.items() if _size(value) > _LARGEST]:
            left_out[name] = (
                f"larger than {size_text(_LARGEST)}: keep it by %%artifact NAME above its cell"
            )
            del values[name]
        made, versions = {}, []
        for name, value in values.items():
            version, path, created = self._keep(name, value)
            made[name] = path
            versions.append((version, created))
        versions += self._keep_files()
        left_out |= self._files.left_out
        run = self._end("finished", capture, made, left_out, versions=[v for v, _ in versions])
        refs = [version.ref for version, created in versions if created]
        return Line(", ".join(refs), [f"run {run.name}"]) if refs else None

    def _fail(self, error: BaseException) -> Line | None:
        super()._fail(error)
        return None  # the traceback says it

    def _keep(self, name: str, value: Any) -> tuple[VersionRecord, str, bool]:
        """Commit one variable; return its version, its entry's path, and whether it is new."""
        with tempfile.TemporaryDirectory(prefix="artnb-cell-") as folder:
            (kept,) = save({name: value}, Path(folder), self._saved_before)
            version, created = self._commit(_collection(name), guess_type([value]), [kept.content])
        content = kept.content
        self._session.remember(name, version, content.path, content.fingerprint, value)
        return version, content.path, created

    def _keep_files(self) -> list[tuple[VersionRecord, bool]]:
        groups: dict[str, list[Content]] = {}
        for content in self._files.contents(()):
            groups.setdefault(content.path.partition("/")[0], []).append(content)
        return [
            self._commit(_collection(name), guess_type_of_files(files), files)
            for name, files in groups.items()
        ]

    def _commit(
        self, collection: str, type: str, contents: Iterable[Content]
    ) -> tuple[VersionRecord, bool]:
        assert self._run is not None
        known = [
            found.type
            for found in self._repository.collections(self._project)
            if found.name == collection
        ]
        done = self._repository.commit(
            self._project,
            collection,
            known[0] if known else type,
            list(contents),
            run_id=self._run.id,
        )
        return done.version, done.created

    def _known_type(self) -> str | None:
        return None

    def _find_hit(self, tree: Any) -> None:
        return None  # what one cell makes is in many artifacts

    def _saved_before(self, name: str, print_: str) -> tuple[Entry, bytes] | None:
        return self._find_saved(_collection(name), name, print_)


def _collection(name: str) -> str:
    """Return a name that a collection may have: Python's may hold any letters."""
    kept = "".join(
        char if char.isascii() and (char.isalnum() or char in "_-.") else f"u{ord(char):x}"
        for char in name
    )
    return kept[:_LONGEST_NAME]


def _size(value: Any) -> int:
    """Return about how many bytes an array, a tensor or a frame takes; 0 for the others."""
    for attribute in ("nbytes", "estimated_size", "memory_usage"):
        found = getattr(type(value), attribute, None)
        if found is None:
            continue
        size = getattr(value, attribute)
        size = size() if callable(size) else size
        return int(size.sum()) if hasattr(size, "sum") else int(size)
    return 0
