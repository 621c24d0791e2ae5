"""Random text for commitments, drawn from the system many at a time: a call for each is a tenth of an event's cost."""

import os

_SALT_BYTES = 16
"""128 bits: a commitment to a known badge cannot be found by trying salts."""

_DRAWN_AT_ONCE = 256

_drawn: list[str] = []


def fresh_salt() -> str:
    """Return random text for one commitment; none is ever given twice."""
    try:
        return _drawn.pop()
    except IndexError:
        salt, *more = _draw()
        _drawn.extend(more)
        return salt


def _draw() -> list[str]:
    text, digits = os.urandom(_SALT_BYTES * _DRAWN_AT_ONCE).hex(), 2 * _SALT_BYTES
    return [text[start : start + digits] for start in range(0, len(text), digits)]


# A forked child must not give what its parent will.
os.register_at_fork(after_in_child=_drawn.clear)
