"""An NTAG 424 DNA issued, given newer keys and given back; torn away at every command, and begun again."""

from collections.abc import Callable

import msgspec
import pytest

from emulators.cards.desfire import Key
from emulators.cards.ntag424 import Ntag424Card, TagMemory
from policies.ids import BadgeId
from policies.request import Assurance
from policies.roster import BadgeKind
from readers.credentials.ciphers import Cipher
from readers.credentials.exchange import Identified
from readers.credentials.issuing import Failed, Issued, Wiped
from readers.credentials.keys import KeyRef, diversify
from readers.credentials.ntag424.issuing import Ntag424Desk, issue, rekey, wipe
from readers.credentials.schemes import Ntag424, Scheme
from readers.credentials.session import identify
from tests.readers.credentials.driving import TODAY, Driver, seeded
from tests.readers.credentials.site import KEYS, NTAG_MASTER, NTAG_META, NTAG_READ, NTAG_SUN, UID, URL
from tests.readers.credentials.tearing import Moment, Torn, TornCard

BADGE = BadgeId(UID.hex())
SCHEME = Ntag424(b"desk", (NTAG_READ,), (NTAG_META,), (NTAG_SUN,), URL)
DESK = Ntag424Desk(SCHEME, (NTAG_MASTER,))
NEW = {name: KeyRef(f"ntag424-{name}", 2) for name in ("read", "meta", "sun", "master")}
NEWER = {key: bytes((number,)) * 16 for number, key in enumerate(NEW.values(), start=0xD1)}
NEW_DESK = Ntag424Desk(
    Ntag424(b"desk", (NEW["read"], NTAG_READ), (NEW["meta"], NTAG_META), (NEW["sun"], NTAG_SUN), URL),
    (NEW["master"], NTAG_MASTER),
)


def blank() -> Ntag424Card:
    return Ntag424Card(TagMemory(UID), seeded(1))


def do(work, card, desk=DESK):
    card.reset()
    return Driver(card, KEYS | NEWER).run(work(desk, seeded(5)))


def at_door(card, desk=DESK, *, sun=False):
    """Return what a door says that has the newest keys only."""
    card.reset()
    scheme = desk.scheme
    newest = Ntag424(
        scheme.system, () if sun else scheme.read[:1], scheme.meta[:1], scheme.sun[:1], scheme.url
    )
    visit = identify(card.atr, Scheme(ntag424=newest, uid=False), seeded(2), TODAY)
    return Driver(card, KEYS | NEWER).run(visit)


def test_a_blank_tag_becomes_a_badge_that_doors_read_either_way():
    card = blank()
    assert do(issue, card) == Issued(BADGE, BadgeKind.NTAG424, UID, is_new=True)
    assert at_door(card) == Identified(BADGE, Assurance.AUTHENTICATED)
    assert at_door(card, sun=True) == Identified(BADGE, Assurance.SUN)
    assert all(key.value != bytes(16) and key.version == 1 for key in card.memory.keys)
    assert card.memory.files[2].rights == 0xE000


def test_issuing_again_changes_nothing():
    card = blank()
    do(issue, card)
    before = msgspec.json.encode(card.memory.keys)
    again = do(issue, card)
    assert isinstance(again, Issued)
    assert not again.is_new
    assert msgspec.json.encode(card.memory.keys) == before


def test_newer_keys_take_the_place_of_the_old_ones():
    card = blank()
    do(issue, card)
    assert isinstance(do(rekey, card, NEW_DESK), Issued)
    assert isinstance(at_door(card, NEW_DESK), Identified)
    assert isinstance(at_door(card, NEW_DESK, sun=True), Identified)
    assert not isinstance(at_door(card), Identified)


def test_a_wiped_tag_is_as_it_left_the_factory():
    card = blank()
    do(issue, card)
    assert do(wipe, card) == Wiped(UID, BADGE)
    assert card.memory == TagMemory(UID)
    assert do(wipe, card) == Wiped(UID, None, was_blank=True)


def test_rekeying_never_takes_a_tag_that_is_not_the_sites():
    card = blank()
    assert do(rekey, card) == Failed("this tag is no badge of this site")
    assert card.memory == TagMemory(UID)


def test_a_tag_of_somebody_elses_is_left_alone():
    card = blank()
    card.memory.keys[0] = Key(b"\x55" * 16, 1)
    assert do(issue, card) == Failed("the tag's master key is somebody else's")


def test_a_desk_without_a_key_is_refused_where_it_is_made():
    with pytest.raises(ValueError, match="for numbers"):
        Ntag424Desk(Ntag424(b"desk", (NTAG_READ,), url=URL), (NTAG_MASTER,))
    with pytest.raises(ValueError, match="an address"):
        Ntag424Desk(msgspec.structs.replace(SCHEME, url="x" * 200), (NTAG_MASTER,))


WORKS: dict[str, tuple[Callable, Callable]] = {
    "issue": (lambda _: None, lambda card: do(issue, card)),
    "rekey": (lambda card: do(issue, card), lambda card: do(rekey, card, NEW_DESK)),
    "wipe": (lambda card: do(issue, card), lambda card: do(wipe, card)),
}


@pytest.mark.parametrize("moment", list(Moment), ids=lambda moment: moment.name)
@pytest.mark.parametrize("name", list(WORKS))
def test_a_tag_torn_away_at_any_command_is_gone_on_with_or_given_back_and_never_half_owned(name, moment):
    prepare, work = WORKS[name]
    for at in range(100):
        card = blank()
        prepare(card)
        try:
            work(TornCard(card, at, moment))
        except Torn:
            pass
        else:
            break
        assert_known(card, at)
        assert not isinstance(work(card), Failed), at
        assert name == "wipe" or isinstance(
            at_door(card, NEW_DESK if name == "rekey" else DESK), Identified
        ), at
        assert isinstance(do(wipe, card, NEW_DESK), Wiped), at
        assert card.memory == TagMemory(UID), at
    assert at > 15, "it was torn often"


def assert_known(card: Ntag424Card, at: int) -> None:
    """Every key is the factory's or ours for this tag, and none is ours under a factory master key."""
    ours = set()
    for master in (KEYS | NEWER).values():
        for identity in (SCHEME.identity(UID), SCHEME.site):
            ours.add(diversify(Cipher.aes(master).encrypt, identity))
    assert all(key.value in ours or key == Key() for key in card.memory.keys), at
    if card.memory.keys[0] == Key():
        assert all(key == Key() for key in card.memory.keys), at
