"""What badges of a site look like: which applications, which keys. Public settings; the keys themselves are elsewhere.

A protocol that has no scheme here is not spoken. Keys are named newest first: while a key is changed, cards of the old
generation are read beside those of the new one.
"""

import msgspec

from readers.credentials.keys import KeyRef

DESFIRE_UID = 7
AID_BYTES = 3
MOST_SYSTEM = 31 - DESFIRE_UID - AID_BYTES


class Desfire(msgspec.Struct, frozen=True):
    """The site's application on DESFire cards.

    `aid` is 3 bytes as the card is sent them, `system` up to 21 bytes that set this site's derived keys apart. `read`
    opens the badge's file, `seal` binds what stands there to its card. EV1 is spoken only where `ev1` says so.
    """

    aid: bytes
    system: bytes
    read: tuple[KeyRef, ...]
    seal: tuple[KeyRef, ...]
    ev1: bool = False

    def __post_init__(self) -> None:
        if len(self.aid) != AID_BYTES or not any(self.aid):
            raise ValueError(f"a DESFire application identifier is {AID_BYTES} bytes and not zero")
        if len(self.system) > MOST_SYSTEM:
            raise ValueError(f"{len(self.system)} bytes of system identifier; expected at most {MOST_SYSTEM}")

    def identity(self, uid: bytes) -> bytes:
        """Return what the application's keys on this card are derived by (AN10922, section 2.2)."""
        return uid + self.aid + self.system


class Scheme(msgspec.Struct, frozen=True):
    """Everything that a site reads badges by. `uid`: a serial number is taken for a badge, the weakest proof."""

    desfire: Desfire | None = None
    uid: bool = True
