"""What commands do to a DESFire's keys and applications."""

from typing import TYPE_CHECKING

from emulators.cards.desfire.memory import MASTER, PICC, Application, Key, Setting
from emulators.cards.desfire.rules import Refused, expect, expect_master, is_master, only
from emulators.cards.desfire.sessions import Session
from readers.credentials.ciphers import card_crc, xor
from readers.credentials.desfire.framing import Status

if TYPE_CHECKING:
    from emulators.cards.desfire.card import DesfireCard

_AES_KEYS = 0x80
_KEY_NUMBER = 0x0F
_MOST_KEYS = 14
_MOST_APPLICATIONS = 28
_NEW_APPLICATION = 5
_VENDOR = bytes((0x04, 0x01, 0x01))
_STORAGE_8K, _ISO_14443_4 = 0x1A, 0x05
_BATCH = bytes(5) + b"\x01\x26"  # made in the first week of 2026


def select(card: "DesfireCard", header: bytes, _: bytes) -> bytes:
    """SelectApplication: what was proven is forgotten, found or not."""
    card.reset()
    found = card.memory.select(header)
    if found is None:
        raise Refused(Status.APPLICATION_NOT_FOUND)
    card.selected, card.selected_aid = found, header
    return b""


def get_version(card: "DesfireCard", _header: bytes, _data: bytes) -> bytes:
    """GetVersion: hardware, software, and the card itself."""
    part = _VENDOR + bytes((card.generation.major, 0x00, _STORAGE_8K, _ISO_14443_4))
    return part + part + card.memory.uid + _BATCH


def get_uid(card: "DesfireCard", _header: bytes, _data: bytes) -> bytes:
    """GetCardUID, to whoever has proven any key."""
    expect(card.session is not None, Status.AUTHENTICATION_ERROR)
    return card.memory.uid


def get_key_version(card: "DesfireCard", header: bytes, _: bytes) -> bytes:
    """GetKeyVersion, to everybody."""
    number = only(header)
    expect(number < len(card.selected.keys), Status.NO_SUCH_KEY)
    return bytes((card.selected.keys[number].version,))


def get_key_settings(card: "DesfireCard", _header: bytes, _data: bytes) -> bytes:
    """GetKeySettings."""
    expect_master(card, unless=Setting.FREE_LISTING)
    kind = _AES_KEYS if card.selected.keys[MASTER].is_aes else 0
    return bytes((card.selected.settings, kind | len(card.selected.keys)))


def change_key_settings(card: "DesfireCard", _: bytes, data: bytes) -> bytes:
    """ChangeKeySettings."""
    expect_master(card)
    expect(card.selected.has(Setting.SETTINGS_CHANGEABLE), Status.PERMISSION_DENIED)
    card.selected.settings = only(data)
    return b""


def change_key(card: "DesfireCard", payload: bytes, _: bytes) -> bytes:
    """ChangeKey. After its own key a session is forgotten."""
    session = card.session
    if session is None:
        raise Refused(Status.AUTHENTICATION_ERROR)
    expect(bool(payload), Status.LENGTH_ERROR)
    number = payload[0] & _KEY_NUMBER
    expect(number < len(card.selected.keys), Status.NO_SUCH_KEY)
    expect(card.selected.may_change_key(number, session.key_no), Status.PERMISSION_DENIED)
    card.selected.keys[number] = _new_key(card, session, number, payload)
    if number == session.key_no:
        card.forget()
    return b""


def _new_key(card: "DesfireCard", session: Session, number: int, payload: bytes) -> Key:
    is_own = number == session.key_no
    is_aes = card.selected_aid != PICC or bool(payload[0] & _AES_KEYS)
    new = session.open_key(payload[0], payload[1:], is_own=is_own, is_aes=is_aes)
    if new is None:
        raise Refused(Status.INTEGRITY_ERROR)
    value = new.value if is_own else xor(new.value, card.selected.keys[number].value)
    expect(new.check is None or new.check == card_crc(value), Status.INTEGRITY_ERROR)
    return Key(value, new.version, is_aes)


def create_application(card: "DesfireCard", header: bytes, _: bytes) -> bytes:
    """CreateApplication, with AES keys only."""
    expect(card.selected_aid == PICC, Status.PERMISSION_DENIED)
    expect_master(card, unless=Setting.FREE_CREATION)
    expect(len(header) == _NEW_APPLICATION, Status.LENGTH_ERROR)
    aid, settings, keys = header[:3], header[3], header[4] & _KEY_NUMBER
    expect(bool(header[4] & _AES_KEYS) and 1 <= keys <= _MOST_KEYS, Status.PARAMETER_ERROR)
    expect(aid != PICC and aid not in card.memory.applications, Status.DUPLICATE)
    expect(len(card.memory.applications) < _MOST_APPLICATIONS, Status.OUT_OF_MEMORY)
    card.memory.applications[aid] = Application([Key() for _ in range(keys)], settings)
    return b""


def delete_application(card: "DesfireCard", header: bytes, _: bytes) -> bytes:
    """DeleteApplication: by the card's master key, or by the application's own where the card leaves that free."""
    expect(header in card.memory.applications, Status.APPLICATION_NOT_FOUND)
    is_inside = card.selected_aid == header and card.memory.picc.has(Setting.FREE_CREATION)
    is_allowed = card.selected_aid == PICC or is_inside
    expect(is_allowed and is_master(card), Status.AUTHENTICATION_ERROR)
    del card.memory.applications[header]
    if is_inside:
        card.reset()
    return b""


def get_application_ids(card: "DesfireCard", _header: bytes, _data: bytes) -> bytes:
    """GetApplicationIDs."""
    expect(card.selected_aid == PICC, Status.PERMISSION_DENIED)
    expect_master(card, unless=Setting.FREE_LISTING)
    return b"".join(card.memory.applications)


def format_picc(card: "DesfireCard", _header: bytes, _data: bytes) -> bytes:
    """FormatPICC: every application is gone, the card's key stays."""
    expect(card.selected_aid == PICC and is_master(card), Status.AUTHENTICATION_ERROR)
    card.memory.applications.clear()
    return b""
