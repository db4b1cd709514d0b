"""The two models behind one graph in the page.

With ipykernel 7, once a running cell has pushed on a comm, what the page sends on that
comm waits for the cell to end. So the **live** model pushes, and the **rpc** model never
speaks unasked: a click is answered while a cell runs. A host that hands the page no second
model has it ask the live one, which answers too, after the cell.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets
import traitlets

from artnb.errors import CommError, UsageError
from artnb.lineage import run_node
from artnb.repository import Repository
from artnb.widgets.describe import describe
from artnb.widgets.live import Audience, Live
from artnb.widgets.look import Look
from artnb.widgets.payload import encode_graph
from artnb.widgets.rpc import Answerer
from artnb.widgets.saving import Saving

__all__ = ["BUNDLE", "GraphRpc", "GraphWidget"]

BUNDLE = Path(__file__).parent / "static" / "widget.js"


class GraphRpc(ipywidgets.Widget):  # type: ignore[misc]
    """Answers the page's requests; never sends anything else."""

    def __init__(
        self, repository: Repository, project: str, note: Callable[[str, bool], bool]
    ) -> None:
        super().__init__()
        self._repository = repository
        self._project = project
        self._note = note
        self._answerer = Answerer(
            {
                "watch": self._watch,
                "describe": self._describe,
                "blob": self._blob,
                "graph": self._graph,
                "aliases": self._aliases,
            }
        )
        self.on_msg(self.answer)

    def answer(self, asked: ipywidgets.Widget, content: Any, buffers: Any) -> None:
        """Answer one message over the model that it came by."""
        self._answerer.answer(content, asked.send)

    def _watch(self, params: Mapping[str, Any]) -> tuple[Any, list[bytes]]:
        """Note who looks; a page that may have missed something is given the graph."""
        missed = self._note(str(params.get("page")), bool(params.get("looking")))
        return self._graph(params) if missed else ({}, [])

    def _describe(self, params: Mapping[str, Any]) -> tuple[Any, list[bytes]]:
        return describe(self._repository, str(params.get("node"))), []

    def _blob(self, params: Mapping[str, Any]) -> tuple[Any, list[bytes]]:
        data = self._repository.read_blob(str(params.get("digest")))
        return {"size": len(data)}, [data]

    def _aliases(self, params: Mapping[str, Any]) -> tuple[Any, list[bytes]]:
        """Add and take aliases of a version; answer with its description as it is then."""
        node = str(params.get("node"))
        kind, _, key = node.partition(":")
        if kind != "v" or not key.isdecimal():
            raise CommError(f"{node!r} is no version, so it has no aliases.")
        add, remove = ([str(each) for each in params.get(name) or ()] for name in ("add", "remove"))
        self._repository.set_aliases(int(key), add, remove)
        return describe(self._repository, node), []

    def _graph(self, _: Mapping[str, Any]) -> tuple[Any, list[bytes]]:
        graph = self._repository.lineage(self._project)
        return {}, [encode_graph(graph, self._project)]


class GraphWidget(anywidget.AnyWidget):  # type: ignore[misc]
    """Pushes the graph to the page; what the page asks goes through `rpc`, where it can."""

    _esm = BUNDLE if BUNDLE.is_file() else "export default {}"

    graph = traitlets.Bytes(b"").tag(sync=True)
    look = traitlets.Dict().tag(sync=True)
    view_id = traitlets.Unicode("").tag(sync=True)
    height = traitlets.Int(480).tag(sync=True)
    saving = traitlets.Dict().tag(sync=True)
    changed = traitlets.List(traitlets.Unicode()).tag(sync=True)
    rpc = traitlets.Instance(ipywidgets.Widget).tag(sync=True, **ipywidgets.widget_serialization)

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
        super().__init__(
            graph=self._encoded(),
            look=look.to_json(),
            view_id=view_id,
            height=height,
            rpc=GraphRpc(repository, project, self._note),
        )
        self.on_msg(self.rpc.answer)
        self._audience = Audience(self._start)

    def close(self) -> None:
        """Stop listening and close both models."""
        audience = getattr(self, "_audience", None)
        if audience is not None:
            audience.close()
            self.rpc.close()
        super().close()

    def _start(self) -> Callable[[], None]:
        """Begin to push; return what ends it."""
        live = Live(self._repository, self._project, self._push)
        saving = Saving(self._repository, self._project, self._tell_saving)

        def stop() -> None:
            live.close()
            saving.close()

        return stop

    def _tell_saving(self, runs: dict[str, dict[str, Any]]) -> None:
        if not self._closed_by_host():
            self.saving = runs

    def _note(self, page: str, looking: bool) -> bool:
        return self._audience.note(page, looking)

    def _push(self, runs: set[str]) -> None:
        if self._closed_by_host():
            return
        with self.hold_sync():
            self.graph = self._encoded()
            # Named with the time, so that the same run changing twice is two changes.
            self.changed = [f"{time.time()}", *(run_node(run) for run in sorted(runs))]

    def _closed_by_host(self) -> bool:
        # marimo closes the comm when the cell runs again, and tells nobody: the page would
        # report each later push as one to a model that is not there.
        closed = bool(getattr(self.comm, "_closed", False))
        if closed:
            self.close()
        return closed

    def _encoded(self) -> bytes:
        return encode_graph(self._repository.lineage(self._project), self._project)
