"""Every message that cards and readers of this house exchange, checked by a listener with a computation of its own."""

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from emulators.cards.desfire import DesfireCard, Generation, Memory
from emulators.cards.ntag424 import Ntag424Card, TagMemory
from emulators.cards.pkoc import PkocCard
from readers.credentials.desfire import issuing as desfire
from readers.credentials.exchange import Identified
from readers.credentials.issuing import Failed
from readers.credentials.ntag424 import issuing as ntag424
from readers.credentials.schemes import Pkoc, Scheme
from readers.credentials.session import identify
from tests.readers.credentials.desfire.test_issuing import DESK, NEW_DESK, NEWER
from tests.readers.credentials.driving import TODAY, Driver, seeded
from tests.readers.credentials.ntag424.test_issuing import DESK as TAG_DESK
from tests.readers.credentials.ntag424.test_issuing import NEW_DESK as NEW_TAG_DESK
from tests.readers.credentials.ntag424.test_issuing import NEWER as NEWER_TAG
from tests.readers.credentials.overheard import Block, Overheard, truncated
from tests.readers.credentials.site import AID, DESFIRE, KEYS, NTAG_META, NTAG_SUN, SUN, UID

ALL_KEYS = KEYS | NEWER | NEWER_TAG


def an10922(master: bytes, identity: bytes) -> bytes:
    """Return AN10922's AES-128 key by the listener's own blocks, for identities of less than 31 bytes."""
    block = Block(master)
    message = b"\x01" + identity
    padded = message + b"\x80" + bytes(31 - len(message))
    value = int.from_bytes(block.encrypt(bytes(16)), "big")
    for _ in range(2):
        value = ((value << 1) ^ (0x87 if value >> 127 else 0)) & ((1 << 128) - 1)
    last = bytes(one ^ two for one, two in zip(padded[16:], value.to_bytes(16, "big"), strict=True))
    first = block.encrypt(padded[:16])
    return block.encrypt(bytes(one ^ two for one, two in zip(first, last, strict=True)))


def listen_desfire(card: DesfireCard) -> Overheard:
    def key_of(application, number):
        found = card.memory.select(application)
        assert found is not None
        return found.keys[number].value

    def comm_of(application, number):
        found = card.memory.select(application)
        file = found.files.get(number) if found else None
        return None if file is None else int(file.comm)

    return Overheard(card, key_of, comm_of)


def listen_tag(card: Ntag424Card) -> Overheard:
    def comm_of(_, number):
        file = card.memory.files.get(number)
        return None if file is None else int(file.comm)

    return Overheard(card, lambda _, number: card.memory.keys[number].value, comm_of)


def run(heard: Overheard, conversation):
    heard.reset()
    return Driver(heard, ALL_KEYS).run(conversation)


@pytest.mark.parametrize("generation", list(Generation))
def test_all_that_is_said_in_the_life_of_a_desfire_badge_is_as_the_specification_has_it(generation):
    card = DesfireCard(Memory(UID), generation, seeded(1))
    heard = listen_desfire(card)
    issued = run(heard, desfire.issue(DESK, seeded(2)))
    assert not isinstance(issued, Failed)
    for key, name in zip(card.memory.applications[AID].keys, ("master", "read"), strict=True):
        master = next(value for ref, value in KEYS.items() if ref.name == f"desfire-{name}")
        assert key.value == an10922(master, UID + AID + b"desk")
    assert card.memory.picc.keys[0].value == an10922(KEYS[DESK.picc[0]], UID + bytes(3) + b"desk")
    sealed = an10922(KEYS[DESFIRE.seal[0]], UID + bytes.fromhex(issued.badge))[:8]
    record = b"\x01" + bytes.fromhex(issued.badge) + sealed
    assert (0x3D, record) in heard.opened, "what was written"
    scheme = Scheme(desfire=msgspec.structs.replace(DESFIRE, ev1=True))
    heard.opened.clear()
    outcome = run(heard, identify(card.atr, scheme, seeded(3), TODAY))
    assert isinstance(outcome, Identified)
    assert heard.opened == [(0xBD, record)], "what a door reads"
    assert not isinstance(run(heard, desfire.rekey(NEW_DESK, seeded(4))), Failed)
    assert not isinstance(run(heard, desfire.wipe(NEW_DESK, seeded(5))), Failed)
    assert heard.checked > 40


