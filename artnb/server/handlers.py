"""Answers to the browser: pages as HTML, data as JSON and bytes. All of them only read."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from jupyter_server.extension.handler import ExtensionHandlerMixin
from tornado.web import authenticated

from artnb.digest import digest_bytes
from artnb.errors import ArtnbError, CommError, UsageError, nearest
from artnb.lineage import LineageGraph, run_node, version_node
from artnb.model import Entry
from artnb.refs import ArtifactRef
from artnb.repository import Repository
from artnb.server.languages import preferred
from artnb.server.pages import index_page, message_page, project_page
from artnb.texts import LANGUAGES, Message, sent
from artnb.widgets.compare import compare, compare_file
from artnb.widgets.describe import describe, found_files
from artnb.widgets.nodes import version_of
from artnb.widgets.payload import encode_graph
from artnb.widgets.preview import entry_of, preview
from artnb.widgets.rpc import told
from artnb.widgets.widget import BUNDLE

__all__ = [
    "Blob",
    "Bundle",
    "Comparison",
    "Download",
    "Files",
    "Graph",
    "Index",
    "Node",
    "Preview",
    "ProjectPage",
    "RunPage",
    "VersionPage",
]

_AT_ONCE = 1 << 20

Get = Callable[..., Awaitable[None]]


def _guarded(get: Get) -> Get:
    """Let in whom Jupyter Server lets in; say an error of ours as 404 with its message."""

    @functools.wraps(get)
    async def answered(self: Any, *args: str) -> None:
        try:
            await get(self, *args)
        except ArtnbError as error:
            self.set_status(404)
            self.refuse(error)

    return authenticated(authorized(answered))  # type: ignore[no-any-return]


class _Reading:
    """What all handlers share."""

    auth_resource = "artnb"
    settings: Any
    _set_lang: str | None = None

    def _repository(self) -> Repository:
        repository: Repository = self.settings["artnb_repository"]()
        return repository

    async def off_loop(self, work: Callable[..., Any], *args: Any) -> Any:
        """Do what reads the disk in a thread: the loop serves the notebooks too."""

        def done() -> Any:
            repository = self._repository()
            self._set_lang = repository.settings.lang
            return work(repository, *args)

        return await asyncio.to_thread(done)


class _Page(_Reading, ExtensionHandlerMixin, JupyterHandler):  # type: ignore[misc]
    @property
    def lang(self) -> str:
        """The language of the page: as set, else as the browser asks for it."""
        if self._set_lang in LANGUAGES:
            return self._set_lang
        return preferred(self.request.headers.get_list("Accept-Language"))

    def set_default_headers(self) -> None:
        """Let no cache between hand one person's page to another who reads another language."""
        super().set_default_headers()
        self.add_header("Vary", "Accept-Language")

    def refuse(self, error: ArtnbError) -> None:
        self.finish(message_page(self.base_url, error.message, self.lang))

    async def _show(self, project: str, find: Callable[[Repository], str]) -> None:
        def found(repository: Repository) -> str:
            _known(repository, project)
            return find(repository)

        focused = await self.off_loop(found)
        self.finish(project_page(self.base_url, project, focused, self.lang))


class Index(_Page):
    """The projects."""

    @_guarded
    async def get(self) -> None:
        """Answer with the list, last worked in first."""
        self.finish(index_page(self.base_url, await self.off_loop(_projects), self.lang))


class ProjectPage(_Page):
    """A project's graph."""

    @_guarded
    async def get(self, project: str) -> None:
        """Answer with the page."""
        await self._show(project, lambda _: "")


class RunPage(_Page):
    """A project's graph with a run opened."""

    @_guarded
    async def get(self, project: str, run: str) -> None:
        """Answer with the page; the run by its id or name."""
        await self._show(project, lambda repository: _run(repository, project, run))


class VersionPage(_Page):
    """A project's graph with a version opened, which may be another project's that it used."""

    @_guarded
    async def get(self, project: str, home: str | None, name: str, alias: str) -> None:
        """Answer with the page; the version by vN or an alias."""
        ref = ArtifactRef(name, alias, home or project)
        await self._show(
            project, lambda repository: version_node(repository.resolve(str(ref), project).id)
        )


class _Data(_Reading, ExtensionHandlerMixin, APIHandler):  # type: ignore[misc]
    def refuse(self, error: ArtnbError) -> None:
        self.finish(told(error))

    def _send(self, data: bytes, kind: str, *, etag: str, forever: bool = False) -> None:
        self.set_header("ETag", f'"{etag}"')
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", f"private, {'max-age=604800' if forever else 'no-cache'}")
        if self.check_etag_header():
            self.set_status(304)
            self.finish()
            return
        self.finish(data, set_content_type=kind)

    def compute_etag(self) -> None:
        """Leave the tag to `_send`, which knows it without hashing."""


class Bundle(_Data):
    """The widget's module."""

    @_guarded
    async def get(self) -> None:
        """Answer with the JavaScript."""
        data = await asyncio.to_thread(BUNDLE.read_bytes)
        self._send(data, "text/javascript; charset=utf-8", etag=digest_bytes(data))


