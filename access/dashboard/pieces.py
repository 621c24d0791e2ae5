"""Pieces of the page: each is drawn from its values by a template, and drawn again only when these change.

A whole level is some sixty pieces, and one passage changes two of them: that is what keeps a redrawing short.
"""

from collections.abc import Collection
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from access.dashboard.words import Words


class Pieces:
    """The pieces of one language."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._drawn: dict[str, dict[str, tuple[dict[str, object], Markup]]] = {}

    def draw(self, template: str, key: str, **values: object) -> Markup:
        """Return the template's piece for `key`, drawn from `values`; what is text in them is escaped."""
        pieces = self._drawn.setdefault(template, {})
        known = pieces.get(key)
        if known is not None and known[0] == values:
            return known[1]
        text = environment().get_template(f"{template}.html").render(t=self._words, **values)
        piece = Markup(text)  # noqa: S704  (the template has escaped what is in it)
        pieces[key] = (values, piece)
        return piece

    def forget(self, template: str, but: Collection[str]) -> None:
        """Drop the template's pieces of all keys but these."""
        pieces = self._drawn.get(template, {})
        for key in [key for key in pieces if key not in but]:
            del pieces[key]


def carried(name: str, piece: Markup) -> str:
    """Return a single element as a stream carries it: inside what an HTML parser must find around it."""
    around = _AROUND.get(name.partition(":")[0])
    return f"<{around}>{piece}</{around}>" if around else piece


_AROUND = {"space": "svg", "door": "svg", "space-row": "table", "door-row": "table"}


@cache
def environment() -> Environment:
    """Return the templates; names are escaped wherever they are written."""
    return Environment(
        loader=PackageLoader("access.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
