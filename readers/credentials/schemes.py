"""What badges of a site look like: which applications, which keys. Public settings; the keys themselves are elsewhere.

A protocol that has no scheme here is not spoken. Keys are named newest first: while a key is changed, cards of the old
generation are read beside those of the new one.
"""

import msgspec

from readers.credentials.keys import KeyRef

NXP_UID = 7
AID_BYTES = 3
_NTAG_APPLICATION = bytes.fromhex("850101")  # the end of its name, in the place of an AID
_PKOC_READER, _PKOC_ISSUER, _PKOC_POINT = 32, 16, 65
MOST_SYSTEM = 31 - NXP_UID - AID_BYTES


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
        _expect_system(self.system)

    def identity(self, uid: bytes) -> bytes:
        """Return what the application's keys on this card are derived by (AN10922, section 2.2)."""
        return uid + self.aid + self.system


class Ntag424(msgspec.Struct, frozen=True):
    """The site's NTAG 424 DNA tags. With `read` a door authenticates them; without, it reads their SUN message.

    `meta` deciphers a message's number and count, `sun` makes its MAC; `url` is the address on the tags, without
    `https://`. `system` sets this site's derived keys apart, up to 21 bytes.
    """

    system: bytes
    read: tuple[KeyRef, ...] = ()
    meta: tuple[KeyRef, ...] = ()
    sun: tuple[KeyRef, ...] = ()
    url: str = ""

    def __post_init__(self) -> None:
        _expect_system(self.system)
        if not self.read and not (self.meta and self.sun and self.url):
            raise ValueError("NTAG 424 needs a reading key, or the keys of its messages and their address")

    def identity(self, uid: bytes) -> bytes:
        """Return what the keys of this tag are derived by."""
        return uid + _NTAG_APPLICATION + self.system

    @property
    def site(self) -> bytes:
        """Return what a key is derived by that all tags share."""
        return _NTAG_APPLICATION + self.system


class Pkoc(msgspec.Struct, frozen=True):
    """PKOC badges. `reader` is 32 bytes, site and reader identifier, shown to the card.

    `issuers` are public keys, 65 bytes uncompressed, by their 16 characters; with any, only version 2 cards that one of
    them vouches for are read.
    """

    reader: bytes = bytes(32)
    issuers: dict[str, bytes] = {}

    def __post_init__(self) -> None:
        if len(self.reader) != _PKOC_READER:
            raise ValueError(f"a PKOC reader identifier is {_PKOC_READER} bytes")
        for name, point in self.issuers.items():
            if len(name) != _PKOC_ISSUER or len(point) != _PKOC_POINT:
                raise ValueError(f"PKOC issuer {name!r}: expected 16 characters and a public key of 65 bytes")


class Scheme(msgspec.Struct, frozen=True):
    """Everything that a site reads badges by. `uid`: a serial number is taken for a badge, the weakest proof."""

    desfire: Desfire | None = None
    ntag424: Ntag424 | None = None
    pkoc: Pkoc | None = None
    uid: bool = True


def _expect_system(system: bytes) -> None:
    if len(system) > MOST_SYSTEM:
        raise ValueError(f"{len(system)} bytes of system identifier; expected at most {MOST_SYSTEM}")