class Graph(_Data):
    """A project's graph, for the first picture and for news."""

    @_guarded
    async def get(self, project: str) -> None:
        """Answer with `encode_graph`'s bytes; the tag changes when a running run goes on, too."""
        data, etag = await self.off_loop(_graph, project)
        self._send(data, "application/octet-stream", etag=etag)


class Node(_Data):
    """What the panel shows of a node."""

    @_guarded
    async def get(self, project: str, node: str) -> None:
        """Answer with `describe`'s JSON."""
        self.finish(sent(await self.off_loop(describe, node, project)))


class Blob(_Data):
    """The bytes of a picture."""

    @_guarded
    async def get(self, digest: str) -> None:
        """Answer with the bytes, as bytes: never as a document that a browser would run."""
        data = await self.off_loop(Repository.read_blob, digest)
        self._send(data, "application/octet-stream", etag=digest, forever=True)


class Files(_Data):
    """Files of a version of which `describe` tells only the first."""

    @_guarded
    async def get(self, project: str, node: str) -> None:
        """Answer with `found_files`'s JSON: what ``find`` finds, from the place ``after`` on."""
        find, after = self.get_query_argument("find", ""), self.get_query_argument("after", "0")
        place = int(after) if after.isdecimal() else 0
        self.finish(await self.off_loop(found_files, node, find, place))


class Preview(_Data):
    """The beginning of a version's file."""

    @_guarded
    async def get(self, project: str, node: str) -> None:
        """Answer with `preview`'s JSON of the file that ``path`` names."""
        path = self.get_query_argument("path")
        self.finish(sent(await self.off_loop(preview, node, path)))


class Comparison(_Data):
    """What differs between two versions, or in one file of theirs."""

    @_guarded
    async def get(self, project: str, node: str) -> None:
        """Answer with `compare`'s JSON; where ``path`` names a file, with `compare_file`'s."""
        other, path = self.get_query_argument("with"), self.get_query_argument("path", None)
        asked = (compare, node, other) if path is None else (compare_file, node, other, path)
        self.finish(sent(await self.off_loop(*asked)))


class Download(_Data):
    """A whole file of a version, of any size."""

    @_guarded
    async def get(self, project: str, node: str) -> None:
        """Answer with the bytes of the file that ``path`` names, for the browser to save."""
        path = self.get_query_argument("path")
        entry = await self.off_loop(_stored, node, path)
        repository = self._repository()
        async with _off_loop(repository.local_file(entry)) as file:
            self.set_header("Content-Type", "application/octet-stream")
            self.set_header("Content-Length", str(entry.size))
            self.set_header("X-Content-Type-Options", "nosniff")
            name = quote(path.rpartition("/")[2], safe="")
            self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{name}")
            with open(file, "rb") as stream:
                while data := await asyncio.to_thread(stream.read, _AT_ONCE):
                    self.write(data)
                    await self.flush()  # no faster than the browser takes it


@asynccontextmanager
async def _off_loop(manager: AbstractContextManager[Path]) -> AsyncIterator[Path]:
    """Enter and leave a context manager that reads the disk in threads."""
    found = await asyncio.to_thread(manager.__enter__)
    try:
        yield found
    finally:
        await asyncio.to_thread(manager.__exit__, None, None, None)


def _stored(repository: Repository, node: str, path: str) -> Entry:
    version = version_of(repository, node)
    entry = entry_of(repository, version, path)
    if entry.ref is not None:
        raise UsageError(
            Message(
                "{0} of {1} is a reference: its bytes are at {2}",
                repr(path),
                version.ref,
                entry.ref,
            )
        )
    return entry


def _projects(repository: Repository) -> list[tuple[str, int, int, float]]:
    """Return (name, runs, versions, last activity) of each project, newest first."""
    found = []
    for name in repository.projects():
        runs, versions = repository.runs(name), repository.versions(name)
        times = [run.created_at for run in runs[:1]] + [each.created_at for each in versions[:1]]
        found.append((name, len(runs), len(versions), max(times, default=0.0)))
    return sorted(found, key=lambda project: -project[3])


def _known(repository: Repository, project: str) -> str:
    projects = repository.projects()
    if project not in projects:
        raise CommError(
            Message("There is no project {0}; {1}", repr(project), nearest(project, projects))
        )
    return project


def _run(repository: Repository, project: str, given: str) -> str:
    runs = repository.runs(project)
    for run in runs:
        if given in (run.id, run.name):
            return run_node(run.id)
    raise CommError(
        Message(
            "The project {0} has no run {1}; {2}",
            repr(project),
            repr(given),
            nearest(given, [run.name for run in runs]),
        )
    )


def _graph(repository: Repository, project: str) -> tuple[bytes, str]:
    graph: LineageGraph = repository.lineage(_known(repository, project))
    data = encode_graph(graph, project)
    beats = [run.heartbeat_at for run in graph.runs.values() if run.state == "running"]
    return data, digest_bytes(data + repr(beats).encode())
