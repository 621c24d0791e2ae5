"""The door computer's settings: one TOML file, read once into a frozen object. Secrets come as paths of files.

An unknown key, a missing one or a wrong type is a `SettingsError` with the file and the key's place in it.
"""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import msgspec

from policies.ids import DoorId, ReaderId, SiteId, SourceId
from readers.credentials.keys import KeyRef
from readers.credentials.schemes import Desfire, Scheme
from readers.errors import SettingsError
from readers.wire.bus import Broker

Versions = Callable[[str], tuple[int, ...]]


class ReaderDevice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which device a reader is: the name of a PC/SC reader, or the path by which nfcpy opens one."""

    id: ReaderId
    transport: Literal["pcsc", "nfcpy"]
    device: str


class DoorDevice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What moves a door's bolt. `emulated` moves nothing: it is for a desk, and says so at every start."""

    id: DoorId
    hardware: Literal["emulated"]


class SealedHome(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="home", tag="sealed"):
    """Keys in a sealed file, and the file that holds the key-encryption key."""

    file: str
    unlock: str


class DesfireBadges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The site's application on DESFire cards: its identifier in hex, as the card is sent it, and the names of keys."""

    aid: str
    system: str
    read: str = "desfire-read"
    seal: str = "desfire-seal"
    ev1: bool = False

    def scheme(self, versions: Versions) -> Desfire:
        """Return how these badges are read, with the keys that are held."""
        read, seal = (_held("badges.desfire", name, versions) for name in (self.read, self.seal))
        return Desfire(_hex("badges.desfire.aid", self.aid), self.system.encode(), read, seal, ev1=self.ev1)


class Badges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What badges this computer's doors read. `uid`: by serial number too, the weakest proof."""

    uid: bool = True
    desfire: DesfireBadges | None = None

    def scheme(self, versions: Versions) -> Scheme:
        """Return how badges are read; `versions` tells the generations held of a key. Raise `SettingsError`."""
        try:
            return Scheme(
                desfire=None if self.desfire is None else self.desfire.scheme(versions),
                uid=self.uid,
            )
        except ValueError as error:
            raise SettingsError(f"badges: {error}") from error


def _held(place: str, name: str, versions: Versions) -> tuple[KeyRef, ...]:
    held = tuple(KeyRef(name, version) for version in versions(name))
    if not held:
        raise SettingsError(f"{place}: there is no key {name!r} in the home of keys")
    return held


def _hex(place: str, text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise SettingsError(f"{place}: {text!r} is not hexadecimal") from error


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything a door computer is told. `state` is the folder of the journal and the kept snapshot."""

    site: SiteId
    source: SourceId
    state: str
    site_key: str
    durability: Literal["buffered", "synced"] = "synced"
    bus: Broker = Broker()
    keys: SealedHome | None = None
    badges: Badges = Badges()
    reader: tuple[ReaderDevice, ...] = ()
    door: tuple[DoorDevice, ...] = ()


def load(path: Path) -> Settings:
    """Read the settings; raise `SettingsError` naming the file, the key and what was expected."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Settings)
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error
