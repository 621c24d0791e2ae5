"""Cards by their kind and a file of keys: as they leave the factory, or with keys of somebody's choice."""

from collections.abc import Sequence
from enum import Enum

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    derive_private_key,
    generate_private_key,
)

from emulators.cards.card import VirtualCard
from emulators.cards.desfire import Application, DesfireCard, Generation, Key, Memory
from emulators.cards.desfire.memory import PICC
from emulators.cards.ntag424 import Ntag424Card, TagMemory
from emulators.cards.pkoc import PkocCard
from emulators.cards.uid import UidCard

_NXP_UID = 7
_AES_KEY = 16
_NTAG_APPLICATION = "d2760000850101"
_NTAG_KEYS = 5
_SCALAR = 32


class Kind(Enum):
    """What a card can do."""

    UID = "uid"
    DESFIRE_EV1 = "desfire-ev1"
    DESFIRE_EV2 = "desfire-ev2"
    NTAG424 = "ntag424"
    PKOC = "pkoc"


class CardKeys(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file of keys, all in hex.

    `picc` is a DESFire's AES master key (zeros for triple DES where None). `applications` are AES keys by the
    identifier as the card is sent it; the one of an NTAG 424 is `d2760000850101`. `private` and `certificate` are a
    PKOC card's.
    """

    picc: str | None = None
    applications: dict[str, list[str]] = {}
    private: str | None = None
    certificate: str | None = None


def make_card(kind: Kind, uid: bytes, keys: CardKeys) -> tuple[str, VirtualCard]:
    """Return the identifier that the card shows, in hex, and the card; ValueError for what does not fit its kind."""
    if kind is Kind.PKOC:
        card = PkocCard(_private_key(keys.private), _maybe_hex("certificate", keys.certificate))
        return card.point[1:33].hex(), card
    if kind is Kind.UID:
        return uid.hex(), UidCard(uid)
    if len(uid) != _NXP_UID:
        raise ValueError(f"a number of {len(uid)} bytes; expected {_NXP_UID} for {kind.value}")
    if kind is Kind.NTAG424:
        return uid.hex(), Ntag424Card(_tag_memory(uid, keys))
    return uid.hex(), DesfireCard(_desfire_memory(uid, keys), Generation(kind.value))


def _desfire_memory(uid: bytes, keys: CardKeys) -> Memory:
    memory = Memory(uid)
    if keys.picc is not None:
        memory.picc.keys = _aes_keys("picc", [keys.picc])
    for name, values in keys.applications.items():
        aid = _hex("application", name, len(PICC))
        memory.applications[aid] = Application(_aes_keys(name, values))
    return memory


def _tag_memory(uid: bytes, keys: CardKeys) -> TagMemory:
    memory = TagMemory(uid)
    for name, values in keys.applications.items():
        if name != _NTAG_APPLICATION or len(values) != _NTAG_KEYS:
            raise ValueError(f"application {name}: expected {_NTAG_APPLICATION} with {_NTAG_KEYS} keys")
        memory.keys = _aes_keys(name, values)
    return memory


def _aes_keys(name: str, values: Sequence[str]) -> list[Key]:
    if not values:
        raise ValueError(f"{name}: no keys")
    return [Key(_hex(f"key {number} of {name}", value, _AES_KEY)) for number, value in enumerate(values)]


def _private_key(text: str | None) -> EllipticCurvePrivateKey:
    if text is None:
        return generate_private_key(SECP256R1())
    return derive_private_key(int.from_bytes(_hex("private", text, _SCALAR), "big"), SECP256R1())


def _maybe_hex(what: str, text: str | None) -> bytes | None:
    return None if text is None else _hex(what, text, None)


def _hex(what: str, text: str, size: int | None) -> bytes:
    """Read hex of a size; the error does not show what may be a key."""
    try:
        value = bytes.fromhex(text)
    except ValueError:
        value = b""
    if not value or size not in (None, len(value)):
        raise ValueError(f"{what}: expected {size or 'some'} bytes in hex")
    return value
