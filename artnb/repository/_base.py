"""What all of a repository stands on: its parts, its events, and who waits for whom."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from artnb.catalog import open_catalog
from artnb.catalog.history import Histories
from artnb.checkout import Checkout
from artnb.errors import StoreReadOnlyError
from artnb.events import Event, Events
from artnb.ingest import Ingest, Parts
from artnb.intake import Found
from artnb.journalling import JournalWriter
from artnb.maintenance import Maintenance
from artnb.model import Location, RunRecord
from artnb.progress import Progress
from artnb.provenance import Provenance
from artnb.repository._announced import Announced, RunStart
from artnb.repository._putting import Putting
from artnb.secrets import without_secrets
from artnb.settings import Settings
from artnb.signing import Signing, read_key, read_trusted
from artnb.store import (
    Backend,
    Cache,
    ObjectStore,
    Staged,
    StagingArea,
    StatCache,
    open_backend,
    refuse_foreign,
)
from artnb.store.staged_files import StagedFiles

__all__ = ["Base"]


class Base:
    """The store, the catalogue and what works between them, opened by their settings.

    Parameters
    ----------
    settings : Settings, optional
        Default: those of the working directory.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings.resolve()
        self.root = self.settings.root
        self.folder = str(self.root)  # text: each cell looks whether it is there
        self.location = without_secrets(self.settings.store)
        durability = self.settings.durability
        self._catalog = open_catalog(
            self.settings.catalog,
            durable=durability != "none",
            patience=self.settings.lock_seconds,
        )
        self._stats = StatCache(self.root / "cache" / "files.db")
        self.staging = StagingArea(self.root / "tmp", self.settings.chunking)
        self.cache = Cache(self.root / "cache" / "objects", self.settings.cache_bytes, self._stats)
        self._store = ObjectStore(
            self.open_store(self.settings.store), self._stats, self._catalog.locate
        )
        self._ingest = Ingest(
            self._store,
            self._catalog,
            self._stats,
            self.staging,
            tail=self.root / "cache" / "journal",
        )
        self._checkout = Checkout(self._store, self._catalog, self._stats)
        self.provenance = Provenance(
            Signing(
                read_key(self.settings.sign_key) if self.settings.sign_key else None,
                read_trusted(self.settings.trusted_keys) if self.settings.trusted_keys else (),
                self.settings.signatures,
            ),
            self._checkout.read,
        )
        self.maintenance = Maintenance(
            self._store,
            self._catalog,
            self._ingest,
            self.staging,
            keep=self.settings.keep_rules,
            ttl=self.settings.ttl_seconds,
        )
        self._histories = Histories(self.root / "runs")
        self._events = Events(self.location)
        self._open_runs: dict[str, str] = {}  # of this process: id -> project, in order
        self._before: dict[str, str] = {}  # id -> the rows of an open run from before it went on
        self._announced = Announced(self._write_run)
        self._waits: list[Callable[[str | None, str | None], None]] = []
        self._journal_writer = JournalWriter(self.root, self._ingest.write_journal)
        if not self.read_only:
            refuse_foreign(self._store.backend)
            self._keep_out_of_git()
            self.staging.remove_abandoned()
            self._store.backend.tidy()

    def open_store(self, url: str) -> Backend:
        """Return the backend of a URL, with this repository's cache if it is elsewhere."""
        uploads = None if self._catalog.read_only else self.root / "cache" / "uploads"
        return open_backend(url, self.settings.durability, cache=self.cache, uploads=uploads)

    @property
    def read_only(self) -> bool:
        """Whether nothing can be recorded here."""
        return self._catalog.read_only or self._store.backend.read_only

    @property
    def parts(self) -> Parts:
        """What `artnb.exchange` copies from and to."""
        self.write_runs()
        return Parts(self._store, self._catalog, self._ingest, self.staging)

    def before_use(self, wait: Callable[[str | None, str | None], None]) -> Callable[[], None]:
        """Call `wait` with a project and an artifact's name before that is used; return the undo.

        For who commits in the background: it returns when what is to be found there is
        there. Both are None where everything is meant.
        """
        self._waits.append(wait)

        def undo() -> None:
            with suppress(ValueError):
                self._waits.remove(wait)

        return undo

    def settle(self, project: str | None = None, name: str | None = None) -> None:
        """Wait for the commits under way in the background: of one artifact, or all."""
        for wait in list(self._waits):
            wait(project, name)

    def write_runs(self) -> None:
        """Write the runs that are only announced yet, as far as that can be done."""
        if self._announced:
            self._announced.write_all()

    @property
    def run_trouble(self) -> Exception | None:
        """Why the last run that was announced could not be written when it was to be."""
        return self._announced.trouble

    def close(self) -> None:
        """Write what waits, and close the files."""
        self.settle()
        self._announced.close()
        self._histories.flush()
        if not self.read_only:
            self._journal_writer.close()
        self.staging.close()
        self._stats.close()
        self._catalog.close()

    # events ----------------------------------------------------------------------------

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Call `callback` with each `Event`, in the thread that made it; return the undo."""
        return self._events.subscribe(callback)

    def revisions(self) -> AbstractContextManager[Callable[[], object]]:
        """Yield what returns a value that any process's change makes another one.

        `subscribe` tells of this process's changes only; this is to be asked now and then.
        """
        return self._catalog.revisions()

    def tell_history(self, project: str, run_id: str) -> None:
        """Tell the subscribers that a run has new rows; not at each row, for rows are cheap."""
        self._events.tell(Event("history", project, run_id))

    # bytes -----------------------------------------------------------------------------

    def put_blob(self, data: bytes, run_id: str = "") -> str:
        """Keep bytes that no version holds (code, pictures of a log) and return the digest.

        Parameters
        ----------
        run_id : str
            The run that needs them, and with which they go; none: they stay for good.
        """
        with self.putting(run_id) as put:
            return put(data)

    def put_file(self, path: Path, run_id: str = "") -> str:
        """Keep a file as `put_blob` keeps bytes, and return its digest."""
        with self.putting(run_id) as put:
            return put.file(path)[0]

    @contextmanager
    def putting(self, run_id: str = "") -> Iterator[Putting]:
        """Yield what takes bytes and files as `put_blob` does; they are there after the block.

        If that fails they are not; but where there were many, some are, until the run goes.
        """
        put = Putting(self._ingest, self.staging, run_id)
        try:
            yield put
            put.write()
        finally:
            put.discard()

    def read_blob(self, digest: str) -> bytes:
        """Return a blob's bytes, proved; a damaged one is quarantined."""
        return self._checkout.read(digest)

    def stage(self, path: Path, name: str = "a file") -> Staged:
        """Return a private copy of a file, or its digest where the store has its bytes.

        Parameters
        ----------
        name : str
            The artifact's, for whoever watches the progress.
        """
        return self.stage_many([str(path)], name)[0]

    def stage_many(self, paths: Sequence[str], name: str = "files") -> StagedFiles:
        """Do as `stage`, for many files at once."""
        with self._working("Adding", name) as progress:
            return self._ingest.stage(paths, progress)

    def find(self, folder: str) -> Found:
        """Return the files below a folder, but for this repository's, as they are now.

        Parameters
        ----------
        folder : str
            With a separator at its end.
        """
        return self._ingest.find(folder, self.root)

    def stage_found(self, found: Found, name: str, copies: dict[int, Staged]) -> StagedFiles:
        """Do as `stage`, for the files of a folder.

        Parameters
        ----------
        copies : dict
            Gets the copies as they are made, by the files' places, so that a caller who is
            interrupted can discard them.
        """
        with self._working("Adding", name) as progress:
            return self._ingest.stage_found(found, progress, copies)

    # inner -----------------------------------------------------------------------------

    def _write_run(self, start: RunStart) -> RunRecord:
        """Write a run and its code, in one transaction."""
        new = start.run

        def add(places: Mapping[str, Location] | None = None) -> RunRecord:
            return self._catalog.add_run(new.record, None, new.named, places, new.uses)

        if start.code is None:
            run = add()
        else:
            run = self._ingest.put_with([self.staging.stage_bytes(start.code)], add)
        self._tell_begun(run, new.uses)
        return run

    def _ended(self, run: RunRecord) -> None:
        """Do what is left once a run's end is written."""
        self._events.tell(Event("run", run.project, run.id))
        self._histories.drop(run.id)
        self._forget_open(run.id)

    def _forget_open(self, run_id: str) -> None:
        self._open_runs.pop(run_id, None)
        self._before.pop(run_id, None)

    def _tell_begun(self, run: RunRecord, uses: Sequence[int]) -> None:
        self._events.tell(Event("run", run.project, run.id))
        for version_id in uses:
            self._events.tell(Event("used", run.project, run.id, version_id))

    def _working(
        self, doing: str, name: str, project: str | None = None, run: str | None = None
    ) -> Progress:
        """Return the progress of something long; of the newest open run, if none is given."""
        if project is None:
            run, project = next(reversed(self._open_runs.items()), (None, ""))

        def tell(done: int, total: int) -> None:
            event = Event("progress", project, run, name=name, done=done, total=total)
            self._events.tell(event)

        return Progress(f"{doing} {name}", tell=tell, quiet=self.settings.quiet)

    def _write_journal(self, *, after: float = 0.0) -> None:
        """Write down what changed, unless that was done less than `after` seconds ago."""
        if not self.read_only:
            self._journal_writer.write(after=after)

    def _settle_version(self, version_id: int) -> None:
        """Wait for commits that move the same aliases."""
        if self._waits:
            version = self._catalog.version(version_id)
            self.settle(version.project, version.name)

    def _refuse_if_read_only(self, doing: str) -> None:
        if not self.read_only:
            return
        if "://" in self.location and not self._catalog.read_only:
            raise StoreReadOnlyError(
                f"Could not {doing}: the store {self.location} can only be read. Point ARTNB_STORE "
                "at a store that you may write."
            )
        raise StoreReadOnlyError(
            f"Could not {doing}: the repository {self.root} may not be written. Change its "
            "permissions, or set ARTNB_DIR to a folder that you may write."
        )

    def _keep_out_of_git(self) -> None:
        marker = self.root / ".gitignore"
        if not marker.exists():
            self.root.mkdir(parents=True, exist_ok=True)
            marker.write_text("# Made by artnb: its data are not for git.\n*\n", "utf-8")
