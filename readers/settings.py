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
from readers.credentials.schemes import Desfire, Ntag424, Pkoc, Scheme
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


class Ntag424Badges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The site's NTAG 424 DNA tags: names of keys, and the address on them, without `https://`.

    A computer that holds the reading key authenticates tags; one that does not reads their messages, a weaker proof.
    """

    system: str
    url: str = ""
    read: str = "ntag424-read"
    meta: str = "ntag424-meta"
    sun: str = "ntag424-sun"

    def scheme(self, versions: Versions) -> Ntag424:
        """Return how these tags are read, with the keys that are held."""
        read, meta, sun = (_generations(name, versions) for name in (self.read, self.meta, self.sun))
        return Ntag424(self.system.encode(), read, meta, sun, self.url)


class PkocBadges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """PKOC badges: site and reader identifier, 32 bytes in hex, and the issuers' public keys by their 16 characters."""

    reader: str = "00" * 32
    issuers: dict[str, str] = {}

    def scheme(self) -> Pkoc:
        """Return how these badges are read."""
        points = {name: _hex(f"badges.pkoc.issuers.{name}", point) for name, point in self.issuers.items()}
        return Pkoc(_hex("badges.pkoc.reader", self.reader), points)


class Badges(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What badges this computer's doors read. `uid`: by serial number too, the weakest proof."""

    uid: bool = True
    desfire: DesfireBadges | None = None
    ntag424: Ntag424Badges | None = None
    pkoc: PkocBadges | None = None

    def scheme(self, versions: Versions) -> Scheme:
        """Return how badges are read; `versions` tells the generations held of a key. Raise `SettingsError`."""
        try:
            return Scheme(
                desfire=None if self.desfire is None else self.desfire.scheme(versions),
                ntag424=None if self.ntag424 is None else self.ntag424.scheme(versions),
                pkoc=None if self.pkoc is None else self.pkoc.scheme(),
                uid=self.uid,
            )
        except ValueError as error:
            raise SettingsError(f"badges: {error}") from error


def _held(place: str, name: str, versions: Versions) -> tuple[KeyRef, ...]:
    held = _generations(name, versions)
    if not held:
        raise SettingsError(f"{place}: there is no key {name!r} in the home of keys")
    return held


def _generations(name: str, versions: Versions) -> tuple[KeyRef, ...]:
    return tuple(KeyRef(name, version) for version in versions(name))


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
