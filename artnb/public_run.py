"""PublicRun: a run as it was recorded, as `Api` gives it."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from artnb import ownjson as json
from artnb.absent import absent_name
from artnb.artifact import Artifact
from artnb.bags import plain_config, plain_summary
from artnb.card import run_html, show_html
from artnb.console import ConsoleLine, console_lines
from artnb.errors import InvalidValueError
from artnb.filters import ABSENT, value_at
from artnb.kept_files import RunFile, file_of, files_of
from artnb.link import run_address
from artnb.model import RunRecord
from artnb.refs import check_entry_path, check_new_aliases, check_tag
from artnb.repository import Repository

__all__ = ["PublicRun"]

_BETWEEN_LOOKS = 0.5
"""Seconds."""


class _Summary(dict[str, Any]):
    """What a run came to; `update` writes it, too."""

    def __init__(self, values: Mapping[str, Any], write: Callable[[], None]) -> None:
        super().__init__(values)
        self._write = write

    @property
    def _json_dict(self) -> dict[str, Any]:
        """A plain dict, by the name that W&B's documents have for it."""
        return dict(self)

    def update(self, *values: Any, **more: Any) -> None:
        """Set several values and write all of them."""
        super().update(*values, **more)
        self._write()


class PublicRun:
    """A run as it was recorded.

    What is changed of ``name``, ``notes``, ``tags`` and ``config`` is written by `update`,
    what is changed of ``summary`` by ``summary.update()`` too.
    """

    name: str
    notes: str | None
    tags: list[str]

    def __init__(self, record: RunRecord, repository: Repository) -> None:
        self._repository = repository
        self._show(record)

    def _show(self, record: RunRecord) -> None:
        self._record = record
        self.name, self.notes, self.tags = record.name, record.notes, list(record.tags)
        self._config = dict(record.config)
        self._summary = _Summary(record.summary, self.update)

    def __getattr__(self, name: str) -> Any:
        if hasattr(type(self), name):  # a property of its own failed: once more, for its error
            return object.__getattribute__(self, name)
        if name.startswith("_") or name not in RunRecord.__dataclass_fields__:
            raise absent_name("PublicRun", name)
        return getattr(self._record, name)

    @property
    def config(self) -> dict[str, Any]:
        """What the run was told."""
        return self._config

    @property
    def summary(self) -> dict[str, Any]:
        """What it came to."""
        return self._summary

    @property
    def json_config(self) -> str:
        """What the run was told, as JSON."""
        return json.dumps(self._config)

    @property
    def summary_metrics(self) -> dict[str, Any]:
        """What it came to, as a dict of its own."""
        return dict(self._summary)

    @property
    def rawconfig(self) -> dict[str, Any]:
        """What the run was told, as a dict of its own."""
        return dict(self._config)

    @property
    def code(self) -> str | None:
        """The source that it ran."""
        return self._repository.code(self._record.id)

    @property
    def display_name(self) -> str:
        """Its name, which `update` may change; in W&B ``name`` may be the id."""
        return self.name

    @property
    def commit(self) -> str | None:
        """The commit of git that it ran at."""
        return self._record.git_commit

    @property
    def created_at(self) -> str:
        """When it began, ISO 8601, UTC."""
        return datetime.fromtimestamp(self._record.created_at, UTC).isoformat()

    @property
    def url(self) -> str | None:
        """The run's page, where `artnb ui` or a JupyterLab of this machine shows it, or None."""
        return run_address(self._repository.root, self._record.project, self._record.id)

    @property
    def entity(self) -> str:
        """Empty: there are no accounts."""
        return ""

    @property
    def username(self) -> str:
        """Empty: there are no accounts."""
        return ""

    @property
    def storage_id(self) -> str:
        """Its id."""
        return self._record.id

    @property
    def sweep(self) -> None:
        """None: there are no sweeps."""

    @property
    def sweep_name(self) -> None:
        """None: there are no sweeps."""

    @property
    def system_metrics(self) -> dict[str, Any]:
        """Empty: figures of CPU, memory and GPU are not kept."""
        return {}

    @property
    def metadata(self) -> dict[str, Any]:
        """Where it ran: Python, platform, packages, host, commit."""
        record = self._record
        return {**record.environment, "host": record.host, "git": {"commit": record.git_commit}}

    @property
    def lastHistoryStep(self) -> int:
        """The highest step that was logged, -1 without any."""
        return max((row.get("_step", 0) for row in self.scan_history()), default=-1)

    @property
    def read_only(self) -> bool:
        """Whether it cannot be changed: the repository may not be written."""
        return self._repository.read_only

    @property
    def history_keys(self) -> dict[str, Any]:
        """Under ``keys`` the names that were logged, under ``lastStep`` the highest step."""
        rows = list(self.scan_history())
        names = dict.fromkeys(key for row in rows for key in row if not key.startswith("_"))
        last = max((row.get("_step", 0) for row in rows), default=-1)
        return {"lastStep": last, "keys": {name: {} for name in names}}

    def update(self) -> None:
        """Write what was changed of ``name``, ``notes``, ``tags``, ``config`` and ``summary``."""
        self._show(
            self._repository.update_run(
                self._record.id,
                name=self.name,
                notes=self.notes,
                tags=tuple(check_tag(tag) for tag in self.tags),
                config=plain_config(self._config),
                summary=plain_summary(self._summary),
            )
        )

    save = update

    def delete(
        self,
        delete_artifacts: bool = False,
        *,
        delete_aliases: bool = False,
        force: bool = False,
    ) -> None:
        """Delete the run: it is in no list any more, and `artnb gc` frees what only it has.

        That is its code, rows, pictures, files and what it showed. The versions that it used
        or logged stay; the graph draws it as deleted where such a version came from it. Its id
        is not used again.

        Parameters
        ----------
        delete_artifacts : bool
            Delete the versions that it logged, too, but for those that another run logged.
        delete_aliases : bool
            Also those that have another alias than ``latest``.
        force : bool
            Though it is running.

        Raises
        ------
        UsageError
            It is running, or a version has an alias. Nothing was deleted.

        Examples
        --------
        >>> for run in artnb.Api().runs("demo", {"state": "failed"}):  # doctest: +SKIP
        ...     run.delete()
        """
        self._repository.delete_run(
            self._record.id,
            delete_artifacts=delete_artifacts,
            delete_aliases=delete_aliases,
            force=force,
        )

    def load(self, force: bool = False) -> None:
        """Read it anew; what was changed and not written is forgotten."""
        self._show(self._repository.run(self._record.id))

    def load_full_data(self, force: bool = False) -> dict[str, Any]:
        """Read it anew and return what it was told and what it came to."""
        self.load(force)
        return {"config": self.rawconfig, "summaryMetrics": self.summary_metrics}

    def wait_until_finished(self) -> None:
        """Wait until the run has ended, also by a crash here; what it came to by then is read."""
        while True:
            self._repository.close_crashed_runs()
            self.load()
            if self._record.state != "running":
                return
            time.sleep(_BETWEEN_LOOKS)

    def use_artifact(self, artifact: Artifact, use_as: str | None = None) -> Artifact:
        """Note that the run took a version, and return it."""
        self._repository.use(self._record.id, artifact._logged("use").id)
        return artifact

    def log_artifact(self, artifact: Artifact, aliases: list[str] | None = None) -> Artifact:
        """Note that the run made a version, give it aliases, and return it."""
        version = artifact._logged("log")
        aliases = check_new_aliases(aliases)
        self._repository.link_output(self._record.id, version.id)
        artifact._show(
            self._repository.set_aliases(version.id, add=aliases, run_id=self._record.id)
        )
        return artifact

    @property
    def path(self) -> list[str]:
        """Project and id."""
        return [self._record.project, self._record.id]

    def history(
        self,
        samples: int | None = None,
        keys: list[str] | None = None,
        x_axis: str = "_step",
        pandas: bool = True,
        stream: str = "default",
    ) -> Any:
        """Return the logged rows: a DataFrame where pandas is installed, else dicts.

        Parameters
        ----------
        samples : int, optional
            At most so many, evenly spread; default: all.
        keys : list of str, optional
            Only these, and only the rows that have all of them.
        x_axis : str
            Accepted for W&B's sake: each row has its ``_step``.
        pandas : bool
            False for dicts.
        stream : str
            Only ``default``: figures of the machine are not kept.
        """
        if stream != "default":
            raise InvalidValueError(
                f"history: stream {stream!r}: artnb keeps no figures of CPU, memory and GPU. What "
                "the run logged itself is there without `stream`."
            )
        rows = list(self.scan_history(keys))
        if samples is not None and 0 < samples < len(rows):
            rows = [rows[n * len(rows) // samples] for n in range(samples)]
        if pandas:
            try:
                import pandas as pd
            except ImportError:
                return rows
            return pd.DataFrame(rows)
        return rows

    def scan_history(
        self,
        keys: list[str] | None = None,
        page_size: int | None = None,
        min_step: int | None = None,
        max_step: int | None = None,
    ) -> Iterator[Mapping[str, Any]]:
        """Yield the logged rows; with `keys`, those rows that have all of them.

        Parameters
        ----------
        keys : list of str, optional
            ``train.loss`` is what ``log({"train": {"loss": 1}})`` logs.
        page_size : int, optional
            Accepted for W&B's sake.
        min_step, max_step : int, optional
            The first step, and the one behind the last.
        """
        low, high = min_step or 0, math.inf if max_step is None else max_step
        for row in self._repository.history(self._record.id):
            if not low <= row.get("_step", 0) < high:
                continue
            if keys is None:
                yield row
                continue
            found = {key: value_at(row, key) for key in ("_step", *keys)}
            if ABSENT not in found.values():
                yield found

    def beta_scan_history(
        self,
        keys: list[str] | None = None,
        page_size: int | None = None,
        min_step: int = 0,
        max_step: int | None = None,
        use_cache: bool = True,
    ) -> Iterator[Mapping[str, Any]]:
        """Do as `scan_history`; what W&B's client would fetch, or keep, is here."""
        return self.scan_history(keys, page_size, min_step, max_step)

    def console_logs(
        self, *, per_page: int | None = None, last: int | None = None
    ) -> list[ConsoleLine]:
        """Return the lines that the run printed, as far as they are kept.

        That is what a cell printed, and what `Run.write_logs` was given; what a script prints
        goes to its terminal alone.

        Parameters
        ----------
        per_page : int, optional
            Accepted for W&B's sake.
        last : int, optional
            Only the last so many.
        """
        return console_lines(self._repository.run(self._record.id), self._repository, last)

    def files(
        self,
        names: list[str] | None = None,
        pattern: str | None = None,
        per_page: int | None = None,
    ) -> list[RunFile]:
        """Return the files that the run kept, and the pictures and the like that it logged.

        Parameters
        ----------
        names : list of str, optional
            Only these.
        pattern : str, optional
            Only what it fits, such as ``media/images/*``.
        per_page
            Accepted for W&B's sake.
        """
        return files_of(self._record, self._repository, names, pattern)

    def file(self, name: str) -> RunFile:
        """Return one of the run's files; CommError if it has none of that name."""
        return file_of(self._record, self._repository, name)

    def upload_file(
        self, path: str | os.PathLike[str], root: str | os.PathLike[str] = "."
    ) -> RunFile:
        """Keep a file with the run, which may be finished, and return it.

        Parameters
        ----------
        root : path
            Folder that its name is relative to.

        Raises
        ------
        InvalidValueError
            It is not below `root`.

        Examples
        --------
        >>> run = artnb.Api().run("mnist/1a2b3c4d")  # doctest: +SKIP
        >>> run.upload_file("plots/loss.png").name  # doctest: +SKIP
        'plots/loss.png'
        """
        name = check_entry_path(Path(os.path.relpath(path, root)).as_posix())
        with self._repository.putting(self._record.id) as put:
            digest, size = put.file(Path(path))
        kept = {name: {"sha256": digest, "size": size}}
        self._record = self._repository.add_output(self._record.id, "files", kept)
        return self.file(name)

    def logged_artifacts(self, per_page: int | None = None) -> list[Artifact]:
        """Return the versions that the run made, in order; `per_page` is for W&B's sake."""
        return [Artifact._of(v, self._repository) for v in self._repository.logged(self._record.id)]

    def used_artifacts(self, per_page: int | None = None) -> list[Artifact]:
        """Return the versions that the run took, in order; `per_page` is for W&B's sake."""
        return [Artifact._of(v, self._repository) for v in self._repository.used(self._record.id)]

    def to_html(self, height: int = 420, hidden: bool = False) -> str:
        """Return HTML that shows the run; see `Run.to_html`."""
        return run_html(self._record, self._repository, height, hidden=hidden)

    def display(self, height: int = 420, hidden: bool = False) -> bool:
        """Show `to_html` below the cell; return False where there is no notebook."""
        return show_html(self.to_html(height, hidden), repr(self))

    def _repr_html_(self) -> str:
        return self.to_html()

    def __repr__(self) -> str:
        return f"<Run {self._record.name!r} project={self._record.project!r} {self._record.state}>"
