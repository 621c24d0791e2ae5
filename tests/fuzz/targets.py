"""What is fuzzed: each target takes bytes, makes the worst of them, and asserts what must hold for any bytes whatever.

The same targets run under Hypothesis in `make test` and under atheris, which looks for new paths, for as long as
`make fuzz` is told.
"""

from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

from emulators.cards.card import VirtualCard
from emulators.cards.desfire import DesfireCard, Generation, Memory
from emulators.cards.ntag424 import Ntag424Card, TagMemory
from emulators.cards.ntag424.memory import parse_settings
from emulators.cards.pkoc import PkocCard
from emulators.pn532 import Pn532
from policies.request import Assurance
from readers.credentials import apdu, atr, uid
from readers.credentials.desfire import badge as desfire_badge
from readers.credentials.desfire import issuing as desfire
from readers.credentials.desfire.framing import Framing, parse_answer
from readers.credentials.exchange import Derive, Found, Identified, Rejected, Step, Transmit, carry_out
from readers.credentials.issuing import Failed
from readers.credentials.ntag424 import issuing as ntag424
from readers.credentials.ntag424.message import parse_message
from readers.credentials.pkoc import tlv
from readers.credentials.pkoc.cvc import parse_certificate
from readers.credentials.schemes import Ntag424, Pkoc, Scheme
from readers.credentials.session import MOST_EXCHANGES, identify
from readers.transports.contactless import parse_ats, parse_targets
from tests.fuzz.sites import site
from tests.readers.credentials.driving import TODAY, Driver, seeded
from tests.readers.credentials.site import (
    BADGE,
    DESFIRE,
    KEYS,
    MASTER,
    NTAG,
    NTAG_MASTER,
    NTAG_META,
    NTAG_READ,
    NTAG_SUN,
    PICC,
    SUN,
    UID,
    URL,
    card_key,
    issued_card,
    issued_tag,
)

CONTACTLESS = bytes.fromhex("3b8180018080")
ISSUER_KEY = derive_private_key(8, SECP256R1())
SCHEMES = (
    Scheme(desfire=DESFIRE, ntag424=NTAG, pkoc=Pkoc()),
    Scheme(ntag424=SUN, pkoc=Pkoc(issuers={"FRKM00ISSUER0001": b"\x04" + bytes(64)})),
    Scheme(uid=False, desfire=DESFIRE),
)
DESK = desfire.DesfireDesk(DESFIRE, (MASTER,), (PICC,))
TAG_DESK = ntag424.Ntag424Desk(Ntag424(b"desk", (NTAG_READ,), (NTAG_META,), (NTAG_SUN,), URL), (NTAG_MASTER,))


def parsers(data: bytes) -> None:
    """Read anything: no parser raises, and what it read is what stood there."""
    command, response = apdu.parse_command(data), apdu.parse_response(data)
    assert isinstance(command, apdu.Malformed) or command.encode() == data
    assert isinstance(response, apdu.Malformed) or response.encode() == data
    for framing in Framing:
        parse_answer(framing, data)
    atr.recognise(data)
    uid.parse_uid(data)
    desfire_badge.parse_record(data)
    parse_message(URL, data)
    parse_settings(data)
    parse_certificate(data)
    parse_targets(data)
    parse_ats(data)
    elements = tlv.parse(data)
    assert elements is None or b"".join(element.raw for element in elements) == data


def stranger(data: bytes) -> None:
    """Let a card without any key say anything: it proves nothing, and its visit ends."""
    which = data[0] if data else 0
    scheme, said = SCHEMES[which % len(SCHEMES)], _Said(data[1:], uid=UID if which & 0x80 else None)
    outcome = carry_out(identify(CONTACTLESS, scheme, seeded(1), TODAY), said.answer)
    assert said.commands <= MOST_EXCHANGES
    if isinstance(outcome, Identified):
        assert outcome.assurance is Assurance.UID
        assert scheme.uid
        assert outcome.badge in {UID.hex(), *(answer[:-2].hex() for answer in said.given)}
    else:
        assert isinstance(outcome, Rejected)


