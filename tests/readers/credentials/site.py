"""A site's keys and the cards that were issued with them, for tests. The keys open nothing."""

from emulators.cards.desfire import Application, DesfireCard, File, Generation, Key, Memory
from emulators.cards.ntag424 import Mirroring, Ntag424Card, TagFile, TagMemory
from emulators.cards.ntag424.memory import NDEF
from readers.credentials.ciphers import Cipher
from readers.credentials.desfire.badge import FILE, Record
from readers.credentials.desfire.channel import Comm
from readers.credentials.keys import KeyRef, diversify
from readers.credentials.ntag424.message import lay_out
from readers.credentials.schemes import Desfire, Ntag424, Scheme
from tests.readers.credentials.driving import seeded

UID = bytes.fromhex("04a1b2c3d4e5f6")
BADGE = bytes.fromhex("b0b1b2b3b4b5b6b7")
AID = bytes.fromhex("4f4d54")
NTAG_READ, NTAG_META, NTAG_SUN, NTAG_MASTER = (
    KeyRef(f"ntag424-{name}", 1) for name in ("read", "meta", "sun", "master")
)
READ, SEAL, MASTER, PICC = (KeyRef(f"desfire-{name}", 1) for name in ("read", "seal", "master", "picc"))
OLD_READ = READ
NEW_READ = KeyRef("desfire-read", 2)
_ALL = (READ, SEAL, MASTER, PICC, NEW_READ, NTAG_READ, NTAG_META, NTAG_SUN, NTAG_MASTER)
KEYS = {key: bytes((number,)) * 16 for number, key in enumerate(_ALL, start=0xA1)}
DESFIRE = Desfire(AID, b"desk", (READ,), (SEAL,))
SCHEME = Scheme(desfire=DESFIRE)
URL = "badge.example/t"
NTAG = Ntag424(b"desk", read=(NTAG_READ,))
SUN = Ntag424(b"desk", meta=(NTAG_META,), sun=(NTAG_SUN,), url=URL)


def card_key(key: KeyRef, identity: bytes) -> bytes:
    return diversify(Cipher.aes(KEYS[key]).encrypt, identity)


def issued_memory(uid: bytes = UID, badge: bytes = BADGE, read: KeyRef = READ) -> Memory:
    """Return what a card holds that was issued here."""
    identity = DESFIRE.identity(uid)
    record = Record(badge, card_key(SEAL, uid + badge)[:8])
    keys = [Key(card_key(MASTER, identity), 1), Key(card_key(read, identity), read.version)]
    file = File(bytearray(record.encode()), Comm.FULL, 0x1000)
    return Memory(uid, applications={AID: Application(keys, 0x09, {FILE: file})})


def issued_card(generation: Generation = Generation.EV2, **of: object) -> DesfireCard:
    return DesfireCard(issued_memory(**of), generation, seeded(7))  # type: ignore[arg-type]  # as issued_memory has them


def card_with_other_keys() -> DesfireCard:
    """Return a card laid out like an issued one, with other keys."""
    memory = issued_memory()
    for key in memory.applications[AID].keys:
        key.value = bytes(16)
    return DesfireCard(memory)


def issued_tag(uid: bytes = UID, read_count: int = 0) -> Ntag424Card:
    """Return a tag that was issued here."""
    made = [(NTAG_MASTER, NTAG.identity(uid)), (NTAG_READ, NTAG.identity(uid)), (NTAG_META, NTAG.site)]
    made += [(NTAG_SUN, NTAG.identity(uid)), (NTAG_MASTER, NTAG.identity(uid))]
    keys = [Key(card_key(key, identity), 1) for key, identity in made]
    layout = lay_out(URL)
    mirroring = Mirroring(2, 3, layout.picc_data, layout.mac, layout.mac, b"")
    file = TagFile(bytearray(layout.content.ljust(256, b"\x00")), rights=0xE000, mirroring=mirroring)
    memory = TagMemory(uid, keys, read_count=read_count)
    memory.files[NDEF] = file
    return Ntag424Card(memory, seeded(9))


class Keys:
    """The site's keys as a `KeyStore`."""

    def versions(self, name: str) -> tuple[int, ...]:
        return tuple(sorted((key.version for key in KEYS if key.name == name), reverse=True))

    def derive(self, key: KeyRef, identity: bytes) -> bytes | None:
        return card_key(key, identity) if key in KEYS else None
