"""What a process does once, before it answers taps: it keeps the interpreter's own pauses away from them."""

import gc
import sys

_TURN_S = 0.0005
"""A thread that works for screens gives the interpreter back within this, instead of the usual ten times as long."""

_YOUNG = 20_000
"""Objects made before the youngest are looked through: a tap makes some forty and frees them without that."""


def calm() -> None:
    """Put everything loaded beyond the garbage collector's reach, and let threads take shorter turns."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 50)
    sys.setswitchinterval(_TURN_S)
