"""The hooks that make a cell with a header a run, and leave every other cell alone.

The header says so in three places, each where IPython lets us: the transformer
takes the line out, `pre_run_cell` notes that this cell is meant, and an AST
transformer that is there for this one cell gets the tree without parsing anew. An
AST transformer may also reject the cell, which a hook may not.
"""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from typing import Any

from IPython.core.inputtransformer2 import (
    classic_prompt,
    ipython_prompt,
    leading_empty_lines,
    leading_indent,
)

from artnb.errors import UsageError
from artnb.jupyter.automatic import OPTIONS, AutomaticRun, does_nothing
from artnb.jupyter.barrier import Barrier
from artnb.jupyter.cells import CellRun
from artnb.jupyter.header import blank_header, find_header, parse_options
from artnb.jupyter.notebook import notebook_name
from artnb.jupyter.refusal import CellNotRun, CellNotSaved, explain
from artnb.jupyter.saving import Job
from artnb.jupyter.session import Session
from artnb.jupyter.speaking import Silence
from artnb.jupyter.telling import Telling, show

__all__ = ["Hooks"]


_CLEANING = (leading_empty_lines, leading_indent, classic_prompt, ipython_prompt)
"""What leaves the first line of a cell as it is that begins with a header."""


@dataclass
class _Frame:
    """A cell that is running; cells run inside cells (`%%capture`, `%run`)."""

    info: Any
    opener: _Opener | None = None
    inner_error: BaseException | None = None


class _OfThread(threading.local):
    """A subshell runs its cells in another thread."""

    def __init__(self) -> None:
        self.frames: list[_Frame] = []


class Hooks:
    """Registered with a shell; one for each.

    Parameters
    ----------
    shell : InteractiveShell
    session : Session
    """

    def __init__(self, shell: Any, session: Session) -> None:
        self._shell = shell
        self._session = session
        self._openers: set[_Opener] = set()
        self._of_thread = _OfThread()
        self._barrier = Barrier(shell, session.saver)
        self._cleanup: list[Any] = shell.input_transformers_cleanup  # behind traits: asked once

    def register(self) -> None:
        """Add the transformer and the hooks to the shell."""
        self._cleanup.append(blank_header)
        self._shell.events.register("pre_run_cell", self.pre_run_cell)
        self._shell.events.register("post_run_cell", self.post_run_cell)

    def unregister(self) -> None:
        """Leave the shell as it was."""
        self._cleanup.remove(blank_header)
        self._shell.events.unregister("pre_run_cell", self.pre_run_cell)
        self._shell.events.unregister("post_run_cell", self.post_run_cell)
        for frame in self._of_thread.frames:  # unloaded by a cell that is a run itself
            cell = self._dismissed(frame.opener) if frame.opener else None
            if cell is not None:
                cell.close(UsageError("artnb was unloaded while the cell ran."))
        self._barrier.dismiss()

    @property
    def is_recording(self) -> bool:
        """Whether a cell that is a run is being executed, in any thread."""
        return bool(self._openers)

    def pre_run_cell(self, info: Any) -> None:
        """Note the cell, and if it has a header, wait for its tree."""
        frames = self._of_thread.frames
        # Whether a cell that is a run itself runs this one (`%%capture` does).
        is_inside = bool(frames) and any(each.opener is not None for each in frames)
        frame = _Frame(info)
        frames.append(frame)
        if is_inside:
            return
        header = None
        if "artifact" in info.raw_cell:
            header = find_header(self._lines(info.raw_cell))
        if header is not None:
            frame.opener = self._opener(header.options, info)
        elif self._session.automatic and info.store_history:
            frame.opener = self._opener(None, info)

    def post_run_cell(self, result: Any) -> None:
        """End the run of the cell, if it is one."""
        if self._session.adoptable.orphans:
            self._session.adoptable.release(self._shell.user_ns)
        frames = self._of_thread.frames
        frame = _popped(frames, result)
        if frame is None:
            return
        if not frames:
            self._barrier.dismiss_if_open()
        error = _error_of(result) or frame.inner_error
        if frame.opener is None:
            if frames and error is not None:
                frames[-1].inner_error = error
            return
        cell = self._dismissed(frame.opener)
        if cell is None:
            return
        cell.result = getattr(result, "result", None)
        try:
            # As in the cell: pandas asks for `get_ipython` when it is loaded, and else shows
            # frames as in a terminal from then on.
            with self._shell.builtin_trap:
                line = cell.close(error)
        except BaseException as ours:
            self._say_not_saved(result, error, ours)
            cell.abandon()
            return
        if cell.job is not None:
            self._save_on(cell.job, line, result)
        elif line is not None:
            show(self._shell, line)

    # -- parts

    def _opener(self, options: str | None, info: Any) -> _Opener:
        opener = _Opener(self._shell, self._session, options, info)
        self._openers.add(opener)
        return opener

    def _dismissed(self, opener: _Opener) -> CellRun | None:
        self._openers.discard(opener)
        return opener.dismiss()

    def _save_on(self, job: Job, line: Any, result: Any) -> None:
        """Let a save go on; its line tells how far it is.

        What is small is mostly saved before the prompt is missed: then the line says so at
        once, and a failure is the cell's own.
        """
        telling = Telling(self._shell, job)
        job.tell = telling.tell
        try:
            self._session.saver.start(job)
            if not telling.is_told_soon(line) and job.error is not None:
                self._say_not_saved(result, None, job.error, " '%artnb save' tries again.")
                self._session.saver.was_told(job)
        finally:
            self._barrier.put_up()

    def _lines(self, raw_cell: str) -> list[str]:
        """Return the lines as the transformer gets them: without prompts and indentation."""
        lines = raw_cell.splitlines(keepends=True)
        is_clean = raw_cell.startswith("%%artifact")
        for transform in self._cleanup:
            if transform is blank_header:
                break
            if not (is_clean and transform in _CLEANING):
                lines = transform(lines)
        return lines

    def _say_not_saved(
        self, result: Any, error: BaseException | None, ours: BaseException, advice: str = ""
    ) -> None:
        message = f"{explain(ours)} The variables are as the cell left them.{advice}"
        failure = CellNotSaved(message)
        failure.__cause__ = ours
        if error is not None or result is None:
            _show_text(f"artnb: the failed cell could not be recorded: {explain(ours)}")
            return
        # As if the cell had raised it: Run All stops, nbclient and papermill see it.
        result.error_in_exec = failure
        self._shell.last_execution_succeeded = False
        self._shell.showtraceback((CellNotSaved, failure, None))


