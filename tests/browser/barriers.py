"""What on a page bars somebody from it, as axe-core finds it: WCAG 2.1 AA and its best practice."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"],
    "resultTypes": [
        "violations"
    ],  # all rules run; only what they find is described, which takes less than half as long
}


def barriers(page: Page) -> list[str]:
    """Return what was found, in words; nothing for a page that is open to everybody."""
    found = Axe().run(page, options=_OPTIONS)
    return [found.generate_report()] if found.violations_count else []
