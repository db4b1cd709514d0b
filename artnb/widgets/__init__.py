"""The graph in the page: an anywidget, a picture for saved notebooks, a page of its own."""

from __future__ import annotations

from artnb.widgets.view import GraphView, graph

__all__ = ["GraphView", "graph"]
