"""Accessibility: what axe-core finds wrong in a page or in a part of it."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page

SCRIPT = Path(__file__).parents[2] / "js" / "node_modules" / "axe-core" / "axe.min.js"


def violations(page: Page, part: Locator | None = None) -> list[str]:
    """Rule, help and the elements of each violation; open shadow roots are looked into."""
    page.evaluate(f"() => {{ {SCRIPT.read_text('utf-8')} }}")
    if part is not None:
        # axe takes selectors of the document, so a part in a shadow root is known by its host.
        part.evaluate("part => { (part.getRootNode().host ?? part).dataset.axe = '' }")
    found = page.evaluate(
        "selector => axe.run(selector ? { include: [[selector]] } : document,"
        " { resultTypes: ['violations'] }).then(result => result.violations)",
        None if part is None else "[data-axe]",
    )
    return [
        f"{rule['id']}: {rule['help']}: {[node['html'][:200] for node in rule['nodes']]}"
        for rule in found
    ]
