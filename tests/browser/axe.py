"""Accessibility: what axe-core finds wrong in a page or in a part of it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page

SCRIPT = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"
# A part is known to axe by a selector in each shadow root on the way down to it.
_PATH = """part => {
  const path = [];
  for (let at = part; at; at = at.getRootNode().host) {
    at.dataset.axe = '';
    path.unshift('[data-axe]');
  }
  return path;
}"""


def violations(page: Page, part: Locator | None = None) -> list[str]:
    """Rule, help and the elements of each violation; open shadow roots are looked into."""
    if not page.evaluate("() => 'axe' in globalThis"):  # half a megabyte, once for a document
        page.evaluate(f"() => {{ {SCRIPT.read_text('utf-8')} }}")
    found = page.evaluate(
        "path => axe.run(path ? { include: [{ fromShadowDom: path }] } : document,"
        " { resultTypes: ['violations'] }).then(result => result.violations)",
        None if part is None else part.evaluate(_PATH),
    )
    return [
        f"{rule['id']}: {rule['help']}: {[node['html'][:200] for node in rule['nodes']]}"
        for rule in found
    ]
