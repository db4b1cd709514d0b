"""GraphView: what `artnb.graph` returns, shown live in a notebook or written to a file."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any

from artnb._api import current_repository, current_run
from artnb.errors import CommError, InvalidValueError, nearest
from artnb.lineage import LineageGraph, run_node, version_node
from artnb.repository import Repository
from artnb.widgets.static_figure import figure_html, figure_svg

__all__ = ["LEVELS", "GraphView", "graph"]

LEVELS = ("types", "instances")


def graph(
    project: str | None = None,
    *,
    level: str = "types",
    focus: str | None = None,
    height: int = 480,
) -> GraphView:
    """Return a project's lineage graph, to be shown as the last value of a cell.

    Parameters
    ----------
    project : str, optional
        Default: the open run's, the configured one, else the one last worked in.
    level : {'types', 'instances'}
        Kinds of data and work, or every version and run.
    focus : str, optional
        What to open: ``name:alias`` or a run's name or id.
    height : int
        Of the widget in the notebook, in pixels.

    Examples
    --------
    >>> artnb.graph("artifacts-example", focus="convnet:latest")       # doctest: +SKIP
    """
    if level not in LEVELS:
        raise InvalidValueError(f"level {level!r} does not exist; {nearest(level, LEVELS)}")
    repository = current_repository()
    return GraphView(repository, _project(repository, project), level, focus, height)


class GraphView:
    """A project's lineage graph.

    Shown in a notebook it is a live widget, and a picture with a table that stays when
    the notebook is saved and opened without its kernel.
    """

    def __init__(
        self, repository: Repository, project: str, level: str, focus: str | None, height: int
    ) -> None:
        self.project = project
        self.level = level
        self._repository = repository
        self._focused = _node(repository, project, focus) if focus else ""
        self._height = height

    @property
    def lineage(self) -> LineageGraph:
        """The graph as it is now."""
        return self._repository.lineage(self.project)

    def to_html(self, path: str | os.PathLike[str]) -> Path:
        """Write one interactive page that needs no kernel and no network; return its path."""
        from artnb.widgets.page import page_html

        text = page_html(
            self._repository, self.project, self.lineage, level=self.level, focused=self._focused
        )
        return _write(path, text)

    def to_svg(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture and return its path."""
        return _write(path, figure_svg(self.lineage, self.level))

    def to_networkx(self) -> Any:
        """Return the instances as a ``networkx.DiGraph``."""
        return self.lineage.to_networkx()

    def _ipython_display_(self) -> None:
        from IPython.display import HTML, display

        view_id = uuid.uuid4().hex[:12]
        display(self._widget(view_id))
        display(HTML(figure_html(self.lineage, self.project, view_id)))

    def _display_(self) -> Any:
        # marimo's protocol, which IPython does not know: what to show in this object's place.
        # No picture below it, for marimo keeps no outputs in its notebooks.
        return self._widget(uuid.uuid4().hex[:12])

    def _widget(self, view_id: str) -> Any:
        from artnb.widgets.widget import GraphWidget

        return GraphWidget(
            self._repository,
            self.project,
            level=self.level,
            focused=self._focused,
            view_id=view_id,
            height=self._height,
        )

    def __repr__(self) -> str:
        found = self.lineage
        return (
            f"<graph of {self.project!r}: {len(found.runs)} runs, {len(found.versions)} versions>"
        )


def _project(repository: Repository, given: str | None) -> str:
    projects = repository.projects()
    if given is not None:
        if given not in projects:
            raise CommError(f"There is no project {given!r}; {nearest(given, projects)}")
        return given
    if run := current_run():
        return run.project
    if repository.settings.project:
        return repository.settings.project
    if not projects:
        raise CommError(
            f"Nothing is recorded in {repository.root} yet. Run a cell with %%artifact, or "
            "artnb.init()."
        )

    def last_worked_in(name: str) -> float:
        return max((run.created_at for run in repository.runs(name)[:1]), default=0.0)

    return max(projects, key=last_worked_in)


def _node(repository: Repository, project: str, focus: str) -> str:
    for run in repository.runs(project):
        if focus in (run.name, run.id):
            return run_node(run.id)
    return version_node(repository.resolve(focus, project).id)


def _write(path: str | os.PathLike[str], text: str) -> Path:
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, "utf-8")
    return target
