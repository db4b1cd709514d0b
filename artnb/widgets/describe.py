"""What the panel asks: one node, whole, as JSON.

Everything a person wrote goes as text; the page shows it as text. Numbers that JSON does
not have (nan, inf) go as null in charts and as text elsewhere.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Callable, KeysView, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from pathlib import Path
from typing import Any

from artnb import ownjson as json
from artnb.drawings import (
    Drawing,
    bokeh_drawing,
    drawing_of,
    plotly_drawing,
    points_of,
    vega_drawing,
)
from artnb.errors import ArtnbError
from artnb.lineage import run_node, version_node
from artnb.linking import source_name
from artnb.logged_files import logged_files, without_files
from artnb.model import Entry, RunRecord, VersionRecord
from artnb.own_texts import text_of_run
from artnb.repository import Repository
from artnb.serializers.linked import is_held
from artnb.widgets.charts import charts
from artnb.widgets.distributions import distributions, drawn_tables
from artnb.widgets.nodes import record_of, version_of
from artnb.widgets.plain_html import text_of_html
from artnb.widgets.touched import touched_files

__all__ = ["describe", "found_files", "shown_blobs"]

_MOST_FILES = 1_000
_MOST_VERSIONS = 500
_LONGEST_TEXT = 200_000
_MOST_PICTURES = 10_000
"""Of one name, shared among its steps: an answer of many megabytes makes the panel wait."""
_LEAST_PICTURES = 100
"""Of each step, however many there are."""
_ADDRESS = re.compile(r"[ .<]\w+ (object )?at 0x[0-9a-f]|^<[\w.]+ object>$")
"""What a text/plain has that says nothing."""
_LARGEST_FIGURE = 8 << 20
_MOST_POINTS = 10_000
"""Of all charts that a run showed together."""
_LONGEST_PAGE = 2_000
_PICTURED = ("image-file", "mask-file", "table-file")
_CHARTS: Mapping[str, Callable[[Mapping[str, Any]], Drawing]] = {
    "altair-file": vega_drawing, "bokeh-file": bokeh_drawing, "plotly-file": plotly_drawing,
}  # fmt: skip
_NOT_SHOWN = (
    *("files", "metrics", "cell_lines", "alerts", "resumed", "preempting"),
    *("own_code", "own_texts", "own_values"),
    *("reads", "writes", "reads_more", "writes_more", "files_root", "files_partial", "others"),
)


def describe(repository: Repository, node: str, project: str | None = None) -> dict[str, Any]:
    """Return what is known of the run or version behind a node.

    Parameters
    ----------
    project : str, optional
        Whose graph it is looked at in: what is of another is named with that. Default: its own.

    Raises
    ------
    CommError
        There is no such node.
    """
    record = record_of(repository, node)
    if isinstance(record, RunRecord):
        return _run(repository, record)
    return _version(repository, record, project or record.project)


def found_files(repository: Repository, node: str, find: str, after: int) -> dict[str, Any]:
    """Return the files of a version whose path holds all words of `find`, from a place on.

    Returns
    -------
    dict
        ``files`` as `describe` has them, at most as many, and how many ``more`` there are.
    """
    words = find.lower().split()
    entries = [
        entry
        for entry in repository.manifest(version_of(repository, node))
        if all(word in entry.path.lower() for word in words)
    ]
    upto = max(0, after) + _MOST_FILES
    return {
        "files": [_file(entry) for entry in entries[max(0, after) : upto]],
        "more": max(0, len(entries) - upto),
    }


def shown_blobs(details: Mapping[str, Any]) -> KeysView[str]:
    """Return the digests of the pictures and tables that a description shows.

    First what is looked at first: what a cell displayed, tables, and of each name the newest
    step's first pictures, before the second of any.
    """
    found: list[str] = []
    for shown in details.get("shown", {}).get("displays", ()):
        if digest := shown.get("digest") or shown.get("sha256"):
            found.append(digest)
    for table in details.get("tables", ()):
        for row in table["rows"]:
            found += [row["digest"], *row["media"]]
    for entry in details.get("files", ()):
        if entry.get("picture") or entry.get("format") == "table":
            found.append(entry["digest"])
    pictures = [
        (back + place, [item["digest"], *(mask["digest"] for mask in item.get("masks", ()))])
        for group in details.get("images", ())
        for back, row in enumerate(reversed(group["rows"]))
        for place, item in enumerate(row["items"])
    ]
    found += chain.from_iterable(each for _, each in sorted(pictures, key=itemgetter(0)))
    return dict.fromkeys(found).keys()


def _version(repository: Repository, version: VersionRecord, seen_in: str) -> dict[str, Any]:
    try:
        entries: Sequence[Entry] = list(repository.manifest(version))
        problem = None
    except ArtnbError as error:
        entries, problem = [], error.message
    siblings = repository.versions(version.project, version.name)
    return {
        "kind": "version",
        "node": version_node(version.id),
        "ref": version.ref,
        "name": version.name,
        "version": version.version,
        "project": version.project,
        "type": version.type,
        "state": version.state,
        "problem": problem,
        "aliases": list(version.aliases),
        "tags": list(version.tags),
        "description": version.description,
        "source": source_name(repository, version),
        "metadata": _finite(version.metadata),
        "digest": version.digest,
        "size": version.size,
        "entries": version.entries,
        "created": version.created_at,
        "files": [_file(entry) for entry in entries[:_MOST_FILES]],
        "filesMore": max(0, len(entries) - _MOST_FILES),
        "versions": [_sibling(each) for each in siblings[:_MOST_VERSIONS]],
        "producers": [
            _run_link(run, seen_in) for run in repository.logged_by(version.id, deleted=True)
        ],
        "consumers": [_run_link(run, seen_in) for run in repository.used_by(version.id)],
        "usage": f'run.use_artifact("{version.ref_in(seen_in)}").download()',
        "code": _code(version, entries, seen_in),
    }


def _code(version: VersionRecord, entries: Sequence[Entry], seen_in: str) -> list[dict[str, str]]:
    """Return the ways to get at a version, the nearest at hand first."""
    whole = f"{version.project}/{version.ref}"
    values = any(entry.format not in ("file", "stub") for entry in entries)
    ways = [
        ("As the input of a run", f"run.use_artifact({version.ref_in(seen_in)!r}).download()"),
        ("Its values in a notebook", f"%artnb load {shlex.quote(whole)}" if values else ""),
        ("Its files, without a run", f"artnb.Api().artifact({whole!r}).download()"),
        ("On the command line", f"artnb get {shlex.quote(whole)}"),
    ]
    return [{"title": title, "text": text} for title, text in ways if text]


def _displayed(shown: Mapping[str, Any], read: Callable[[str], bytes]) -> Mapping[str, Any]:
    """Return what a cell displayed: of a chart the lines and bars that can be drawn.

    HTML is given as the text that was shown with it, or that it has.
    """
    if "drawn" in shown:
        return {"mime": "text/plain", "text": shown["text"], "charts": _charts(shown, read)}
    if shown.get("mime") != "text/html":
        return shown
    plain = shown.get("plain", "")
    text = text_of_html(shown["text"]) if not plain or _ADDRESS.search(plain) else plain
    return {"mime": "text/plain", "text": text}


def _drawn_first(displays: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return displays of which the first are drawn: an answer of megabytes makes the panel wait."""
    points, found = 0, list[Mapping[str, Any]]()
    for each in displays:
        points += sum(map(points_of, each.get("charts", ())))
        found.append(
            {**each, "charts": []} if each.get("charts") and points > _MOST_POINTS else each
        )
    return found


