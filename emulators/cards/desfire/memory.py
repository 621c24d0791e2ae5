"""What a DESFire keeps when it leaves the field: keys, applications, files, and who may do what with them.

Plain data with the questions that commands ask of it (MF3D(H)x3 data sheet: key settings, access rights).
"""

from enum import IntEnum

import msgspec

from readers.credentials.desfire.channel import Comm

PICC = bytes(3)
FACTORY_SETTINGS = 0x0F
FREE, NEVER = 0xE, 0xF
_SAME_KEY, _FROZEN = 0xE, 0xF
MASTER = 0


class Setting(IntEnum):
    """Bits of the key settings."""

    MASTER_CHANGEABLE = 0x01
    FREE_LISTING = 0x02
    FREE_CREATION = 0x04
    SETTINGS_CHANGEABLE = 0x08


class Key(msgspec.Struct):
    """One key slot. Without `is_aes` it is two-key triple DES, as the card's own is from the factory."""

    value: bytes = bytes(16)
    version: int = 0
    is_aes: bool = True


class File(msgspec.Struct):
    """A standard data file. `rights`: four key numbers, read, write, both, change, from the highest four bits on."""

    content: bytearray
    comm: Comm = Comm.PLAIN
    rights: int = 0xEEEE

    def readers(self) -> tuple[int, int]:
        """Return the numbers of the keys that may read."""
        return self.rights >> 12, (self.rights >> 4) & 0xF

    def writers(self) -> tuple[int, int]:
        """Return the numbers of the keys that may write."""
        return (self.rights >> 8) & 0xF, (self.rights >> 4) & 0xF


class Application(msgspec.Struct):
    """An application, or the card itself, which has one key and no files."""

    keys: list[Key]
    settings: int = FACTORY_SETTINGS
    files: dict[int, File] = {}

    def has(self, setting: Setting) -> bool:
        """Return whether a setting is on."""
        return bool(self.settings & setting)

    def may_change_key(self, number: int, proven: int) -> bool:
        """Return whether a session proven by one key may change another."""
        if number == MASTER:
            return proven == MASTER and self.has(Setting.MASTER_CHANGEABLE)
        needed = self.settings >> 4
        if needed == _FROZEN:
            return False
        return proven == (number if needed == _SAME_KEY else needed)


class Memory(msgspec.Struct):
    """Everything that a card keeps. A new one is as it leaves the factory."""

    uid: bytes
    picc: Application = msgspec.field(default_factory=lambda: Application([Key(is_aes=False)]))
    applications: dict[bytes, Application] = {}

    def select(self, aid: bytes) -> Application | None:
        """Return an application, or the card itself for zeros."""
        return self.picc if aid == PICC else self.applications.get(aid)