class _Opener:
    """An AST transformer for one cell: gets its tree, begins the run, goes away.

    Without options it is a cell that is a run because all are.
    """

    def __init__(self, shell: Any, session: Session, options: str | None, info: Any) -> None:
        self._shell = shell
        self._session = session
        self._options = options
        self._info = info
        self._cell: CellRun | None = None
        self._silence: Silence | None = None
        self._seen = False
        self._transformers: list[Any] = shell.ast_transformers  # a trait: asked once
        self._transformers.append(self)

    def visit(self, tree: Any) -> Any:
        """Begin the run; `CellNotRun` keeps the cell from running."""
        if self._seen:  # a tree inside the cell: `%time` has one transformed too
            return tree
        self._seen = True
        try:
            cell = self._new_cell(tree)
            made = tree if cell is None else cell.open(tree)
            self._cell = cell
        except Exception as error:
            raise CellNotRun(explain(error)) from error
        # Where a transformer stands, IPython gives each node of the tree its place once more.
        # It walks the list meanwhile: only without the last one it skips none.
        if made is tree and self._transformers[-1:] == [self]:
            self._transformers.pop()
        return made

    def dismiss(self) -> CellRun | None:
        """Go away, and return the run if it has begun."""
        if self in self._transformers:
            self._transformers.remove(self)
        if self._silence is not None:
            self._silence.end()
        return self._cell

    def _new_cell(self, tree: Any) -> CellRun | None:
        if self._options is None and does_nothing(tree):
            return None
        options = OPTIONS if self._options is None else parse_options(self._options)
        repository = self._session.repository
        if repository.settings.mode == "disabled":
            self._silence = Silence(self._session.project_in(repository), repository.settings)
            return None
        kind = AutomaticRun if self._options is None else CellRun
        return kind(
            self._session,
            repository,
            self._shell,
            options,
            self._info.raw_cell,
            notebook=notebook_name(self._shell.user_ns),
            cell_id=_cell_id(self._shell, self._info),
        )


def _popped(frames: list[_Frame], result: Any) -> _Frame | None:
    # An empty cell ends without having begun; an interrupted one may end with no
    # result, or with one that IPython made anew.
    if not frames:
        return None
    if result is not None and not (result.info.raw_cell or "").strip():
        return None
    return frames.pop()


def _error_of(result: Any) -> BaseException | None:
    if result is None:  # cancelled by an interrupt
        return KeyboardInterrupt()
    error: BaseException | None = result.error_before_exec or result.error_in_exec
    return error


def _cell_id(shell: Any, info: Any) -> str | None:
    found = getattr(info, "cell_id", None)
    if not found and hasattr(shell, "get_parent"):
        parent = shell.get_parent() or {}
        found = parent.get("metadata", {}).get("cellId")
    return str(found) if found else None


def _show_text(text: str) -> None:
    sys.stderr.write(text + "\n")
