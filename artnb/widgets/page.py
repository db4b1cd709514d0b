"""One HTML file with the whole graph: interactive with no kernel, no server, no network."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any

from artnb import ownjson as json
from artnb.errors import ArtnbError, UsageError
from artnb.lineage import LineageGraph
from artnb.model import Entry
from artnb.repository import Repository
from artnb.texts import LANGUAGES, sent
from artnb.widgets.describe import describe, shown_blobs
from artnb.widgets.look import Look
from artnb.widgets.nodes import version_of
from artnb.widgets.payload import encode_graph
from artnb.widgets.preview import Shown, nothing, preview_entry
from artnb.widgets.rpc import told
from artnb.widgets.widget import BUNDLE, LICENCES

__all__ = ["inert", "page_html"]

_MOST_PICTURE_BYTES = 16 << 20
_MOST_PREVIEWS = 2_000
_MOST_PREVIEW_BYTES = 4 << 20
_MOST_LISTED_BYTES = 1 << 20
"""Of the paths of files that a version has beyond those that are described, packed."""
_SHARED_FROM = 200
"""Characters of a value that several nodes have, from which on it is written once."""
_MOST_READ_BYTES = 256 << 20
"""Of the files whose beginnings are in the page: each is read whole, to be proved."""

Previews = dict[str, dict[str, Shown]]

_PAGE = """<!doctype html>
<html lang="{lang}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
script-src 'unsafe-inline' data: blob:; style-src 'unsafe-inline'; img-src data: blob:; \
worker-src blob:">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
html, body {{ margin: 0; height: 100%; background: Canvas; color: CanvasText;
  font: 14px/1.45 system-ui, sans-serif; }}
main, #artnb {{ height: 100%; }}
@media print {{ html, body, main, #artnb {{ height: auto; }} }}
h1 {{ position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }}
</style>
<main aria-label="{title}">
<h1>{title}</h1>
<div id="artnb"></div>
</main>
<script type="application/json" id="artnb-data">{data}</script>
<script type="module">
const data = JSON.parse(document.getElementById("artnb-data").textContent);
const widget = await import("data:text/javascript;base64,{bundle}");
widget.mountPage(document.getElementById("artnb"), data);
</script>
</html>
"""


def page_html(repository: Repository, project: str, graph: LineageGraph, look: Look) -> str:
    """Return the page.

    Pictures are included newest run first, and of each in the order in which they are shown, up
    to 16 MB together; the beginnings of files newest version first, up to 4 MB; and so are the
    paths of a version's files beyond the first 1,000, to be found, up to 1 MB. The page says what
    was left out.
    """
    if not BUNDLE.is_file():
        raise UsageError(f"The widget's bundle {BUNDLE} is not built. Run `make js`.")
    details = {
        node: _described(repository, node, project) for node in (*graph.versions, *graph.runs)
    }
    _list_the_rest(repository, details)
    previews = _previews(repository, details)
    blobs, left_out = _blobs(repository, details.values(), previews)
    data = {
        "graph": base64.b64encode(encode_graph(graph, project)).decode(),
        "look": look.to_json(),
        "shared": _shared(details),
        "details": details,
        "previews": previews,
        "blobs": blobs,
        "blobsLeftOut": left_out,
    }
    return _PAGE.format(
        lang=look.lang or LANGUAGES[0],  # until its script finds what the browser speaks
        title=escape(f"{project} · artnb", quote=True),
        data=inert(json.dumps(data, separators=(",", ":"))),
        bundle=base64.b64encode(
            b"%b\n/*\n%b*/" % (BUNDLE.read_bytes(), LICENCES.read_bytes())
        ).decode(),
    )


def inert(text: str) -> str:
    """Return JSON that cannot end the script element that it stands in."""
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _described(repository: Repository, node: str, project: str) -> dict[str, Any]:
    try:
        return sent(describe(repository, node, project))
    except ArtnbError as error:
        return {"kind": "error", "node": node, **told(error)}


def _shared(details: Mapping[str, dict[str, Any]]) -> list[Any]:
    """Take out of the nodes what several have, and return it: each names it by its place.

    Every version lists all of its name, and every run of a script has the script's code: what
    a page of many would consist of.
    """
    holders: dict[str, list[tuple[dict[str, Any], str]]] = {}
    for each in details.values():
        for key, value in each.items():
            text = json.dumps(value)
            if len(text) >= _SHARED_FROM:
                holders.setdefault(text, []).append((each, key))
    found: list[Any] = []
    for several in holders.values():
        if len(several) > 1:
            found.append(several[0][0][several[0][1]])
            for each, key in several:
                del each[key]
                each.setdefault("shared", {})[key] = len(found) - 1
    return found


def _previews(repository: Repository, details: Mapping[str, dict[str, Any]]) -> Previews:
    """Return the beginnings of files, by node and path, as many as the limits let in."""
    found: Previews = {}
    count = read = written = 0
    for node, entry in _newest_files(repository, details):
        if read + entry.size > _MOST_READ_BYTES:
            continue
        try:
            shown = preview_entry(repository, entry)
        except ArtnbError as error:
            shown = nothing(error.message)
        count, read, written = count + 1, read + entry.size, written + len(json.dumps(shown))
        if count > _MOST_PREVIEWS or written > _MOST_PREVIEW_BYTES:
            break
        found.setdefault(node, {})[entry.path] = sent(shown)
    return found


def _list_the_rest(repository: Repository, details: Mapping[str, dict[str, Any]]) -> None:
    """Give the newest versions the paths, sizes and formats of all files that they do not tell."""
    packed: dict[str, None] = {}
    for node in _newest(details):
        if not details[node].get("filesMore"):
            continue
        entries = list(repository.manifest(version_of(repository, node)))
        rest = entries[len(details[node]["files"]) :]
        columns = [[getattr(each, name) for each in rest] for name in ("path", "size", "format")]
        text = base64.b64encode(zlib.compress(json.dumps(columns).encode(), 9)).decode()
        # What several versions have is in the page once.
        if sum(map(len, {**packed, text: None})) <= _MOST_LISTED_BYTES:
            packed[text] = None
            details[node]["rest"] = text


def _newest(details: Mapping[str, dict[str, Any]]) -> list[str]:
    return sorted(details, key=lambda node: details[node].get("created", 0), reverse=True)


def _newest_files(
    repository: Repository, details: Mapping[str, dict[str, Any]]
) -> Iterator[tuple[str, Entry]]:
    for node in _newest(details):
        if files := details[node].get("files"):
            # Once for all of them: a manifest of ten thousand takes a while to read.
            entries = repository.manifest(version_of(repository, node)).entries
            yield from ((node, entries[file["path"]]) for file in files)


def _blobs(
    repository: Repository, details: Iterable[dict[str, Any]], previews: Previews
) -> tuple[dict[str, str], int]:
    wanted = dict.fromkeys(
        digest for each in reversed(list(details)) for digest in shown_blobs(each)
    )
    for shown in (each for files in previews.values() for each in files.values()):
        if shown["kind"] == "image":
            wanted.setdefault(shown["digest"])
    found, size, left_out = {}, 0, 0
    for digest in wanted:
        try:
            data = repository.read_blob(digest)
        except ArtnbError:
            left_out += 1
            continue
        if size + len(data) > _MOST_PICTURE_BYTES:
            left_out += 1
            continue
        size += len(data)
        found[digest] = base64.b64encode(data).decode()
    return found, left_out
