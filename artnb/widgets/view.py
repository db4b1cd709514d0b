"""GraphView: what `artnb.graph` returns, shown live in a notebook or written to a file."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from artnb._api import current_run
from artnb.errors import CommError, InvalidValueError, nearest
from artnb.lineage import LEVELS, LineageGraph, run_node, version_node
from artnb.repository import Repository, reading_repository
from artnb.texts import LANGUAGES
from artnb.widgets.cells import keep_with_cell
from artnb.widgets.diagrams import dot, mermaid
from artnb.widgets.host import host_of, prepare
from artnb.widgets.look import MOST_STEPS, Look, checked_language
from artnb.widgets.picture import DIRECTIONS, runs, versions
from artnb.widgets.span import Moment, checked_span
from artnb.widgets.static_figure import figure_html, figure_svg

__all__ = ["GraphView", "graph", "view_of"]

HEIGHT = 480
"""Of a widget in pixels, where nothing else is asked for."""

FILLING = 0
"""The height of a widget that takes what its place has."""


def graph(
    project: str | None = None,
    *,
    level: str = "types",
    direction: str | None = None,
    focus: str | None = None,
    depth: int | None = None,
    types: Sequence[str] | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    height: int = HEIGHT,
    lang: str | None = None,
) -> GraphView:
    """Return a project's lineage graph, to be shown as the last value of a cell.

    Parameters
    ----------
    project : str, optional
        Default: the open run's, the configured one, else the one last worked in.
    level : {'types', 'names', 'instances'}
        Kinds of data and work; artifacts by name (5 or more alike as one); or every
        version and run.
    direction : {'right', 'down'}, optional
        Where arrows go. Default: what was chosen last in the browser, at first right; down in
        the narrow window of a phone.
    focus : str, optional
        What to open: ``name:alias`` or a run's name or id.
    depth : int, optional
        Show only what is at most so many steps before or after the focus.
    types : sequence of str, optional
        Show only these artifact types and job types, with the runs and versions beside.
    since, until : datetime, date, str or timedelta, optional
        Show only runs that began and versions that were made between these: a time (local
        unless it has a zone; ISO text too), a day, counted as a whole, or how long ago.
    height : int
        Of the widget in the notebook, in pixels.
    lang : {'en', 'ko'}, optional
        The language of the graph's own texts. Default: the setting ``lang``, else the
        browser's; of pictures, which no browser words, English.

    Examples
    --------
    >>> artnb.graph("artifacts-example", focus="convnet:latest", depth=2)  # doctest: +SKIP
    """
    run = current_run()
    repository = run._repository if run else reading_repository()
    return view_of(
        repository,
        _project(repository, project),
        level=level,
        direction=direction,
        focus=focus,
        depth=depth,
        types=types,
        since=since,
        until=until,
        height=height,
        lang=lang,
    )


def view_of(
    repository: Repository,
    project: str,
    *,
    level: str = "types",
    direction: str | None = None,
    focus: str | None = None,
    depth: int | None = None,
    types: Sequence[str] | None = None,
    since: Moment | None = None,
    until: Moment | None = None,
    height: int = HEIGHT,
    lang: str | None = None,
) -> GraphView:
    """Return the graph of a project, which may have nothing recorded yet; else as `graph`."""
    if level not in LEVELS:
        raise InvalidValueError(f"level {level!r} does not exist; {nearest(level, LEVELS)}")
    if direction is not None and direction not in DIRECTIONS:
        said = nearest(str(direction), DIRECTIONS)
        raise InvalidValueError(f"direction {direction!r} does not exist; {said}")
    first, last = checked_span(since, until)
    focused = _node(repository, project, focus) if focus else ""
    if focus and (first, last) != (None, None):
        _timely(repository.lineage(project), focused, focus, first, last)
    looked = Look(
        level,
        focused,
        _depth(repository, project, depth, focus, focused),
        _types(repository, project, types),
        direction or "",
        checked_language(lang or repository.settings.lang),
        first,
        last,
    )
    return GraphView(repository, project, looked, height)


_ELSEWHERE = "artnb.graph().to_html('graph.html') writes it as a page; `artnb ui` serves it."


class GraphView:
    """A project's lineage graph.

    Shown in a notebook it is a live widget, and a picture with a table that stays when
    the notebook is saved and opened without its kernel.

    What is written is in the language ``lang``; by default in that of `artnb.graph`, and
    where none was given there, a page in its browser's and a picture in English.
    """

    def __init__(self, repository: Repository, project: str, look: Look, height: int) -> None:
        self.project = project
        self.level = look.level
        self.direction = look.direction or DIRECTIONS[0]
        self._look = look
        self._repository = repository
        self._height = height

    @property
    def lineage(self) -> LineageGraph:
        """The graph as it is now: all of it, or what was asked for leaves of it."""
        found = self._repository.lineage(self.project)
        look = self._look
        found = found.filtered(look.types, look.since, look.until)
        return found.around(look.focused, look.depth) if look.depth else found

    def to_html(self, path: str | os.PathLike[str], *, lang: str | None = None) -> Path:
        """Write one interactive page that needs no kernel and no network; return its path."""
        from artnb.widgets.page import page_html

        whole = self._repository.lineage(self.project)
        look = replace(self._look, lang=checked_language(lang) or self._look.lang)
        return _write(path, page_html(self._repository, self.project, whole, look))

    def to_svg(self, path: str | os.PathLike[str], *, lang: str | None = None) -> Path:
        """Write the picture and return its path."""
        return _write(path, figure_svg(*self._drawn(lang)))

    def to_png(
        self, path: str | os.PathLike[str], *, scale: float = 2.0, lang: str | None = None
    ) -> Path:
        """Write the picture as pixels, `scale` for each of the SVG's, and return its path."""
        from artnb.widgets.raster import figure_png

        graph, level, direction, spoken = self._drawn(lang)
        image = figure_png(graph, level, scale, direction, spoken)
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        image.save(target, "PNG")
        return target

    def to_mermaid(
        self, path: str | os.PathLike[str] | None = None, *, lang: str | None = None
    ) -> str:
        """Return the graph as a Mermaid flowchart, for Markdown; write it where `path` says."""
        return _text(mermaid(*self._drawn(lang)), path)

    def to_dot(self, path: str | os.PathLike[str] | None = None, *, lang: str | None = None) -> str:
        """Return the graph in Graphviz's language; write it where `path` says."""
        return _text(dot(*self._drawn(lang)), path)

    def to_networkx(self) -> Any:
        """Return the instances as a ``networkx.DiGraph``."""
        return self.lineage.to_networkx()

    def beside(self) -> None:
        """Open the graph in a panel beside the notebook: in JupyterLab, with ``sidecar``.

        Raises
        ------
        UsageError
            The notebook is open in a host that has no such panels.
        MissingExtraError
            ``sidecar`` is not installed.
        """
        from artnb.widgets.beside import show_beside

        show_beside(lambda: self._widget(uuid.uuid4().hex[:12], height=FILLING), self.project)

    def _ipython_display_(self) -> None:
        from IPython import get_ipython
        from IPython.display import display

        shell = get_ipython()
        if shell is not None and host_of(shell) == "none":
            print(f"{self!r}\nA terminal shows no graph: {_ELSEWHERE}")  # noqa: T201
            return
        prepare(shell)
        view_id = uuid.uuid4().hex[:12]
        widget = self._widget(view_id)
        keep_with_cell(shell, widget)
        # Its words would stand above the picture where a page shows no widgets.
        display(widget, exclude=["text/plain"])
        graph, level, direction, lang = self._drawn()
        figure = figure_html(graph, self.project, view_id, level, direction, lang)
        display({"text/html": figure, "text/plain": repr(self)}, raw=True)

    def _display_(self) -> Any:
        # marimo's protocol, which IPython does not know: what to show in this object's place.
        # No picture below it, for marimo keeps no outputs in its notebooks.
        return self._widget(uuid.uuid4().hex[:12])

    def _drawn(self, lang: str | None = None) -> tuple[LineageGraph, str, str, str]:
        """Return what is drawn and how, in the language of files that no browser words."""
        spoken = checked_language(lang) or self._look.lang or LANGUAGES[0]
        return self.lineage, self.level, self.direction, spoken

    def _widget(self, view_id: str, height: int | None = None) -> Any:
        from artnb.widgets.widget import GraphWidget

        tall = self._height if height is None else height
        return GraphWidget(self._repository, self.project, self._look, view_id, tall)

    def __repr__(self) -> str:
        found = self.lineage
        counts = f"{runs(len(found.runs), 'en')}, {versions(len(found.versions), 'en')}"
        return f"<graph of {self.project!r}: {counts}>"


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
    if (run := repository.find_run(project, focus)) is not None:
        return run_node(run.id)
    try:
        return version_node(repository.resolve(focus, project).id)
    except CommError as error:
        names = [run.name for run in repository.runs(project)]
        raise CommError(f"{error} Nor is {focus!r} a run; {nearest(focus, names)}") from None


