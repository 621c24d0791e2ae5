"""What a proven card and its reader speak through, whichever generation the secure messaging is of."""

from enum import IntEnum
from typing import Protocol

from readers.credentials.ciphers import xor
from readers.credentials.desfire.framing import Answer, Status
from readers.credentials.exchange import Conversation


class Comm(IntEnum):
    """How data travels, by its code in a file's settings (MF3D(H)x3 data sheet, file communication settings)."""

    PLAIN = 0
    MAC = 1
    FULL = 3


class AuthenticationFailed(IntEnum):
    """Why an authentication came to nothing."""

    NOT_SPOKEN = 1
    """The card does not know the command: another generation may be tried."""
    WRONG_KEY = 2
    """The card or the reader did not prove to hold the key: another version of it may be tried."""
    GARBLED = 3
    """What came was no answer to it."""


def refusal(status: int) -> AuthenticationFailed:
    """Say what it means that a card gave no challenge. AE: the key there is of another kind, an older one of ours."""
    if status == Status.ILLEGAL_COMMAND:
        return AuthenticationFailed.NOT_SPOKEN
    if status == Status.AUTHENTICATION_ERROR:
        return AuthenticationFailed.WRONG_KEY
    return AuthenticationFailed.GARBLED


def new_key_entry(key: bytes, version: int | None, old: bytes | None) -> bytes:
    """Return a new key as ChangeKey carries it: as its difference to the old one, unless that is the session's own."""
    return (key if old is None else xor(key, old)) + (b"" if version is None else bytes((version,)))


class Channel(Protocol):
    """An authenticated session. Any answer but OK ends it, as it does on the card."""

    def command(
        self, ins: int, header: bytes = b"", data: bytes = b"", comm: Comm = Comm.MAC
    ) -> Conversation[Answer]:
        """Send a command, `header` in clear and `data` as `comm` says, and return the checked answer in clear.

        An answer whose MAC or check sum is wrong comes back as `GARBLED`.
        """
        ...

    def change_key(
        self, key_no: int, key: bytes, version: int | None, *, old: bytes | None
    ) -> Conversation[Answer]:
        """Put a key in the place of another: AES with a version, two-key triple DES without.

        `old` is what is there, None for the key of this very session, which ends with it.
        """
        ...
