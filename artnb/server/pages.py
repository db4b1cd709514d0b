"""The HTML of the pages; what a person named goes through `escape` or JSON, always."""

from __future__ import annotations

import time
from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from artnb import ownjson as json
from artnb.texts import Message, say
from artnb.widgets.page import inert

__all__ = ["index_page", "message_page", "project_page"]

_FRAME = """<!doctype html>
<html lang="{lang}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --line: color-mix(in srgb, CanvasText 18%, Canvas);
  --muted: color-mix(in srgb, CanvasText 68%, Canvas); --accent: light-dark(#1d5fd0, #7ab0ff); }}
html, body {{ margin: 0; height: 100%; background: Canvas; color: CanvasText;
  font: 14px/1.5 system-ui, sans-serif; }}
body {{ display: flex; flex-direction: column; }}
nav {{ padding: 8px 16px; border-bottom: 1px solid var(--line); font-weight: 600; }}
nav span {{ color: var(--muted); font-weight: 400; }}
a {{ color: var(--accent); text-decoration: none; }}
a:hover, nav a {{ text-decoration: underline; }}
a:focus-visible {{ outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }}
main {{ flex: 1; min-height: 0; }}
main.text {{ box-sizing: border-box; width: 100%; max-width: 860px; margin: 0 auto;
  padding: 24px 16px; }}
h1 {{ font-size: 20px; margin: 0 0 14px; overflow-wrap: anywhere; }}
h1.unseen {{ position: absolute; width: 1px; height: 1px; overflow: hidden;
  clip-path: inset(50%); }}
table {{ width: 100%; border-collapse: collapse; }}
th, td {{ text-align: start; padding: 9px 12px 9px 0; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }}
th {{ font-weight: 500; color: var(--muted); font-size: 12px; }}
td.number, th.number {{ text-align: end; padding-inline-end: 32px;
  font-variant-numeric: tabular-nums; }}
#artnb {{ height: 100%; }}
@media print {{ html, body, #artnb {{ height: auto; }} }}
code {{ font: 13px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; }}
</style>
<nav aria-label="{where}">{nav}</nav>
{main}
</html>
"""

_GRAPH = """<main aria-label="{title}">
<h1 class="unseen">{title}</h1>
<div id="artnb"></div>
</main>
<script type="application/json" id="artnb-data">{data}</script>
<script type="module">
const data = JSON.parse(document.getElementById("artnb-data").textContent);
const widget = await import(data.api + "widget.js");
widget.mountServed(document.getElementById("artnb"), data);
</script>"""


def index_page(base: str, projects: Sequence[tuple[str, int, int, float]], lang: str) -> str:
    """Return the list of projects: (name, runs, versions, last activity in seconds)."""
    rows = "".join(
        f'<tr><td><a href="{_address(base, name)}"><bdi>{escape(name)}</bdi></a></td>'
        f'<td class="number">{runs:,}</td><td class="number">{versions:,}</td>'
        f"<td>{time.strftime('%Y-%m-%d %H:%M', time.localtime(last)) if last else ''}</td></tr>"
        for name, runs, versions, last in projects
    )
    table = (
        f'<table><thead><tr><th scope="col">{say(lang, "Project")}</th>'
        f'<th scope="col" class="number">{say(lang, "Runs")}</th>'
        f'<th scope="col" class="number">{say(lang, "Versions")}</th>'
        f'<th scope="col">{say(lang, "Last activity")}</th></tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )
    empty = say(
        lang,
        "Nothing is recorded here yet. Run a notebook cell that begins with {0}, or log with {1}, "
        "then reload.",
        "<code>%%artifact NAME</code>",
        "<code>artnb.init()</code>",
    )
    shown = table if projects else f"<p>{empty}</p>"
    main = f'<main class="text"><h1>{say(lang, "Projects")}</h1>{shown}</main>'
    return _page("artnb", "artnb", main, lang)


def project_page(base: str, project: str, focused: str, lang: str) -> str:
    """Return the page of a project's graph, with the node `focused` opened, if any."""
    data = {
        "base": _address(base, project),
        "api": f"{base}artnb-api/",
        "project": project,
        "level": "instances" if focused else "types",
        "focused": focused,
        "lang": lang,
    }
    title = escape(f"{project} · artnb")
    graph = _GRAPH.format(title=title, data=inert(json.dumps(data)))
    return _page(title, _nav(base, project), graph, lang)


def message_page(base: str, message: str, lang: str) -> str:
    """Return a page that says what is wrong."""
    said = message.into(lang) if isinstance(message, Message) else message
    heading = say(lang, "Not found")
    main = f'<main class="text"><h1>{heading}</h1><p>{escape(said)}</p></main>'
    return _page(f"{heading} · artnb", _nav(base, ""), main, lang)


def _page(title: str, nav: str, main: str, lang: str) -> str:
    return _FRAME.format(lang=lang, title=title, nav=nav, main=main, where=say(lang, "Breadcrumb"))


def _nav(base: str, project: str) -> str:
    rest = f" <span>/</span> <bdi>{escape(project)}</bdi>" if project else ""
    return f'<a href="{escape(base)}artnb/">artnb</a>{rest}'


def _address(base: str, project: str) -> str:
    return f"{escape(base)}artnb/{quote(project, safe='')}"