def _depth(
    repository: Repository, project: str, depth: int | None, focus: str | None, node: str
) -> int:
    if depth is None:
        return 0
    if focus is None:
        raise InvalidValueError(
            f"depth={depth} says how far around a node to look; say which one with focus=."
        )
    if not 1 <= depth <= MOST_STEPS:
        raise InvalidValueError(f"depth={depth} is not from 1 to {MOST_STEPS} steps.")
    if node not in repository.lineage(project):
        raise InvalidValueError(
            f"The focus {focus!r} lies outside the graph of {project!r}, so nothing is around it "
            "there. Leave depth= out, or show that project."
        )
    return depth


def _timely(
    graph: LineageGraph, node: str, focus: str, since: float | None, until: float | None
) -> None:
    if node in graph and node not in graph.within(since, until):
        when = datetime.fromtimestamp(graph.time(node)).isoformat(" ", "seconds")
        raise InvalidValueError(
            f"The focus {focus!r} is of {when}, outside since= and until=. Widen these, or leave "
            "focus= out."
        )


def _types(repository: Repository, project: str, types: Sequence[str] | None) -> tuple[str, ...]:
    if types is None:
        return ()
    wanted = (types,) if isinstance(types, str) else tuple(types)
    known = repository.lineage(project).type_names()
    for each in wanted:
        if each not in known:
            raise InvalidValueError(
                f"No artifact type and no job type of {project!r} is called {each!r}; "
                f"{nearest(each, known)}"
            )
    return wanted


def _text(text: str, path: str | os.PathLike[str] | None) -> str:
    if path is not None:
        _write(path, text)
    return text


def _write(path: str | os.PathLike[str], text: str) -> Path:
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, "utf-8")
    return target
