"""What can be wrong with a door's hardware, as switches that a test or a demo throws while the door is in use.

A fault changes the physics only; nothing here tells the controller of it. Every irregularity comes from a seed.
"""

import random
from enum import Enum

import msgspec

_MOST_BOUNCES = 3
_SHORTEST_BOUNCE_S = 0.001
_LONGEST_BOUNCE_S = 0.015
"""A reed contact settles within tens of milliseconds; inputs over 400 ms must be processed (IEC 60839-11-1)."""


class RelayFault(Enum):
    """A dead output: `SILENT` takes every order and moves nothing, `NO_ANSWER` is noticed by its driver."""

    SILENT = "silent"
    NO_ANSWER = "no-answer"


class CableFault(Enum):
    """What was done to the two wires of a contact that is closed while the leaf is shut."""

    CUT = "cut"
    SHORT = "short"


class ContactBounce:
    """A contact that chatters before it rests: seeded, so that the same door chatters the same way again."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(f"bounce {seed}")

    def gaps_s(self) -> tuple[float, ...]:
        """Return the seconds between the edges after the first; their number is even, so the last edge is true."""
        edges = 2 * self._random.randint(1, _MOST_BOUNCES)
        return tuple(self._random.uniform(_SHORTEST_BOUNCE_S, _LONGEST_BOUNCE_S) for _ in range(edges))


class DoorFaults(msgspec.Struct):
    """The faults of one door, all absent at first. Cables and relays that change in use have verbs of the door."""

    relay: RelayFault | None = None
    contact_stuck: bool = False
    bounce: ContactBounce | None = None
    power_cut: bool = False
    cable: CableFault | None = None
