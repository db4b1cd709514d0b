"""The three models behind one graph in the page.

With ipykernel 7, once a running cell has pushed on a comm, what the page sends on that
comm waits for the cell to end. So the **live** model pushes, and the **rpc** model never
speaks unasked: a click is answered while a cell runs. Neither is anywidget's, whose page lets
a model hear nothing more for ever if its module took over 2 s to load: the **widget** itself
is told nothing once it is shown. A host that hands the page no other model has it ask the
widget, which then does all of it, after the cell; in marimo, which never does, from the start.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import anywidget
import ipywidgets
import traitlets

from artnb.errors import UsageError
from artnb.lineage import run_node
from artnb.repository import Repository
from artnb.widgets.compare import compare, compare_file
from artnb.widgets.delta import Telling
from artnb.widgets.describe import describe, found_files
from artnb.widgets.edits import edit_aliases, edit_tags, edit_text
from artnb.widgets.host import host_of
from artnb.widgets.live import Audience, Live
from artnb.widgets.look import Look
from artnb.widgets.notebook import load
from artnb.widgets.payload import Contents, contents_of
from artnb.widgets.preview import preview, whole_file
from artnb.widgets.rpc import Answerer, Handler
from artnb.widgets.saving import Saving
from artnb.widgets.watch import Watch

__all__ = ["BUNDLE", "GraphRpc", "GraphWidget"]

BUNDLE = Path(__file__).parent / "static" / "widget.js"
LICENCES = BUNDLE.with_name("LICENSES.txt")
"""Of what the bundle carries of others: where it goes, they go."""


class GraphRpc(ipywidgets.Widget):  # type: ignore[misc]
    """Answers the page's requests; never sends anything else."""

    def __init__(
        self,
        repository: Repository,
        project: str,
        note: Callable[[str, bool], None],
        told: Callable[[], list[bytes]],
    ) -> None:
        super().__init__()
        self._repository = repository
        self._project = project
        self._note = note
        self._told = told
        self._answerer = Answerer(
            {
                "watch": self._watch,
                "describe": self._describe,
                "blob": self._blob,
                "graph": self._graph,
                "files": self._files,
                "preview": self._preview,
                "file": self._file,
                "load": lambda params: (load(repository, params), []),
                "compare": self._compare,
                "compare_file": self._compare_file,
                "aliases": self._editing(edit_aliases),
                "tags": self._editing(edit_tags),
                "text": self._editing(edit_text),
            }
        )
        self.on_msg(self.answer)

    def answer(self, asked: ipywidgets.Widget, content: Any, buffers: Any) -> None:
        """Answer one message over the model that it came by."""
        self._answerer.answer(content, asked.send)

    def _watch(self, params: Mapping[str, Any]) -> tuple[Any, list[bytes]]:
        self._note(str(params.get("page")), bool(params.get("looking")))
        return {}, []

    def _describe(self, params: Mapping[str, Any]) -> tuple[Any, list[bytes]]:
        return describe(self._repository, str(params.get("node")), self._project), []

    def _blob(self, params: Mapping[str, Any]) -> tuple[Any, list[bytes]]:
        data = self._repository.read_blob(str(params.get("digest")))
        return {"size": len(data)}, [data]

    def _files(self, params: Mapping[str, Any]) -> tuple[Any, list[bytes]]:
        asked = str(params.get("node")), str(params.get("find")), int(params.get("after") or 0)
        return found_files(self._repository, *asked), []

    def _preview(self, params: Mapping[str, Any]) -> tuple[Any, list[bytes]]:
        return preview(self._repository, params.get("node"), params.get("path")), []

    def _file(self, params: Mapping[str, Any]) -> tuple[Any, list[bytes]]:
        data = whole_file(self._repository, params.get("node"), params.get("path"))
        return {"size": len(data)}, [data]

    def _compare(self, params: Mapping[str, Any]) -> tuple[Any, list[bytes]]:
        return compare(self._repository, params.get("node"), params.get("other")), []

    def _compare_file(self, params: Mapping[str, Any]) -> tuple[Any, list[bytes]]:
        nodes = params.get("node"), params.get("other")
        return compare_file(self._repository, *nodes, params.get("path")), []

    def _editing(self, edit: Callable[[Repository, Mapping[str, Any]], None]) -> Handler:
        """Return the handler that edits a node and answers with its description since."""

        def edited(params: Mapping[str, Any]) -> tuple[Any, list[bytes]]:
            edit(self._repository, params)
            return self._describe(params)

        return edited

    def _graph(self, _: Mapping[str, Any]) -> tuple[Any, list[bytes]]:
        return {}, self._told()


class Pushed(traitlets.HasTraits):  # type: ignore[misc]
    """What a page is told of unasked.

    `graph` and `news` together are the graph: see `Telling`. A page that has no `graph` that
    the news are of, because it was lost on the way, asks for it.
    """

    graph = traitlets.Bytes(b"").tag(sync=True)
    news = traitlets.Bytes(b"").tag(sync=True)
    saving = traitlets.Dict().tag(sync=True)
    changed = traitlets.List(traitlets.Unicode()).tag(sync=True)


class GraphLive(Pushed, ipywidgets.Widget):  # type: ignore[misc]
    """Pushes to the page; answers nothing."""


class _Read(NamedTuple):
    """The graph as it was read.

    Attributes
    ----------
    details : int
        Differs where that does which the page asks for with a click.
    elsewhere : frozenset of str
        The other projects that have something in it.
    """

    number: int
    contents: Contents
    details: int
    elsewhere: frozenset[str]


