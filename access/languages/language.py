"""The two languages that people are spoken to in, and which of them somebody's program asks for."""

from enum import Enum


class Language(Enum):
    """A language; the value is its BCP 47 tag."""

    FR = "fr"
    EN = "en"


def preferred(accept_language: str, otherwise: Language = Language.FR) -> Language:
    """Return the language that an `Accept-Language` header (RFC 9110, 12.5.4) likes best; `otherwise` if neither."""
    best, best_weight = otherwise, 0.0
    for part in accept_language.lower().split(","):
        tag, _, parameter = part.strip().partition(";")
        language = _TAGS.get(tag.split("-")[0])
        weight = _weight(parameter)
        if language is not None and weight > best_weight:
            best, best_weight = language, weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if not parameter.strip():
        return 1.0
    try:
        return float(value) if name.strip() == "q" else 0.0
    except ValueError:
        return 0.0


_TAGS = {language.value: language for language in Language}
