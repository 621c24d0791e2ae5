"""Numbers of a test that `make soak` runs with larger ones: the same code, for as long as it takes."""

import os
from typing import TypeVar

_T = TypeVar("_T")

SOAKING = os.environ.get("SOAK") == "1"


def soaked(usual: _T, long: _T) -> _T:
    """Return `usual` in `make test`, `long` in `make soak`."""
    return long if SOAKING else usual
