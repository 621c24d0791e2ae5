"""What an NTAG 424 DNA keeps: five keys, three files, and how it completes its address (NT4H2421Gx, sections 8.2, 9.3).

The tag writes into what it gives to a reader, never into the file itself.
"""

import msgspec

from emulators.cards.desfire.memory import FREE, Key
from readers.credentials.ciphers import Cipher
from readers.credentials.desfire.channel import Comm
from readers.credentials.ntag424 import sun

CAPABILITIES, NDEF, DATA = 1, 2, 3
FILE_NUMBERS = {0xE103: CAPABILITIES, 0xE104: NDEF, 0xE105: DATA}
"""The files' numbers in commands of their own, by the ISO number."""

_CAPABILITY_CONTAINER = bytes.fromhex("001720010000ff0406e104010000000506e10500808283")
_PLAIN_BYTES, _MIRRORING_BYTES = 3, 15  # of settings: option and rights; those, and what is mirrored where
_NUMBER_COUNT_ASCII = 0xC1
_PICC_TAG = 0xC7  # number of 7 bytes and count are there
_OFF = 0xF
_FILLER = 5


class Mirroring(msgspec.Struct):
    """How SUN messages are made: keys by their numbers, and where they are written."""

    meta_key: int
    sun_key: int
    picc_data: int
    mac_input: int
    mac: int
    settings: bytes
    """As ChangeFileSettings gave it, for GetFileSettings."""


class TagFile(msgspec.Struct):
    """A standard data file. `rights` as on DESFire: read, write, both, change, from the highest four bits on."""

    content: bytearray
    comm: Comm = Comm.PLAIN
    rights: int = 0xE000
    mirroring: Mirroring | None = None

    def readers(self) -> tuple[int, int]:
        """Return the numbers of the keys that may read."""
        return self.rights >> 12, (self.rights >> 4) & 0xF

    def writers(self) -> tuple[int, int]:
        """Return the numbers of the keys that may write."""
        return (self.rights >> 8) & 0xF, (self.rights >> 4) & 0xF

    @property
    def changer(self) -> int:
        """Return the number of the key that may change the settings."""
        return self.rights & 0xF


def _factory_files() -> dict[int, TagFile]:
    container = bytearray(_CAPABILITY_CONTAINER.ljust(32, b"\x00"))
    return {
        CAPABILITIES: TagFile(container, rights=0xE000),
        NDEF: TagFile(bytearray(256), rights=0xEEE0),
        DATA: TagFile(bytearray(128), Comm.FULL, 0x2330),
    }


class TagMemory(msgspec.Struct):
    """Everything that a tag keeps. A new one is as it leaves the factory."""

    uid: bytes
    keys: list[Key] = msgspec.field(default_factory=lambda: [Key() for _ in range(5)])
    files: dict[int, TagFile] = msgspec.field(default_factory=_factory_files)
    read_count: int = 0

    def mirrored(self, file: TagFile, filler: bytes) -> bytes:
        """Return a file as it is given to a reader that proved nothing; `filler` is 5 random bytes."""
        how = file.mirroring
        if how is None or how.sun_key == _OFF:
            return bytes(file.content)
        mirror = sun.Mirror(self.uid, self.read_count)
        content = bytearray(file.content)
        clear = bytes((_PICC_TAG,)) + mirror.encode() + filler[:_FILLER]
        picc_data = Cipher.aes(self.keys[how.meta_key].value).encrypt(clear).hex().upper().encode()
        content[how.picc_data : how.picc_data + len(picc_data)] = picc_data
        covered = bytes(content[how.mac_input : how.mac])
        mac = sun.mac(self.keys[how.sun_key].value, mirror, covered).hex().upper().encode()
        content[how.mac : how.mac + len(mac)] = mac
        return bytes(content)


def parse_settings(data: bytes) -> tuple[Comm, int, Mirroring | None] | None:
    """Read what ChangeFileSettings carries; None where the tag would refuse it (NT4H2421Gx, section 10.7.1).

    Of mirroring, the one kind that this house makes: number and count enciphered, and a MAC.
    """
    if len(data) < _PLAIN_BYTES or data[0] & 0x3 not in {comm.value for comm in Comm}:
        return None
    comm, rights = Comm(data[0] & 0x3), int.from_bytes(data[1:3], "little")
    if not data[0] & 0x40:
        return (comm, rights, None) if len(data) == _PLAIN_BYTES else None
    if len(data) != _MIRRORING_BYTES or data[3] != _NUMBER_COUNT_ASCII:
        return None
    meta_key, sun_key = data[5] >> 4, data[5] & 0xF
    picc_data, mac_input, mac = (int.from_bytes(data[at : at + 3], "little") for at in (6, 9, 12))
    if meta_key >= FREE or sun_key >= FREE or mac_input > mac:
        return None
    return comm, rights, Mirroring(meta_key, sun_key, picc_data, mac_input, mac, data[3:])
