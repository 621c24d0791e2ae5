"""What on a page bars somebody from it, as axe-core finds it: WCAG 2.1 AA and its best practice."""

import json

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from playwright.sync_api import Page

_OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    "resultTypes": [
        "violations"
    ],  # all rules run; only what they find is described, which takes less than half as long
}
_FOUND = f"axe.run({json.dumps(_OPTIONS)}).then((found) => found.violations)"
"""What is in order stays in the browser: bringing it over takes half as long as finding it."""


def barriers(page: Page) -> list[str]:
    """Return what was found, in words; nothing for a page that is open to everybody."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = AxeResults({"violations": page.evaluate(_FOUND)})
    return [found.generate_report()] if found.violations_count else []
