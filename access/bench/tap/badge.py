"""The badge that is tapped: an emulated DESFire EV2 as a site issues it, and the exchange that reads it, recorded.

The recording is the yardstick: the same commands, answered by the same card, with nobody who computes anything between
them. So that one recording fits every tap, that card draws the same challenge each time.
"""

from collections.abc import Callable
from datetime import date
from functools import partial

from emulators.cards.desfire import Application, DesfireCard, File, Generation, Key, Memory
from policies.ids import BadgeId
from readers.credentials.atr import processor_card_atr
from readers.credentials.ciphers import Cipher
from readers.credentials.desfire.badge import FILE, Record
from readers.credentials.desfire.channel import Comm
from readers.credentials.exchange import Derive, Identified, Step, Transmit, carry_out
from readers.credentials.keys import KeyRef, diversify
from readers.credentials.schemes import Desfire, Scheme
from readers.credentials.session import identify
from readers.keystores.sealed import SealedKeys

BADGE = BadgeId("b0b1b2b3b4b5b6b7")
_UID = bytes.fromhex("04a1b2c3d4e5f6")
_AID = bytes.fromhex("4f4d54")
_READ, _SEAL, _MASTER = (KeyRef(f"desfire-{name}", 1) for name in ("read", "seal", "master"))
_KEYS = {key: bytes((number,)) * 16 for number, key in enumerate((_READ, _SEAL, _MASTER), start=0xB1)}
_ANY_DAY = date(2026, 9, 15)  # certificates are looked at by it; a DESFire has none
_SETTINGS, _READ_KEY_ONLY = 0x09, 0x1000
_DESFIRE = Desfire(_AID, b"bench", (_READ,), (_SEAL,))

SCHEME = Scheme(desfire=_DESFIRE)
KEYS = SealedKeys({key: _KEYS[key] for key in (_READ, _SEAL)})

Draw = Callable[[int], bytes]


def same(size: int) -> bytes:
    """Draw the same challenge each time."""
    return bytes(range(size))


def issued_card(draw: Draw | None = None) -> DesfireCard:
    """Return the badge in a holder's hand."""
    identity = _DESFIRE.identity(_UID)
    number = bytes.fromhex(BADGE)
    record = Record(number, _own(_SEAL, _UID + number)[:8])
    file = File(bytearray(record.encode()), Comm.FULL, _READ_KEY_ONLY)
    keys = [Key(_own(key, identity), key.version) for key in (_MASTER, _READ)]
    memory = Memory(_UID, applications={_AID: Application(keys, _SETTINGS, {FILE: file})})
    return DesfireCard(memory, Generation.EV2) if draw is None else DesfireCard(memory, Generation.EV2, draw)


def recorded() -> tuple[tuple[bytes, bytes], ...]:
    """Read such a badge once; return every command with its answer."""
    card = issued_card(same)
    said: list[tuple[bytes, bytes]] = []

    def answer(step: Step) -> bytes:
        match step:
            case Transmit(apdu):
                said.append((apdu, card.process(apdu)))
                return said[-1][1]
            case Derive(key, identity):
                return _own(key, identity)
            case _:
                raise TypeError(f"{step}: not asked of a DESFire")

    outcome = carry_out(identify(processor_card_atr(b"\x80"), SCHEME, same, _ANY_DAY), answer)
    if not isinstance(outcome, Identified) or outcome.badge != BADGE:
        raise ValueError(f"the badge was not read: {outcome}")
    return tuple(said)


def _own(key: KeyRef, identity: bytes) -> bytes:
    return diversify(Cipher.aes(_KEYS[key]).encrypt, identity)


make_same_card = partial(issued_card, same)