def tampered(data: bytes) -> None:
    """Change what a badge says on its way to the door: that makes no other badge of it."""
    which, *changes = data or b"\x00"
    card: VirtualCard = issued_card() if which % 2 else issued_tag()
    scheme = (Scheme(desfire=DESFIRE), Scheme(ntag424=NTAG), Scheme(ntag424=SUN))[which % 3]
    driver = Driver(_Tampered(card, bytes(changes)), KEYS)
    outcome = driver.run(identify(card.atr, scheme, seeded(2), TODAY))
    if isinstance(outcome, Identified) and outcome.assurance is not Assurance.UID:
        assert outcome.badge in (BADGE.hex(), UID.hex())


def card(data: bytes) -> None:
    """Say anything to an emulated card: it answers."""
    which, rest = (data[0], data[1:]) if data else (0, b"")
    cards: tuple[VirtualCard, ...] = (
        DesfireCard(Memory(UID), Generation.EV1, seeded(1)),
        issued_card(),
        Ntag424Card(TagMemory(UID), seeded(1)),
        issued_tag(),
        PkocCard(ISSUER_KEY, draw=seeded(1)),
    )
    made = cards[which % len(cards)]
    while rest:
        command, rest = rest[1 : 1 + rest[0]], rest[1 + rest[0] :]
        assert len(made.process(command)) >= 1


def chip(data: bytes) -> None:
    """Say anything to an emulated reader chip, and over it to a card: it answers what is a frame of its own."""
    made, rest = Pn532(), data
    made.present(issued_card())
    while rest:
        said, rest = rest[1 : 1 + rest[0]], rest[1 + rest[0] :]
        made.hear(framed(said[1:]) if said[:1] == b"\x00" else said)
    made.remove()


def framed(command: bytes) -> bytes:
    """Put a command into a frame that the chip takes (UM0701-02, section 6.2.1.1)."""
    body = b"\xd4" + command
    length = len(body) & 0xFF
    return b"\x00\x00\xff" + bytes((length, -length & 0xFF)) + body + bytes((-sum(body) & 0xFF, 0))


def desk(data: bytes) -> None:
    """Work at a desk on a card that says anything: it ends in words for the person there."""
    works = (
        lambda: desfire.issue(DESK, seeded(1)),
        lambda: desfire.wipe(DESK, seeded(1)),
        lambda: ntag424.issue(TAG_DESK, seeded(1)),
        lambda: ntag424.wipe(TAG_DESK, seeded(1)),
    )
    said = _Said(data[1:], uid=UID)
    outcome = carry_out(works[data[0] % len(works) if data else 0](), said.answer)
    assert isinstance(outcome, Failed)


TARGETS: dict[str, Callable[[bytes], None]] = {
    each.__name__: each for each in (parsers, stranger, tampered, card, chip, desk, site)
}


_STATUSES = tuple(map(bytes.fromhex, ("", "9000", "9100", "91af", "911c", "91ae", "6a82", "6110")))
"""How an answer may end: most of what is drawn would be no answer at all."""


class _Said:
    """A card that says what it was given, part after part, and then nothing. Keys are the site's own."""

    def __init__(self, data: bytes, uid: bytes | None = None) -> None:
        self._rest, self._uid = data, uid
        self.given: list[bytes] = []
        self.commands = 0

    def answer(self, step: Step) -> bytes:
        if isinstance(step, Derive):
            return card_key(step.key, step.identity) if step.key in KEYS else b""
        if not isinstance(step, Transmit):
            return b"" if isinstance(step, Found) else b"\x01"
        self.commands += 1
        if self._uid is not None and step.apdu[0] == 0xFF:
            return self._uid + b"\x90\x00"
        status, length = (self._rest[0], self._rest[1]) if len(self._rest) > 1 else (0, 0)
        said, self._rest = (
            self._rest[2 : 2 + length] + _STATUSES[status % len(_STATUSES)],
            self._rest[2 + length :],
        )
        self.given.append(said)
        return said


class _Tampered:
    """A card whose words are changed on the way: each change is a place and what is added there."""

    def __init__(self, card: VirtualCard, changes: bytes) -> None:
        self._card, self._changes = card, changes
        self.atr = card.atr

    def process(self, command: bytes) -> bytes:
        answer = bytearray(self._card.process(command))
        where, what = self._changes[:1], self._changes[1:2]
        self._changes = self._changes[2:]
        if where and what and command[0] != 0xFF:
            answer[where[0] % len(answer)] ^= what[0]
        return bytes(answer)

    def reset(self) -> None:
        self._card.reset()
