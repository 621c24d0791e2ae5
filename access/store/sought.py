"""Names in the tables: beside each stands what it is sought and sorted by, its bare words (`access/names.py`).

Words are compared by their bytes, so that a list has the same order on every database.
"""

from sqlalchemy import ColumnElement, String, and_, false, or_
from sqlalchemy.orm import InstrumentedAttribute

from access.names import words

BareWords = String().with_variant(String(collation="C"), "postgresql")
"""The type of such a column; SQLite compares bytes by itself."""


def has_words(sought: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    """Return the condition that each word of a text begins one of a name's; a text without words is no name's."""
    # Letters and digits alone, nothing that LIKE would read as more. In two of it, for PostgreSQL to see what is rare.
    each = [or_(sought.like(f"{word}%"), sought.like(f"% {word}%")) for word in words(text)]
    return and_(*each) if each else false()