def test_all_that_is_said_in_the_life_of_an_ntag_424_is_as_the_specification_has_it():
    card = Ntag424Card(TagMemory(UID), seeded(1))
    heard = listen_tag(card)
    assert not isinstance(run(heard, ntag424.issue(TAG_DESK, seeded(2))), Failed)
    settings = next(clear for ins, clear in heard.opened if ins == 0x5F and len(clear) > 3)
    assert settings[:6].hex() == "4000e0c1ff23"
    door = Scheme(ntag424=msgspec.structs.replace(TAG_DESK.scheme, meta=(), sun=()))
    assert isinstance(run(heard, identify(card.atr, door, seeded(3), TODAY)), Identified)
    assert not isinstance(run(heard, ntag424.rekey(NEW_TAG_DESK, seeded(4))), Failed)
    assert not isinstance(run(heard, ntag424.wipe(NEW_TAG_DESK, seeded(5))), Failed)
    assert heard.checked > 30


def test_a_sun_message_is_as_the_specification_has_it():
    card = Ntag424Card(TagMemory(UID), seeded(1))
    driver = Driver(card, KEYS)
    driver.run(ntag424.issue(TAG_DESK, seeded(2)))
    card.reset()
    driver.trace.clear()
    assert isinstance(driver.run(identify(card.atr, Scheme(ntag424=SUN), seeded(3), TODAY)), Identified)
    content = next(answer for apdu, answer in driver.trace if apdu[1] == 0xB0)
    address = content[7 : 7 + content[4] - 1].decode()
    picc_data, mac = (bytes.fromhex(part[2:]) for part in address.split("?")[1].split("&"))
    meta = Block(an10922(KEYS[NTAG_META], bytes.fromhex("850101") + b"desk"))
    opened = meta.decrypt_cbc(picc_data, bytes(16))
    assert opened[:8] == b"\xc7" + UID
    assert int.from_bytes(opened[8:11], "little") == 1
    key = Block(an10922(KEYS[NTAG_SUN], UID + bytes.fromhex("850101") + b"desk"))
    session = key.cmac(bytes.fromhex("3cc300010080") + opened[1:11])
    assert mac == truncated(Block(session).cmac(b""))


def test_a_pkoc_signature_is_as_the_specification_has_it():
    card = PkocCard(derive_private_key(7, SECP256R1()))
    driver = Driver(card)
    assert isinstance(driver.run(identify(card.atr, Scheme(pkoc=Pkoc()), seeded(3), TODAY)), Identified)
    command, answer = driver.trace[-1]
    transaction = command[command.index(b"\x4c\x10") + 2 :][:16]
    point = answer[2:67]
    r, s = (int.from_bytes(answer[at : at + 32], "big") for at in (69, 101))
    key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)
    key.verify(encode_dss_signature(r, s), transaction, ECDSA(SHA256()))


@pytest.mark.parametrize("generation", list(Generation))
def test_the_listener_hears_a_wrong_mac(generation, monkeypatch):
    from emulators.cards.desfire import sessions

    card = DesfireCard(Memory(UID), generation, seeded(1))
    heard = listen_desfire(card)
    kind = sessions.Ev1Session if generation is Generation.EV1 else sessions.Ev2Session
    protect = kind.protect

    def protect_wrongly(self, data, comm):
        said = protect(self, data, comm)
        return said[:-1] + bytes((said[-1] ^ 1,))

    monkeypatch.setattr(kind, "protect", protect_wrongly)
    with pytest.raises(AssertionError, match="the MAC of the answer"):
        run(heard, desfire.issue(DESK, seeded(2)))
