"""The languages that people are spoken to in, and what the server says to whoever asks it something."""

from access.languages.language import Language, preferred
from access.languages.wording import worded

__all__ = ["Language", "preferred", "worded"]
