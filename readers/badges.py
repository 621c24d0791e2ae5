"""What settings say of badges: what a site's look like, where their keys live, and which keys a desk issues with.

Names and public values only; the keys are in their home. What is read here becomes a `Scheme` or a desk's work.
"""

from collections.abc import Callable

import msgspec

from readers.credentials.desfire.issuing import DesfireDesk
from readers.credentials.keys import KeyRef
from readers.credentials.ntag424.issuing import Ntag424Desk
from readers.credentials.ntag424.message import lay_out
from readers.credentials.schemes import Desfire, Ntag424, Pkoc, Scheme
from readers.errors import SettingsError

Versions = Callable[[str], tuple[int, ...]]
"""Tells the generations that are held of a key, the newest first."""


class SealedHome(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="home", tag="sealed"):
    """Keys in a sealed file, and the file that holds the key-encryption key."""

    file: str
    unlock: str


class Pkcs11Home(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="home", tag="pkcs11"):
    """Keys in a secure element: the module's library, the token's label, and the file that holds its PIN."""

    module: str
    token: str
    pin_file: str


Home = SealedHome | Pkcs11Home


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

    def __post_init__(self) -> None:
        if not self.url:
            return
        try:
            lay_out(self.url)
        except ValueError as error:
            raise ValueError(f"url: {error}") from error

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


class Masters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The names of the keys that a desk alone holds."""

    desfire: str = "desfire-master"
    picc: str = "desfire-picc"
    ntag424: str = "ntag424-master"

    def desfire_desk(self, badges: Badges, versions: Versions) -> DesfireDesk:
        """Return what DESFire badges are issued with; raise `SettingsError` where something is missing."""
        if badges.desfire is None:
            raise SettingsError("badges.desfire: not set, so no DESFire badge can be issued")
        master, picc = _generations(self.desfire, versions), _generations(self.picc, versions)
        try:
            return DesfireDesk(badges.desfire.scheme(versions), master, picc)
        except ValueError as error:
            raise SettingsError(f"masters: {error}") from error

    def ntag424_desk(self, badges: Badges, versions: Versions) -> Ntag424Desk:
        """Return what NTAG 424 badges are issued with; raise `SettingsError` where something is missing."""
        if badges.ntag424 is None:
            raise SettingsError("badges.ntag424: not set, so no NTAG 424 badge can be issued")
        try:
            scheme = badges.ntag424.scheme(versions)
            return Ntag424Desk(scheme, _generations(self.ntag424, versions))
        except ValueError as error:
            raise SettingsError(f"badges.ntag424: {error}") from error
