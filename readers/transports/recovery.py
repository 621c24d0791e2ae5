"""How a reader lives, dies and comes back: the stages of any blocking reader library, as one table.

Whatever happens in a stage is one of its events; the driver's thread goes where the table says. Every way through a
failure ends in opening again, so that no failure is the last.
"""

from enum import Enum
from types import MappingProxyType


class Stage(Enum):
    """Where a reader stands."""

    OPENING = "opening"
    WAITING = "waiting"
    SERVING = "serving"
    PAUSING = "pausing"


class Happened(Enum):
    """What a stage ends in."""

    OPENED = "opened"
    NOTHING = "nothing"
    CARD_CAME = "card-came"
    CARD_LEFT = "card-left"
    FAILED = "failed"
    RESTED = "rested"


NEXT = MappingProxyType(
    {
        (Stage.OPENING, Happened.OPENED): Stage.WAITING,
        (Stage.OPENING, Happened.FAILED): Stage.PAUSING,
        (Stage.WAITING, Happened.NOTHING): Stage.WAITING,
        (Stage.WAITING, Happened.CARD_CAME): Stage.SERVING,
        (Stage.WAITING, Happened.FAILED): Stage.PAUSING,
        (Stage.SERVING, Happened.CARD_LEFT): Stage.WAITING,
        (Stage.SERVING, Happened.FAILED): Stage.PAUSING,
        (Stage.PAUSING, Happened.RESTED): Stage.OPENING,
    }
)
"""An event without a row is a fault of the program: KeyError."""

FIRST_RETRY_S, LAST_RETRY_S = 0.1, 0.5
"""A restarted pcscd takes clients after some tenths of a second; a reader plugged in again is read within one."""


def next_pause_s(pause_s: float) -> float:
    """Return how long to leave a reader alone that failed again after `pause_s`."""
    return min(2 * pause_s, LAST_RETRY_S)
