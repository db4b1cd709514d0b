"""A run's handle in another process: pickled, or left there by a fork, it logs into the same run.

The process that opened a run is its **owner**: it alone finishes it. Wherever else the
handle comes, it is a `WorkerRun`. Its rows go into the catalogue at once, where the owner
finds them when it finishes the run, and puts them with its own in the order of time.
"""

from __future__ import annotations

import copyreg
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn
from weakref import WeakValueDictionary

from artnb._run import Run
from artnb.bags import Config, Summary
from artnb.catalog import catalog_path, without_password
from artnb.environment import HOST
from artnb.errors import CommError, UsageError
from artnb.model import RunRecord
from artnb.repository import open_repository
from artnb.secrets import without_secrets
from artnb.settings import Settings

__all__ = ["Place", "WorkerRun", "join_run", "reduce_run", "remember"]

_here: WeakValueDictionary[str, Run] = WeakValueDictionary()
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run's repository is, as it travels: without passwords.

    Attributes
    ----------
    host : str
        The owner's machine.
    """

    root: str
    store: str
    catalog: str
    durability: str
    host: str

    @classmethod
    def of(cls, settings: Settings) -> Place:
        """Return the place of settings."""
        store, catalog = _absolute(settings)
        return cls(
            str(settings.root.absolute()),
            without_secrets(store),
            without_password(catalog),
            settings.durability,
            HOST,
        )

    def reached(self) -> Settings:
        """Return the settings by which this process opens the place.

        What is secret is taken from this process's own settings for it: ``ARTNB_CATALOG``,
        ``ARTNB_STORE``, ``artnb.toml``.

        Raises
        ------
        CommError
            It cannot be reached from here.
        """
        for what, address in (("store", self.store), ("catalogue", self.catalog)):
            file = _file(address)
            # The folder around it: the store's own is made with the first object.
            if file is not None and not file.parent.exists():
                raise CommError(
                    f"The {what} {address} of a run that was opened on {self.host} is not here, on "
                    f"{HOST}. Put it where all machines have it: a shared folder, or ARTNB_STORE "
                    "and ARTNB_CATALOG with URLs."
                )
        root = Path(self.root)
        own = Settings.resolve(root.parent, {**os.environ, "ARTNB_DIR": self.root})
        store, catalog = _absolute(own)
        return replace(
            own,
            store=store if without_secrets(store) == self.store else self.store,
            catalog=catalog if without_password(catalog) == self.catalog else self.catalog,
            durability=self.durability,
        )


class WorkerRun(Run):
    """A run that another process opened: logs into it, and never finishes it.

    A call of `log` is a row of its own. A row has ``_worker``, the machine and process that
    logged it; where no step is given, the rows of all workers are counted through.
    """

    _given_step: int | None

    def __init__(self, record: RunRecord, place: Place) -> None:
        super().__init__(record, _Later(place))  # type: ignore[arg-type]
        self._set_up()

    def finish(self, exit_code: int | None = None) -> None:
        """Write what is still open; the run goes on until its owner finishes it."""
        with self._lock:
            self._close_row()

    def define_metric(self, *_: Any, **__: Any) -> NoReturn:
        """Refuse: the owner says how metrics are summed up."""
        self._refuse("define a metric")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.finish()

    def _note_error(self, said: Mapping[str, str]) -> None:
        """Keep nothing: how the run ends is known where it was opened."""

    def _set_up(self) -> None:
        put = self.__dict__
        put["_lock"] = threading.RLock()
        put["_process"] = os.getpid()
        put["_pending"] = {}
        put["_given_step"] = None
        put["_on_finish"] = None
        put["config"] = Config(self._record.config, lambda _: self._refuse("change the config"))
        put["summary"] = Summary({}, self._save_summary)

    def _take(self, values: Mapping[str, Any], step: int | None, commit: bool | None) -> None:
        self._pending.update(values)
        if step is not None:
            self.__dict__["_given_step"] = int(step)
        if commit is not False:
            self._close_row()

    def _close_row(self) -> None:
        if not self._pending:
            return
        row = {"_timestamp": time.time(), "_worker": f"{HOST}-{os.getpid()}", **self._pending}
        if self._given_step is not None:
            row["_step"] = self._given_step
        self._step = self._repository.add_worker_row(self.id, row) + 1
        self.__dict__["_pending"], self.__dict__["_given_step"] = {}, None  # not before it is kept

    def _save_summary(self, values: dict[str, Any]) -> None:
        self._repository.add_worker_row(self.id, {"_timestamp": time.time(), "_summary": values})

    def _refuse(self, doing: str) -> NoReturn:
        raise UsageError(
            f"Cannot {doing} of the run {self.name} in a worker: do it in the process that opened "
            "the run. Workers log rows, artifacts and the summary."
        )


class _Later:
    """A repository that is opened when it is first asked for something.

    Not before: an error while a handle is unpickled would end a worker without a word.

    Raises
    ------
    CommError
        It cannot be reached from here.
    """

    def __init__(self, place: Place, settings: Settings | None = None) -> None:
        self._place = place
        self._settings = settings

    def __getattr__(self, name: str) -> Any:
        if self._settings is None:
            self._settings = self._place.reached()
        return getattr(open_repository(self._settings), name)


def remember(run: Run) -> Run:
    """Let the handle that comes back to this process be the run itself, and return it."""
    with _lock:
        _here[run.id] = run
    return run


def join_run(place: Place, record: RunRecord) -> Run:
    """Return the handle on a run in this process."""
    with _lock:
        found = _here.get(record.id)
    if found is not None and found._process == os.getpid():
        return found
    return remember(WorkerRun(record, place))


def _file(address: str) -> Path | None:
    if address.startswith(("sqlite:", "postgres")):
        return catalog_path(address)
    return None if "://" in address else Path(address)


def _absolute(settings: Settings) -> tuple[str, str]:
    """Return the addresses of store and catalogue, from wherever they are looked at."""
    store, catalog = settings.store, settings.catalog
    if "://" not in store:
        store = str(Path(store).expanduser().absolute())
    path = catalog_path(catalog)
    if path is not None and not path.is_absolute():
        catalog = f"sqlite:///{path.absolute()}"
    return store, catalog


def reduce_run(run: Run) -> tuple[Callable[..., Any], tuple[Place, RunRecord]]:
    """Return what `copyreg` wants for a run's handle of any type: a worker's comes out of it."""
    record = run._record.with_changes(config=run.config.as_dict(), summary={}, outputs={})
    return join_run, (Place.of(run._repository.settings), record)


def _after_fork() -> None:
    """In a child, every handle that it was left is a worker's."""
    global _lock
    _lock = threading.Lock()
    for run in list(_here.values()):
        settings = run._repository.settings
        object.__setattr__(run, "__class__", WorkerRun)
        run.__dict__["_repository"] = _Later(Place.of(settings), settings)
        run._set_up()  # type: ignore[attr-defined]


copyreg.pickle(Run, reduce_run)
copyreg.pickle(WorkerRun, reduce_run)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
