"""NTAG 424 DNA as a badge: by authentication where the door holds the reading key, else by its SUN message.

Its identifier is the chip's own number, proven by a key that is derived from it. Key 0 personalises and is at no door;
key 1 is read by; keys 2 and 3 make the SUN message (number and count, and their MAC).
"""

from collections.abc import Callable
from hmac import compare_digest

from policies.ids import BadgeId
from policies.request import Assurance
from readers.credentials import iso
from readers.credentials.apdu import Status
from readers.credentials.desfire import ev2
from readers.credentials.desfire.channel import AuthenticationFailed
from readers.credentials.desfire.framing import Line
from readers.credentials.exchange import Advance, Conversation, Derive, Identified, Rejected, unproven
from readers.credentials.ntag424 import sun
from readers.credentials.ntag424.message import SunMessage, parse_message
from readers.credentials.schemes import Ntag424

APPLICATION = bytes.fromhex("d2760000850101")
NDEF_FILE = 0xE104
MASTER_KEY, READ_KEY, META_KEY, SUN_KEY, SPARE_KEY = range(5)


def identify_by_ntag424(
    scheme: Ntag424, uid: bytes, draw: Callable[[int], bytes]
) -> Conversation[Identified | Rejected | None]:
    """Read a badge; None where the card has no such application."""
    selected = yield from iso.select_application(APPLICATION)
    if selected.status != Status.OK:
        return None
    if scheme.read:
        return (yield from _authenticate(scheme, uid, draw))
    return (yield from _read_sun(scheme, uid))


def _authenticate(
    scheme: Ntag424, uid: bytes, draw: Callable[[int], bytes]
) -> Conversation[Identified | Rejected]:
    for key in scheme.read:
        tag_key = yield Derive(key, scheme.identity(uid))
        if not tag_key:
            continue
        channel = yield from ev2.authenticate(Line(), READ_KEY, tag_key, draw)
        if isinstance(channel, ev2.Ev2Channel):
            return Identified(BadgeId(uid.hex()), Assurance.AUTHENTICATED)
        if channel is not AuthenticationFailed.WRONG_KEY:
            return unproven(f"ntag424-{channel.name.lower()}")
    return unproven("ntag424-wrong-key")


def _read_sun(scheme: Ntag424, uid: bytes) -> Conversation[Identified | Rejected]:
    content = None
    if (yield from iso.select_file(NDEF_FILE)):
        content = yield from iso.read_binary()
    message = None if content is None else parse_message(scheme.url, content)
    if message is None:
        return unproven("ntag424-no-message")
    mirror = yield from _prove_message(scheme, uid, message)
    if mirror is None:
        return unproven("ntag424-wrong-message")
    if not (yield Advance(uid.hex(), mirror.count)):
        return unproven("ntag424-replayed-message")
    return Identified(BadgeId(uid.hex()), Assurance.SUN)


def _prove_message(scheme: Ntag424, uid: bytes, message: SunMessage) -> Conversation[sun.Mirror | None]:
    """Return what a message says, if a key that is held made it for this tag."""
    for meta in scheme.meta:
        meta_key = yield Derive(meta, scheme.site)
        mirror = sun.open_picc_data(meta_key, message.picc_data) if meta_key else None
        if mirror is None or mirror.uid != uid:
            continue
        for key in scheme.sun:
            tag_key = yield Derive(key, scheme.identity(uid))
            if tag_key and compare_digest(sun.mac(tag_key, mirror, b""), message.mac):
                return mirror
    return None
