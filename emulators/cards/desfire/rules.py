"""How a DESFire's commands travel, and how one is refused."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from emulators.cards.desfire.memory import FREE, MASTER, Setting
from readers.credentials.desfire.channel import Comm
from readers.credentials.desfire.framing import Status

if TYPE_CHECKING:
    from emulators.cards.desfire.card import DesfireCard

_FRAME = 59
Perform = Callable[["DesfireCard", bytes, bytes], bytes]
"""What a command does to a card: gets header and data in clear, returns the answer's data or raises `Refused`."""


class Refused(Exception):
    """The card refuses a command."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.name)
        self.status = status


class Rule(msgspec.Struct, frozen=True):
    """How a command travels in a session.

    `comm` is the file's where None. `header` counts the bytes in clear, all of them where None. `is_raw`: the command
    opens itself. `frames` are the lengths of an answer that comes in parts of its own.
    """

    perform: Perform
    comm: Comm | None = Comm.MAC
    header: int | None = None
    is_raw: bool = False
    frames: tuple[int, ...] = ()

    def split(self, payload: bytes) -> tuple[bytes, bytes]:
        """Return header and data of a command that nothing protects."""
        return payload[: self.header], b"" if self.header is None else payload[self.header :]

    def parts(self, data: bytes) -> list[bytes]:
        """Return an answer as the frames that it goes out in, one at least."""
        parts = []
        for size in self.frames:
            parts.append(data[:size])
            data = data[size:]
        parts += [data[start : start + _FRAME] for start in range(0, len(data), _FRAME)]
        return parts or [b""]


def expect(is_so: bool, otherwise: Status) -> None:  # noqa: FBT001  (the condition is the point)
    """Refuse with a status unless it is so."""
    if not is_so:
        raise Refused(otherwise)


def is_master(card: "DesfireCard") -> bool:
    """Return whether the session is by the master key of what is selected."""
    return card.session is not None and card.session.key_no == MASTER


def expect_master(card: "DesfireCard", unless: Setting | None = None) -> None:
    """Refuse whoever has not proven the master key, unless a setting does without."""
    is_free = unless is not None and card.selected.has(unless)
    expect(is_free or is_master(card), Status.AUTHENTICATION_ERROR)


def only(header: bytes) -> int:
    """Return the one byte that a header is."""
    expect(len(header) == 1, Status.LENGTH_ERROR)
    return header[0]


def proven_key(card: "DesfireCard") -> int | None:
    """Return the number of the key that the session is by."""
    return card.session.key_no if card.session is not None else None


def open_to(card: "DesfireCard", keys: tuple[int, int]) -> bool:
    """Return whether a right held by these keys is the session's, or everybody's."""
    return FREE in keys or proven_key(card) in keys