class GraphWidget(Pushed, anywidget.AnyWidget):  # type: ignore[misc]
    """Shows the graph that `live` pushes; what the page asks goes through `rpc`, where it can."""

    _esm = BUNDLE if BUNDLE.is_file() else "export default {}"

    look = traitlets.Dict().tag(sync=True)
    view_id = traitlets.Unicode("").tag(sync=True)
    height = traitlets.Int(480).tag(sync=True)
    rpc = traitlets.Instance(ipywidgets.Widget).tag(sync=True, **ipywidgets.widget_serialization)
    live = traitlets.Instance(ipywidgets.Widget, allow_none=True).tag(
        sync=True, **ipywidgets.widget_serialization
    )

    def __init__(
        self,
        repository: Repository,
        project: str,
        look: Look,
        view_id: str,
        height: int,
    ) -> None:
        if not BUNDLE.is_file():
            raise UsageError(
                f"The widget's bundle {BUNDLE} is not built. In a checkout run `make js`; else "
                "install artnb again."
            )
        self._repository = repository
        self._project = project
        self._showing = threading.RLock()
        self._reads = itertools.count(1)
        in_marimo = host_of(None) == "marimo"
        self._kernel = threading.current_thread() if in_marimo else threading.main_thread()
        self._watch: Watch | None = None
        self._last = self._read()
        self._telling = Telling(self._last.contents, project)
        own = {"graph": self._telling.whole}
        live = None if in_marimo else GraphLive(**own)
        super().__init__(
            look=look.to_json(),
            view_id=view_id,
            height=height,
            rpc=GraphRpc(repository, project, self._note, self._told),
            live=live,
            **({} if live else own),
        )
        self._pushed: Pushed = live or self
        self.on_msg(self._answer)
        self._audience = Audience(self._start)

    def __repr__(self) -> str:
        return f"<graph of {self._project!r}>"

    def close(self) -> None:
        """Stop listening and close all models."""
        audience = getattr(self, "_audience", None)
        if audience is not None:
            audience.close()
            self._follow_others()
            self.rpc.close()
            if self.live is not None:
                self.live.close()
        super().close()

    def _answer(self, asked: ipywidgets.Widget, content: Any, buffers: Any) -> None:
        # Who asks here was given no other model, and hears only what this one is told.
        self._pushed = self
        self.rpc.answer(asked, content, buffers)

    def _start(self) -> Callable[[], None]:
        """Begin to push; return what ends it."""
        live = Live(self._repository, self._project, self._push, lambda: self._last.elsewhere)
        saving = Saving(self._repository, self._project, self._tell_saving)

        def stop() -> None:
            live.close()
            saving.close()

        return stop

    def _tell_saving(self, runs: dict[str, dict[str, Any]]) -> None:
        # What another thread sets while one holds the traits back may never be sent.
        with self._showing:
            if not self._closed_by_host():
                self._pushed.saving = runs

    def _note(self, page: str, looking: bool) -> None:
        if self._audience.note(page, looking):  # it missed something
            self._push(set())
        self._follow_others()

    def _follow_others(self) -> None:
        """Look for what other processes record, but only while a page looks."""
        with self._showing:
            looking = self._audience.looking
            if looking and self._watch is None:
                self._watch = Watch(self._repository, self._look, self._closed_by_host)
            elif not looking and self._watch is not None:
                self._watch.close()
                self._watch = None

    def _push(self, runs: set[str]) -> None:
        if not self._closed_by_host():
            self._show(self._read(), runs)

    def _look(self) -> None:
        """Push what another process recorded; nothing, where all is shown already."""
        read = self._read()
        with self._showing:
            old = read.number < self._last.number or read[1:] == self._last[1:]
            if self._watch is None or old or self._closed_by_host():
                return
            self._show(read, set())

    def _show(self, read: _Read, runs: set[str]) -> None:
        with self._showing:
            # Another thread may have begun to read later, and been quicker.
            if read.number > self._last.number:
                self._last = read
                self._telling.advance(read.contents)
            pushed = self._pushed
            with pushed.hold_sync():
                pushed.graph, pushed.news = self._telling.whole, self._telling.news
                # Named with the time, so that the same run changing twice is two changes.
                pushed.changed = [f"{time.time()}", *(run_node(run) for run in sorted(runs))]

    def _told(self) -> list[bytes]:
        """Return all that pages were told of the graph, for one that may have missed some."""
        with self._showing:
            return [self._telling.whole, self._telling.news]

    def _read(self) -> _Read:
        number = next(self._reads)
        graph = self._repository.lineage(self._project)
        beats = tuple(run.heartbeat_at for run in graph.runs.values())
        texts = tuple(f"{v.description!r} {v.metadata!r}" for v in graph.versions.values())
        elsewhere = frozenset(v.project for v in graph.versions.values()) - {self._project}
        return _Read(number, contents_of(graph), hash((beats, texts)), elsewhere)

    def _closed_by_host(self) -> bool:
        # marimo closes the comm when the cell runs again, and tells nobody: the page would
        # report each later push as one to a model that is not there. An app's kernel is a
        # thread, which ends with its page's session while the process goes on.
        ended = not self._kernel.is_alive()
        closed = bool(getattr(self.comm, "_closed", False)) or ended
        # Where the whole process ends, pages keep what they have: closing would take it away.
        if closed and not (ended and self._kernel is threading.main_thread()):
            self.close()
        return closed
