"""The graph in the languages of other tools: Mermaid and Graphviz.

Nodes are called ``n0``, ``n1``, ... and what a person wrote stands only in quoted labels,
escaped, so that no name can add to the diagram or end its label.
"""

from __future__ import annotations

from artnb.lineage import LineageGraph
from artnb.widgets.picture import Box, picture, shortened

__all__ = ["dot", "mermaid"]

_LONGEST = 80


def mermaid(
    graph: LineageGraph, level: str = "types", direction: str = "right", lang: str = "en"
) -> str:
    """Return a flowchart, its arrows going right or down: artifacts rounded, runs as boxes."""
    drawn = picture(graph, level, direction, lang)
    names = {node: f"n{place}" for place, node in enumerate(drawn.boxes)}
    colours = list(dict.fromkeys(box.outline for box in drawn.boxes.values()))
    lines = [f"flowchart {'TD' if drawn.down else 'LR'}"]
    for node, box in drawn.boxes.items():
        text = f'"{_mermaid_text(box.label)}<br>{_mermaid_text(box.told)}"'
        shape = f"[{text}]" if box.is_run else f"([{text}])"
        lines.append(f"  {names[node]}{shape}:::c{colours.index(box.outline)}")
    lines += [f"  {names[a]} --> {names[b]}" for a, b in drawn.arrows]
    lines += [
        f"  classDef c{place} fill:#fff,stroke:{colour},color:#1f2937"
        for place, colour in enumerate(colours)
    ]
    return "\n".join(lines) + "\n"


def dot(
    graph: LineageGraph, level: str = "types", direction: str = "right", lang: str = "en"
) -> str:
    """Return a digraph, its arrows going right or down: artifacts rounded, runs as boxes."""
    drawn = picture(graph, level, direction, lang)
    names = {node: f"n{place}" for place, node in enumerate(drawn.boxes)}
    lines = [
        "digraph lineage {",
        f"  rankdir={'TB' if drawn.down else 'LR'};",
        '  node [shape=box, style="filled", fillcolor=white, fontname="Helvetica"];',
    ]
    lines += [f"  {names[node]} [{_dot_attributes(box)}];" for node, box in drawn.boxes.items()]
    lines += [f"  {names[a]} -> {names[b]};" for a, b in drawn.arrows]
    return "\n".join([*lines, "}"]) + "\n"


def _mermaid_text(text: str) -> str:
    """Return text as Mermaid's own entities: all but letters, digits and plain signs."""
    kept = " _-.,:/·…"
    return "".join(
        mark if mark.isalnum() or mark in kept else f"#{ord(mark)};"
        for mark in shortened(text, _LONGEST)
    )


def _dot_attributes(box: Box) -> str:
    style = "" if box.is_run else ', style="filled,rounded"'
    return f'label="{_dot_text(box.label)}\\n{_dot_text(box.told)}", color="{box.outline}"{style}'


def _dot_text(text: str) -> str:
    # Graphviz also reads HTML entities in labels: an ampersand must stand for itself.
    text = shortened(text, _LONGEST).replace("&", "&amp;")
    return text.replace("\\", "\\\\").replace('"', '\\"')