def _charts(shown: Mapping[str, Any], read: Callable[[str], bytes]) -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = json.loads(read(shown["drawn"]))
    except (ArtnbError, ValueError):
        return []  # damaged; what it was is still said
    return found


def _run(repository: Repository, run: RunRecord) -> dict[str, Any]:
    try:
        rows, code, problem = repository.history(run.id), repository.code(run.id), None
    except ArtnbError as error:  # it is damaged, or was deleted
        rows, code, problem = [], None, error.message
    # Of an earlier try, where a run that failed was taken up again.
    past = () if run.state in ("failed", "crashed") else ("error",)
    not_shown = (*_NOT_SHOWN, *past)
    outputs = {key: value for key, value in run.outputs.items() if key not in not_shown}
    told = [
        *map(_alert, run.outputs.get("alerts", ())),
        *_kept_media(run, rows, repository.read_blob),
    ]
    shown = [_displayed(each, repository.read_blob) for each in outputs.pop("displays", ())]
    if displays := [each for each in (*shown, *told) if each.get("text") != ""]:
        outputs["displays"] = _drawn_first(displays)
    used, logged = repository.used(run.id), repository.logged(run.id)
    return {
        "kind": "run",
        "node": run_node(run.id),
        "id": run.id,
        "name": run.name,
        "project": run.project,
        "jobType": run.job_type,
        "group": run.group,
        "tags": list(run.tags),
        "notes": run.notes,
        "state": run.state,
        "problem": problem,
        "created": run.created_at,
        "finished": run.finished_at,
        "config": _finite(run.config),
        "summary": _finite(without_files(run.summary)),
        "inputs": [_version_link(version, run.project) for version in used],
        "outputs": [_version_link(version, run.project) for version in logged],
        "charts": [
            *charts(rows, run.outputs.get("metrics", []), run.created_at),
            *distributions(rows),
            *drawn_tables(rows, repository.read_blob),
        ],
        "images": _images(rows),
        "tables": _tables(rows),
        "touched": _finite(touched_files(repository, run, used, logged)),
        "code": code and code[:_LONGEST_TEXT],
        "shown": _finite(outputs),
        "notebook": run.notebook,
        "cellId": run.cell_id,
        "cellLines": run.outputs.get("cell_lines"),
        "modules": _modules(repository, run),
        "gitCommit": run.git_commit,
        "environment": _finite(run.environment),
    }


def _modules(repository: Repository, run: RunRecord) -> list[dict[str, str]]:
    """Return the texts of the person's own modules that a run used."""
    found, left = [], _LONGEST_TEXT
    for path in run.outputs.get("own_texts", {}):
        text = text_of_run(repository, run, path)
        if text is not None and len(text) <= left:
            left -= len(text)
            found.append({"path": _near(path, repository.root.parent), "code": text})
    return found


