"""How a relay on a message bus is spoken to and understood: pure, one convention a file.

A convention turns an order into a message and a message into what it tells. It believes nothing that it cannot read.
"""

from enum import Enum
from typing import Protocol

import msgspec

from readers.wire.bus import Message


class Heard(msgspec.Struct, frozen=True):
    """What one message tells; None of what it does not speak of.

    `answers` is the relay's word that the order of that number was followed, `relay` whether it stands free now.
    """

    is_there: bool | None = None
    answers: int | None = None
    relay: bool | None = None
    contact_is_there: bool | None = None
    is_open: bool | None = None
    exit: bool | None = None
    tamper: bool | None = None
    release: bool | None = None


NOTHING = Heard()


class Proof(Enum):
    """How a relay tells that it followed an order: by its number, by its state every time, or by a change alone."""

    NUMBER = "number"
    STATE = "state"
    CHANGE = "change"


class Convention(Protocol):
    """One kind of relay."""

    proof: Proof

    @property
    def topics(self) -> tuple[str, ...]:
        """Return what to subscribe to."""
        ...

    def order(self, number: int, *, free: bool, hold_s: float) -> Message:
        """Return the order to let go for `hold_s`, where the relay can time that, or to lock."""
        ...

    def ask(self, number: int) -> tuple[Message, ...]:
        """Return what makes the relay tell everything; nothing where it retains what it told."""
        ...

    def hear(self, message: Message) -> tuple[Heard, ...]:
        """Return what a message of the topics tells, in its order."""
        ...


def readable(payload: bytes) -> dict[str, object]:
    """Return a JSON object; empty for anything else."""
    try:
        value: object = msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return value if isinstance(value, dict) else {}


def flag(value: object) -> bool | None:
    """Return a truth value; None for anything else."""
    return value if isinstance(value, bool) else None
