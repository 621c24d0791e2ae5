"""What is said on an OSDP line, both ways: orders to a peripheral, and what it reports.

An order names the capability that a peripheral must have declared for it. An order it cannot follow is never sent: it
would answer NAK, and libosdp would leave the whole reader alone for five minutes.
"""

from enum import Enum, IntEnum

import msgspec


class Capability(IntEnum):
    """Function codes of the capability report (OSDP 2.2, annex B)."""

    INPUTS = 1
    OUTPUTS = 2
    LED = 4
    BUZZER = 5
    TEXT = 6


class Colour(IntEnum):
    """Colours of a lamp (OSDP 2.2)."""

    NONE = 0
    RED = 1
    GREEN = 2
    AMBER = 3


class SetOutput(msgspec.Struct, frozen=True):
    """Turn an output on or off; with `for_s` on for that long, timed by the peripheral itself (0.1 to 6553.5 s)."""

    output: int
    on: bool
    for_s: float | None = None


class SetLed(msgspec.Struct, frozen=True):
    """Show a colour; with `for_s` that long only, then the permanent one again (0.1 to 6553.5 s)."""

    colour: Colour
    for_s: float | None = None
    led: int = 0


class Beep(msgspec.Struct, frozen=True):
    """Sound the buzzer `times` times, each `on_s` long with as long a pause (0.1 to 25.5 s)."""

    times: int = 1
    on_s: float = 0.1


class ShowText(msgspec.Struct, frozen=True):
    """Show a text on the display; with `for_s` that long only, in whole seconds (1 to 255)."""

    text: str
    for_s: float | None = None


class AskInputs(msgspec.Struct, frozen=True):
    """Report the state of the inputs now: a peripheral tells it by itself only when one changes."""


Order = SetOutput | SetLed | Beep | ShowText | AskInputs


class Completion(Enum):
    """What became of an order."""

    DONE = "done"
    OFFLINE = "offline"
    NOT_CAPABLE = "not-capable"
    FAILED = "failed"


class CardData(msgspec.Struct, frozen=True):
    """A card's number as the reader gives it: `bits` of them, the first in the highest bit of the first byte."""

    bits: int
    data: bytes


class Keys(msgspec.Struct, frozen=True):
    """Keys that were pressed, as ASCII: digits, `*` (7F) and `#` (0D)."""

    keys: bytes


class Inputs(msgspec.Struct, frozen=True):
    """The state of every input, true where active."""

    active: tuple[bool, ...]


class Tamper(msgspec.Struct, frozen=True):
    """The peripheral's own alarms: its case is open, or its power fails."""

    case_open: bool
    power_failed: bool


Report = CardData | Keys | Inputs | Tamper
