"""``%artnb auto on``: every cell a run without a first line, each variable an artifact.

One collection a variable, named as it is; the files that a cell writes go into one named
by their folder in the working folder, or by the file. Cells that only import, define or
call line magics are no runs.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from artnb.capture import Capture
from artnb.display import Line
from artnb.jupyter.cells import CellRun
from artnb.jupyter.files import guess_type_of_files
from artnb.jupyter.header import Options
from artnb.jupyter.known import find_saved
from artnb.jupyter.taking import Kept
from artnb.model import Entry, RunRecord, VersionRecord
from artnb.refs import spelled_name
from artnb.repository import Commit, Content, RunEnd

__all__ = ["OPTIONS", "AutomaticRun", "does_nothing"]

OPTIONS = Options("cell")
"""Of every automatic run; the name is the job type."""

_DEFINE: tuple[type[ast.stmt], ...] = (
    ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef,
)  # fmt: skip
if sys.version_info >= (3, 12):
    _DEFINE = (*_DEFINE, ast.TypeAlias)
_RUN_CODE = frozenset(("time", "timeit", "prun", "memit", "mprun", "lprun", "run", "sx", "system"))


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

    _joined = False  # a run that a person opens goes on in the cells that follow
    _apart = True

    def _fail(self, error: BaseException) -> Line | None:
        super()._fail(error)
        return None  # the traceback says it

    def _title(self, values: Mapping[str, Any]) -> str:
        return ", ".join(values) or self._options.name

    def _collections(self, values: Iterable[str]) -> frozenset[str]:
        return frozenset((*map(spelled_name, values), *self._file_groups()))

    def _commit(
        self, kept: list[Kept], types: Mapping[str, str], ends: Callable[[], RunEnd | None]
    ) -> tuple[dict[str, VersionRecord], list[Commit]]:
        groups = self._file_groups()
        end = ends() if len(kept) + len(groups) == 1 else None
        of_value = {
            item.name: self._commit_one(
                spelled_name(item.name), types[item.name], item.contents, end
            )
            for item in kept
        }
        files = [
            self._commit_one(name, guess_type_of_files(contents), contents, end)
            for name, contents in groups.items()
        ]
        versions = {name: done.version for name, done in of_value.items()}
        return versions, [*of_value.values(), *files]

    def _line(
        self, done: list[Commit], kept: list[Kept], run: RunRecord, notes: list[str]
    ) -> Line | None:
        refs = [each.version.ref for each in done if each.created]
        if not refs and not notes:
            return None
        return Line(", ".join(refs) or "nothing new", [f"run {run.name}", *notes])

    def _changed_after(self, capture: Capture) -> list[str]:
        return []  # its new version follows

    def _how_to_keep(self, name: str) -> str:
        return f"%%artifact NAME --out {name} above its cell keeps it"

    def _file_groups(self) -> dict[str, list[Content]]:
        groups: dict[str, list[Content]] = {}
        for content in self._files.contents(()):
            name = spelled_name(content.path.partition("/")[0])
            groups.setdefault(name, []).append(content)
        return groups

    def _commit_one(
        self, collection: str, type: str, contents: Sequence[Content], ends: RunEnd | None
    ) -> Commit:
        known = self._repository.collection_type(self._project, collection)
        return self._repository.commit(
            self._project, collection, known or type, contents, run_id=self._run_id, ends=ends
        )

    def _known_type(self) -> str | None:
        return None

    def _find_hit(self, tree: Any) -> None:
        return None  # what one cell makes is in many artifacts

    def _saved_before(self, name: str, key: str, print_: str) -> tuple[Entry, bytes] | None:
        return find_saved(self._repository, self._project, spelled_name(name), key, print_)
