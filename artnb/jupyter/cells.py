"""One artifact cell as a run: begun before its first statement, ended after its last."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from artnb.capture import Capture, Recorder, size_of
from artnb.display import Line, size_text
from artnb.failure import describe_error
from artnb.jupyter.account import Account
from artnb.jupyter.choosing import best_type, choose, guess_type
from artnb.jupyter.code import source_of
from artnb.jupyter.ending import Ending
from artnb.jupyter.files import CellFiles, guess_type_of_files
from artnb.jupyter.header import Options, read_metadata
from artnb.jupyter.known import find_saved, kept_content
from artnb.jupyter.notes import (
    changed_after,
    changed_since,
    moved_on,
    notes_on_files,
    notes_on_left_out,
    notes_on_others,
    over_budget,
    saved_line,
)
from artnb.jupyter.saving import MOST_COPIED, Job
from artnb.jupyter.session import Held, Session
from artnb.jupyter.shown import Shown
from artnb.jupyter.speaking import Speech
from artnb.jupyter.taking import Kept, Taking
from artnb.jupyter.when import When
from artnb.model import Entry, RunRecord, VersionRecord
from artnb.repository import Commit, Repository, RunEnd

if TYPE_CHECKING:
    from artnb.jupyter.skipping import CellCache, Hit

__all__ = ["CellRun"]


class CellRun:
    """The run of one cell.

    Parameters
    ----------
    session : Session
        Told what was saved.
    repository : Repository
        Where it is kept.
    shell : InteractiveShell
        Whose namespace is watched and whose displays are kept.
    options : Options
        What the cell's first line asks for.
    source : str
        The cell as it was written.
    notebook, cell_id : str or None
        Where it stands.

    Attributes
    ----------
    job : Job or None
        What `close` left to be saved in the background; it is not yet started.
    """

    def __init__(
        self,
        session: Session,
        repository: Repository,
        shell: Any,
        options: Options,
        source: str,
        *,
        notebook: str | None = None,
        cell_id: str | None = None,
    ) -> None:
        self._session = session
        self._shell = shell
        self._namespace: dict[str, Any] = shell.user_ns  # a property of traits: asked once
        self._options = options
        self._notebook = notebook
        self._cell_id = cell_id
        self._repository = repository
        self._project = options.project or session.project_in(repository)
        self._shown = Shown(shell)
        self._run_id = self._run_name = ""
        self._speech: Speech | None = None
        self._cache: CellCache | None = None
        self._hit: Hit | None = None
        self.result: Any = None
        self._files = CellFiles(session, repository, self._project, watched=options.files)
        self._account = Account(repository, source, self._shown, self._files)
        self._budget = repository.settings.hash_budget_bytes
        self._when = When(repository, session.saver, shell, by_page=cell_id is not None)
        self._recorder = Recorder(
            self._namespace,
            roster=session.roster(shell),
            expand=shell.transform_cell,
            budget=self._budget,
            saved=lambda name: session.saved_mark(name, self._namespace.get(name)),
        )
        self.job: Job | None = None
        self._notes: list[str] = []

    @property
    def is_open(self) -> bool:
        """Whether the run has begun."""
        return bool(self._run_id)

    def open(self, tree: Any) -> Any:
        """Begin the run, and return what is to run. What raises here keeps the cell from running.

        Raises
        ------
        TypeMismatchError
            The name is used for artifacts of another type.
        StoreError, CatalogError
            Nothing could be recorded.
        """
        saver = self._session.saver
        saver.settle(self._repository, self._project, self._options.name)
        self._type = self._known_type()
        self._recorder.open(tree)
        inputs = self._recorder.inputs
        if saver.is_busy:
            saver.settle_values(inputs, [read.fingerprint for read in inputs.values()])
        used = self._account.used = self._session.versions_read(
            inputs, self._namespace, self._repository, self._project
        )
        doubtful = (inputs.keys() & self._session.held.keys()) - used.keys()
        if doubtful:
            doubted = {name: inputs[name] for name in doubtful}
            self._notes = changed_since(doubted, self._session.held, self._namespace)
        self._hit = self._find_hit(tree)
        self._run_id, self._run_name = self._begin(
            job_type=self._options.job_type or self._options.name,
            config=self._account.config(inputs),
            code=source_of(self._account.source, self._recorder.code),
            notebook=self._notebook,
            cell_id=self._cell_id,
            uses=sorted({version.id for version in used.values()}),
        )
        self._account.run_id = self._run_id
        self._speech = Speech(self._repository, self._run_id, joined=self._joined)
        self._ending = Ending(
            self._repository, self._run_id, self._account, self._files, self._speech, self._cache
        )
        try:
            self._shown.start()
            if self._hit is not None:
                return self._hit.tree
            self._files.start()
            if self._cache is not None:
                self._cache.start()
            self._speech.begin()
        except BaseException as error:
            self.abandon()
            self._repository.finish_run(
                self._run_id, "failed", more_follow=True, outputs={"error": describe_error(error)}
            )
            raise
        return tree

    def close(self, error: BaseException | None) -> Line | None:
        """End the run: save what the cell made, or record why it failed.

        Returns what is to be shown below the cell, if anything.

        Raises
        ------
        ArtnbError, OSError
            The values could not be saved. The run is recorded as failed, the variables
            are as the cell left them.
        """
        self.abandon()
        error = error or self._shown.swallowed
        if self._hit is not None and error is None:
            return self._finish_hit(self._hit)
        if error is None:
            try:
                # Before the commit: the cell's own version is none of them.
                self._find_files()
                return self._finish()
            except BaseException as ours:
                self._fail(ours)
                raise
        self._find_files()
        return self._fail(error)

    def abandon(self) -> None:
        """Undo the watching, whatever happened."""
        if self._speech is not None:
            self._speech.end()
        if self._cache is not None:
            self._cache.stop()
        self._shown.stop()
        self._files.stop(self._recorder.values())

    # -- the beginning, and the two ends

    def _begin(self, **fields: Any) -> tuple[str, str]:
        """Begin the run, and return its id and its name, if it has one yet."""
        if self._when.begins_later:
            return self._repository.announce_run(self._project, **fields), ""
        run = self._repository.start_run(self._project, **fields)
        return run.id, run.name

    def _find_files(self) -> None:
        if self._files.reads:
            self._session.saver.settle_files()
            self._files.find_versions()

    def _finish(self) -> Line | None:
        """Save what the cell made, or take it as it is now, to be saved in the background."""
        capture = self._recorder.close()
        self._account.keep_out(capture)
        values, left_out = choose(capture, self._options.out, self._namespace, self._budget)
        if self._cache is not None:
            with self._account.putting() as put:
                self._cache.take(capture, values, self._shown.events, self.result, put)
        self._settings = self._version_settings()
        notes = self._notes
        if capture.changed:
            notes += self._changed_after(capture)
        if capture.consumed:
            notes += [moved_on(capture.consumed)]
        if left_out or self._options.out or capture.over_budget:
            notes += self._left_out_notes(capture, left_out)
        size = sum(map(size_of, values.values())) + self._files.stage()
        if self._files.left_out:
            left_out |= self._files.left_out
            notes += notes_on_files(self._files.left_out)
        if self._files.others:
            notes += notes_on_others(self._files.others, self._session.others)
        later = self._when.saves_later(size)
        taking = Taking(
            values,
            self._repository.staging,
            self._saved_before,
            later=later,
            room=MOST_COPIED - self._session.saver.copied,
            namespace=self._namespace,
            captured=partial(self._session.captured, self._namespace),
            kept=lambda name, value: kept_content(
                self._repository, self._session.held.get(name), value
            ),
            apart=self._apart,
        )
        about = partial(self._account.outputs, capture.without_values(), left_out)
        job = self._job(taking, values, size, about, notes)
        if later:
            self.job = job
            self._session.expect(values, job)
            facts = [f"saving {size_text(size)} in the background"]
            facts += [f"run {self._run_name}"] if self._run_name else []
            return Line(job.title, [*facts, *notes, *self._ending.notes])
        try:
            job.write()
            line: Line | None = job.commit()
            return line
        finally:
            job.discard()

    def _job(
        self,
        taking: Taking,
        values: Mapping[str, Any],
        size: int,
        about: Callable[[], dict[str, Any]],
        notes: list[str],
    ) -> Job:
        """Return what is left to do, without the values themselves where they were copied."""
        types = dict(zip(values, map(guess_type, values.values()), strict=True))
        ending, ended = self._ending, time.time()

        def commit() -> Line | None:
            kept = ending.kept = taking.write()
            made = {item.name: item.content.path for item in kept}
            of_value, done = self._commit(
                kept, types, lambda: ending.with_version(about(), made, ended)
            )
            for item in kept:
                path, mark = item.content.path, item.content.fingerprint
                held = Held(of_value[item.name], path, mark, item.holder)
                self._session.hold(item.name, held, self.job)
            run = done[-1].run if done else None
            if run is None or run.state == "running":
                versions = [each.version for each in done]
                run = ending.write("finished", about(), made, versions=versions, at=ended)
            return self._line(done, kept, run, [*notes, *ending.notes])

        def fail(error: BaseException) -> None:
            ending.write("failed", about(), {}, error=self._shown.error(error), at=ended)

        return Job(
            title=self._title(values),
            repository=self._repository,
            project=self._project,
            collections=self._collections(values),
            names=frozenset(values),
            marks=taking.marks,
            files=self._files.writes,
            size=size,
            copied=taking.copied,
            held=taking.holds_originals,
            write=taking.write,
            commit=commit,
            fail=fail,
            discard=taking.discard,
        )

    def _finish_hit(self, hit: Hit) -> Line:
        """End the run of a cell that was skipped: it made the same version from the same."""
        from artnb.jupyter.skipping import finish_hit

        outputs = {
            **self._account.shown(),
            **self._account.read(self._recorder.inputs, self._recorder.library),
        }
        return finish_hit(
            hit,
            self._session,
            self._repository,
            self._run_id,
            aliases=self._options.aliases,
            namespace=self._namespace,
            outputs=outputs,
        )

    def _find_hit(self, tree: Any) -> Hit | None:
        asked = self._options.cache
        if asked is None:
            asked = self._repository.settings.cache and self._options.files
        if not asked:
            return None
        from artnb.jupyter.skipping import CellCache

        self._shown.replays = True
        self._cache = CellCache(
            self._repository,
            self._project,
            self._options.name,
            self._shell,
            options=self._options.out,
            trust=self._options.trust,
        )
        return self._cache.find(tree, self._recorder)

    def _fail(self, error: BaseException) -> Line | None:
        capture = self._recorder.close(failed=True)
        self._account.keep_out(capture)
        about = self._account.outputs(capture, {})
        run = self._ending.write("failed", about, {}, error=self._shown.error(error))
        return Line(self._options.name, ["failed, no version was written", f"run {run.name}"])

    # -- what automatic runs do otherwise

    _joined = True
    """Whether ``artnb.init()`` in the cell is about the cell's run."""

    _apart = False
    """Whether each value goes into a version of its own."""

    def _title(self, values: Mapping[str, Any]) -> str:
        return self._options.name

    def _collections(self, values: Iterable[str]) -> frozenset[str]:
        return frozenset((self._options.name,))

    def _version_settings(self) -> dict[str, Any]:
        """Return what the first line says of the version."""
        options, metadata = self._options, self._options.metadata
        return {
            "aliases": options.aliases,
            "tags": options.tags,
            "description": options.description,
            "metadata": None if metadata is None else read_metadata(metadata, self._namespace),
        }

    def _commit(
        self, kept: list[Kept], types: Mapping[str, str], ends: Callable[[], RunEnd | None]
    ) -> tuple[dict[str, VersionRecord], list[Commit]]:
        """Commit the values and the files; return the version of each value, and all of them.

        Parameters
        ----------
        ends : callable
            Returns how the run ends, once the entries are known; for who commits one version.
        """
        values = [content for item in kept for content in item.contents]
        files = self._files.contents(content.path for content in values)
        if not kept and not files:
            return {}, []
        found = best_type(types.values()) if kept else guess_type_of_files(files)
        done = self._repository.commit(
            self._project,
            self._options.name,
            self._type or found,
            [*values, *files],
            run_id=self._run_id,
            ends=ends(),
            **self._settings,
        )
        self._session.note_type(self._repository, done.version)
        return {item.name: done.version for item in kept}, [done]

    def _line(
        self, done: list[Commit], kept: list[Kept], run: RunRecord, notes: list[str]
    ) -> Line | None:
        if not done:
            return Line(self._options.name, ["no values to keep", f"run {run.name}", *notes])
        inputs = [*self._account.used.values(), *self._files.used.values()]
        return saved_line(done[0], kept, run, notes, inputs)

    # -- parts

    def _changed_after(self, capture: Capture) -> list[str]:
        return changed_after(capture.changed, self._session.held, self._options.name)

    def _left_out_notes(self, capture: Capture, left_out: Mapping[str, str]) -> list[str]:
        """Return what is said of values that are not kept, and remember which are too large."""
        named = self._options.out
        large = over_budget(left_out, capture.over_budget, named, self._budget)
        self._session.over_budget |= large
        for name in named:
            self._session.over_budget.pop(name, None)
        return notes_on_left_out(large, left_out, self._how_to_keep)

    def _how_to_keep(self, name: str) -> str:
        if (version := self._account.used.get(name)) is not None:
            return f"it is taken for that of {version.ref}, and not compared"
        return f"--out {name} keeps it"

    def _saved_before(self, name: str, key: str, print_: str) -> tuple[Entry, bytes] | None:
        """Return the entry and the bytes in which this artifact holds the value already."""
        return find_saved(self._repository, self._project, self._options.name, key, print_)

    def _known_type(self) -> str | None:
        """Return the type that is given or that the collection has; they must agree."""
        name, wanted = self._options.name, self._options.type
        return self._session.type_for(self._repository, self._project, name, wanted)
