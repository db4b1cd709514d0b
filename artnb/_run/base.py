"""What every part of an open run stands on: its record, its repository, and what it is."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from artnb.absent import Advising
from artnb.bags import Config, Summary
from artnb.errors import InvalidValueError, RunFinishedError, nearest
from artnb.link import run_address
from artnb.model import RunRecord, RunState
from artnb.refs import check_tag
from artnb.repository import Repository
from artnb.settings import Settings

__all__ = ["RunBase"]

_WRITABLE = ("name", "notes", "tags")


class RunBase(Advising, owner="Run"):
    """A run's record and what of it a person reads and sets."""

    config: Config
    summary: Summary
    _record: RunRecord
    _repository: Repository
    _lock: Any
    _finished: bool

    def __init__(
        self, record: RunRecord, repository: Repository, *, allow_val_change: bool = False
    ) -> None:
        put = self.__dict__  # __setattr__ is closed to what a person may misspell
        put["_record"] = record
        put["_repository"] = repository
        put["_lock"] = threading.RLock()
        put["_finished"] = False
        put["_process"] = os.getpid()
        put["config"] = Config(record.config, self._save_config, allow_val_change=allow_val_change)
        put["summary"] = Summary(record.summary, self._save_summary)

    @property
    def id(self) -> str:
        """8 characters."""
        return self._record.id

    @property
    def name(self) -> str:
        """``sunny-smoke-1``, or what the person chose."""
        return self._record.name

    @property
    def project(self) -> str:
        """The project's name."""
        return self._record.project

    @property
    def job_type(self) -> str | None:
        """The kind of work: ``train``, ``load-data``, ..."""
        return self._record.job_type

    @property
    def group(self) -> str | None:
        """What several runs are gathered under."""
        return self._record.group

    @property
    def notes(self) -> str | None:
        """Text for people."""
        return self._record.notes

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags."""
        return self._record.tags

    @property
    def state(self) -> RunState:
        """``running``, ``finished``, ``failed`` or ``crashed``."""
        return self._record.state

    @property
    def path(self) -> str:
        """``project/id``."""
        return f"{self.project}/{self.id}"

    @property
    def entity(self) -> str:
        """Empty: there are no accounts."""
        return ""

    @property
    def resumed(self) -> bool:
        """Whether the run goes on that began earlier; see `artnb.init`."""
        return bool(self._record.outputs.get("resumed"))

    @property
    def sweep_id(self) -> None:
        """None: there are no sweeps."""
        return None

    @property
    def sweep_url(self) -> None:
        """None: there are no sweeps."""
        return None

    @property
    def start_time(self) -> float:
        """When the run began, in seconds since the epoch."""
        return self._record.created_at

    @property
    def settings(self) -> Settings:
        """How the repository is set up."""
        return self._repository.settings

    @property
    def offline(self) -> bool:
        """True: there is no server."""
        return True

    @property
    def disabled(self) -> bool:
        """Whether the run keeps nothing."""
        return False

    @property
    def url(self) -> str | None:
        """The run's page, where `artnb ui` or a JupyterLab of this machine shows it, or None."""
        return run_address(self._repository.root, self.project, self.id)

    def get_url(self) -> str | None:
        """Return `url`."""
        return self.url

    @property
    def project_url(self) -> str | None:
        """The page of the run's project, or None."""
        found = self.url
        return found.rpartition("/runs/")[0] if found else None

    def get_project_url(self) -> str | None:
        """Return `project_url`."""
        return self.project_url

    @property
    def dir(self) -> str:
        """A folder for the run's own files: what lies in it is kept with it when it finishes."""
        folder = self._folder()
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder)

    @property
    def sync_dir(self) -> str:
        """The same as `dir`: there is nothing else to be sent anywhere."""
        return self.dir

    def __setattr__(self, name: str, value: Any) -> None:
        if name in _WRITABLE:
            self._require_open(f"set {name}")
            if name == "tags":
                value = (value,) if isinstance(value, str) else tuple(value)
                value = tuple(check_tag(tag) for tag in value)
            self.__dict__["_record"] = self._repository.update_run(self.id, **{name: value})
        elif name in self.__dict__ and name.startswith("_"):
            self.__dict__[name] = value
        else:
            raise InvalidValueError(
                f"A run has no attribute {name!r} that can be set; {nearest(name, _WRITABLE)} "
                f"For values of your own: run.config[{name!r}] or run.summary[{name!r}]."
            )

    def _folder(self) -> Path:
        return self._repository.root / "runs" / self.id

    def _require_open(self, doing: str) -> None:
        if self._finished:
            raise RunFinishedError(
                f"Cannot {doing}: the run {self.name} is {self.state}. Start another with "
                "artnb.init(), or do it inside the `with` block."
            )

    def _save_config(self, values: dict[str, Any]) -> None:
        self._record = self._repository.update_run(self.id, config=values)

    def _save_summary(self, values: dict[str, Any]) -> None:
        self._record = self._repository.update_run(self.id, summary=values)