def _near(path: str, folder: Path) -> str:
    return Path(path).relative_to(folder).as_posix() if Path(path).is_relative_to(folder) else path


def _file(entry: Entry) -> dict[str, Any]:
    return {
        "path": entry.path,
        "size": entry.size,
        "format": entry.format,
        "variable": None if is_held(entry.variable) else entry.variable,
        "digest": entry.digest,
        "ref": entry.ref,
        "meta": _finite(entry.meta),
        "picture": entry.format in ("png", "figure"),
    }


def _sibling(version: VersionRecord) -> dict[str, Any]:
    return {
        "node": version_node(version.id),
        "version": version.version,
        "aliases": list(version.aliases),
        "created": version.created_at,
        "size": version.size,
        "state": version.state,
    }


def _run_link(run: RunRecord, seen_in: str) -> dict[str, Any]:
    label = run.name if run.project == seen_in else f"{run.project}/{run.name}"
    return {
        "node": run_node(run.id), "label": label, "type": run.job_type or "run",
        "state": run.state,
    }  # fmt: skip


def _version_link(version: VersionRecord, seen_in: str) -> dict[str, Any]:
    return {
        "node": version_node(version.id), "label": version.ref_in(seen_in), "type": version.type,
        "state": version.state,
    }  # fmt: skip


def _alert(alert: Mapping[str, Any]) -> dict[str, Any]:
    return {"text": f"{alert['level']} · {alert['title']}\n{alert['text']}"}


def _images(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    groups: dict[str, list[tuple[int, Mapping[str, Any], list[Mapping[str, Any]]]]] = {}
    for row in rows:
        for key, value in row.items():
            if isinstance(value, Mapping) and (items := _media(value)):
                groups.setdefault(key, []).append((row["_step"], value, items))
    found = []
    for key, steps in groups.items():
        most = max(_LEAST_PICTURES, _MOST_PICTURES // len(steps))
        shown = [
            {
                "step": step,
                "items": [_picture(item) for item in items[:most]],
                "total": value.get("given", len(items)),
            }
            for step, value, items in steps
        ]
        found.append({"key": key, "rows": shown})
    return found


def _picture(item: Mapping[str, Any]) -> dict[str, Any]:
    found = {
        "digest": item["sha256"],
        "width": item["width"],
        "height": item["height"],
        "format": item["format"],
        "caption": item.get("caption"),
    }
    if item.get("boxes"):
        found["boxes"] = _finite(item["boxes"])
    if item.get("masks"):
        found["masks"] = [
            {"digest": mask["sha256"], "class_labels": mask["class_labels"]}
            for mask in item["masks"].values()
        ]
    return found


def _tables(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return for each table that was logged where its rows lie, step by step."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        for key, value in row.items():
            if isinstance(value, Mapping) and value.get("_type") == "table-file":
                found = {"step": row["_step"], "digest": value["sha256"], "media": value["media"]}
                tables.setdefault(key, []).append(found)
    return [{"key": key, "rows": found} for key, found in tables.items()]


def _media(value: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    if value.get("_type") == "image-file" or _is_gif(value):
        return [value]
    return list(value["images"]) if value.get("_type") == "images/separated" else []


def _is_gif(value: Mapping[str, Any]) -> bool:
    return value.get("_type") == "video-file" and value.get("format") == "gif" and "width" in value


def _kept_media(
    run: RunRecord, rows: Sequence[Mapping[str, Any]], read: Callable[[str], bytes]
) -> list[dict[str, Any]]:
    """Return what to say of files that the panel does not show: the last of each name."""
    last = {}
    for row in rows:
        for name, value in logged_files(row).items():
            if value["_type"] not in _PICTURED and not _is_gif(value):
                last[value["key"]] = (name, value)
    found = []
    for name, value in last.values():
        way = f"artnb.Api().run({run.id!r}).file({name!r}).download()"
        facts = f"{value['key']} · {value['format']}, {value['size']:,} bytes"
        drawn = _drawn(value, read)
        said = drawn.pop("said", "")
        found.append({"text": "\n".join(filter(None, (facts, way, said)))} | drawn)
    return found


def _drawn(value: Mapping[str, Any], read: Callable[[str], bytes]) -> dict[str, Any]:
    """Return what is drawn or read of a chart or a page that was logged."""
    draw = _CHARTS.get(value["_type"])
    if not (draw or value["_type"] == "html-file") or value["size"] > _LARGEST_FIGURE:
        return {}
    try:
        text = read(value["sha256"]).decode("utf-8", "replace")
        if draw is not None:
            drawing = draw(json.loads(text))
        elif (found := drawing_of({"text/html": text})) is not None:
            drawing = found
        else:
            return {"said": text_of_html(text)[:_LONGEST_PAGE]}
        return {"text": f"{value['key']} · {drawing}", "charts": drawing.charts()}
    except Exception:  # damaged, or no figure after all
        return {}


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return value[:_LONGEST_TEXT] + "…"
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value
