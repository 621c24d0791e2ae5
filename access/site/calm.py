"""The interpreter's own pauses, kept away from taps: what is loaded is put aside, the rest looked at when nobody taps.

A look through everything that came since the start takes a tenth of a second and more, in which twenty taps would miss
their deadline; the looks at what is young take one or two milliseconds and stay as they are.
"""

import gc
import sys
from collections.abc import Callable

from access.services.clock import Clock

_TURN_S = 0.0005
"""A thread that works for screens gives the interpreter back within this, instead of the usual ten times as long."""

_YOUNG = 20_000
"""Objects made before the youngest are looked through: a tap makes some forty and frees them without that."""

_MIDDLE = 20
_NEVER = 1 << 30

QUIET_S = 5.0
"""Without a tap for so long, the next is not likely in the tenth of a second that a look takes."""

DUE = 50
"""Looks at what is not so young any more after which one at everything is due."""

OVERDUE = 1_000
"""Looks after which it is not put off any more: a site where it is never quiet must not run out of memory."""


def calm() -> None:
    """Put everything loaded beyond the garbage collector's reach, and let threads take shorter turns.

    From then on it looks at what is young alone; `collect` does the rest.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _NEVER)
    sys.setswitchinterval(_TURN_S)


async def collect(clock: Clock, recorded: Callable[[], object]) -> None:
    """Look through everything from time to time until cancelled; `recorded` changes with every tap."""
    looked, last = _looks(), recorded()
    while True:
        await clock.sleep(QUIET_S)
        now, since = recorded(), _looks() - looked
        if (since >= DUE and now == last) or since >= OVERDUE:
            gc.collect()
            looked = _looks()
        last = now


def _looks() -> int:
    """Return how often the interpreter has looked at what is not so young any more."""
    looks: int = gc.get_stats()[1]["collections"]
    return looks
