"""The graph widget, as a person sees it and as a test finds its nodes."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

# The hook's view of this root: see js/src/testhook.ts.
_VIEW = "const view = globalThis.__artnb?.views.find(each => root.contains(each.canvas));"
# Camera moves are over when nothing has moved for some frames.
_SETTLED = f"""async root => {{ {_VIEW}
  const places = () => view.nodes().map(node => [node.id, Math.round(node.x), Math.round(node.y)]);
  let before = '', same = 0;
  while (same < 5) {{
    await new Promise(requestAnimationFrame);
    const now = JSON.stringify(places());
    same = now === before ? same + 1 : 0;
    before = now;
  }}
}}"""


class GraphPage:
    """One mounted graph; `root` is the element with the test id ``artnb``."""

    def __init__(self, page: Page, root: Locator) -> None:
        self.page = page
        self.root = root
        self.panel = root.get_by_test_id("artnb-panel")
        self.title = root.get_by_test_id("artnb-panel-title")
        self.canvas = root.get_by_test_id("artnb-canvas")
        self.table = root.get_by_test_id("artnb-table")

    @classmethod
    def of(cls, page: Page, within: Locator | None = None) -> GraphPage:
        """The one graph in the page, or in a part of it, once it is drawn."""
        graph = cls(page, (within or page).get_by_test_id("artnb"))
        graph.canvas.scroll_into_view_if_needed()
        expect(graph.canvas).to_be_visible()
        graph.settle()
        return graph

    def settle(self) -> None:
        """Wait until the camera stands still."""
        self.root.evaluate(_SETTLED)

    def nodes(self) -> dict[str, dict[str, Any]]:
        """The drawn nodes by title."""
        found = self.root.evaluate(f"root => {{ {_VIEW} return view.nodes(); }}")
        return {node["title"]: node for node in found}

    def place(self, title: str) -> tuple[float, float]:
        """Where a node is to be clicked: a row that came or went moves the whole picture."""
        self.settle()
        node = self.nodes()[title]
        return node["x"], node["y"]

    def wait_for(self, *titles: str) -> None:
        """Wait until nodes with these titles are drawn."""
        handle = self.root.element_handle()
        self.page.wait_for_function(
            f"([root, titles]) => {{ {_VIEW} const drawn = view.nodes().map(node => node.title);"
            " return titles.every(title => drawn.includes(title)); }",
            arg=[handle, list(titles)],
        )
        self.settle()

    def level(self, name: str) -> None:
        """Switch to ``types``, ``names`` or ``instances``."""
        self.root.get_by_test_id(f"artnb-level-{name}").click()
        self.settle()

    def fit(self) -> None:
        """Bring all nodes into sight."""
        self.root.get_by_test_id("artnb-fit").click()
        self.settle()

    def click(self, title: str) -> None:
        """Click a node on the canvas and wait for its panel."""
        self.canvas.scroll_into_view_if_needed()
        self.settle()
        if not self._in_sight(title):
            self.fit()
        self.page.mouse.click(*self.place(title))
        try:
            expect(self.title).to_have_text(re.compile(re.escape(title)), timeout=10_000)
        except AssertionError:  # what is recorded meanwhile has moved it from under the pointer
            self.page.mouse.click(*self.place(title))
            expect(self.title).to_have_text(re.compile(re.escape(title)))

    def double_click(self, title: str) -> None:
        """Double-click a node, which explodes it or folds it into its group."""
        self.page.mouse.dblclick(*self.place(title))
        self.settle()

    def _in_sight(self, title: str) -> bool:
        node, box = self.nodes()[title], self.canvas.bounding_box()
        assert box is not None
        return 0 < node["x"] - box["x"] < box["width"] and 0 < node["y"] - box["y"] < box["height"]

    def tab(self, name: str) -> str:
        """Open a tab of the panel and return the panel's text."""
        self.root.get_by_test_id(f"artnb-tab-{name}").click()
        return self.panel.inner_text()

    def close_panel(self) -> None:
        """Close the panel as a person does."""
        self.root.get_by_test_id("artnb-panel-close").click()
        expect(self.panel).to_have_count(0)
