"""NTAG 424 DNA as a badge: by authentication, and by its SUN message for weaker doors."""

import msgspec
import pytest

from emulators.cards.hostile import Replaying
from policies.ids import BadgeId
from policies.request import Assurance
from readers.credentials.exchange import Identified, unproven
from readers.credentials.schemes import Ntag424, Scheme
from readers.credentials.session import identify
from tests.readers.credentials.driving import TODAY, Driver, seeded
from tests.readers.credentials.site import (
    KEYS,
    NTAG,
    NTAG_META,
    NTAG_READ,
    NTAG_SUN,
    SUN,
    UID,
    URL,
    issued_tag,
)

BADGE = BadgeId(UID.hex())


def visit(driver: Driver, scheme: Ntag424 = NTAG):
    driver.card.reset()
    return driver.run(identify(driver.card.atr, Scheme(ntag424=scheme), seeded(3), TODAY))


def at_door(card, keys=KEYS) -> Driver:
    return Driver(card, keys)


def test_a_tag_of_the_site_is_authenticated():
    assert visit(at_door(issued_tag())) == Identified(BADGE, Assurance.AUTHENTICATED)


def test_a_tag_of_another_key_is_refused():
    assert visit(at_door(issued_tag(), KEYS | {NTAG_READ: bytes(16)})) == unproven("ntag424-wrong-key")
    assert visit(at_door(issued_tag(), {})) == unproven("ntag424-wrong-key")


def test_a_door_without_the_reading_key_takes_the_message_as_less_proof():
    assert visit(at_door(issued_tag()), SUN) == Identified(BADGE, Assurance.SUN)


def test_every_reading_counts_further_and_is_accepted():
    door = at_door(issued_tag())
    assert [visit(door, SUN) for _ in range(3)] == [Identified(BADGE, Assurance.SUN)] * 3
    assert door.counts == {BADGE: 3}


def test_a_message_that_was_seen_is_refused():
    copy = Replaying(issued_tag())
    door = at_door(copy)
    assert visit(door, SUN) == Identified(BADGE, Assurance.SUN)
    copy.is_copy = True
    assert visit(door, SUN) == unproven("ntag424-replayed-message")


def test_a_tag_whose_count_went_back_is_refused():
    tag = issued_tag(read_count=5)
    door = at_door(tag)
    assert visit(door, SUN) == Identified(BADGE, Assurance.SUN)
    tag.memory.read_count = 0
    assert visit(door, SUN) == unproven("ntag424-replayed-message")


def test_a_message_for_another_tags_number_is_refused():
    tag = issued_tag()
    other = issued_tag(bytes.fromhex("04000000000001"))
    tag.memory.uid, other.memory.uid = other.memory.uid, tag.memory.uid
    assert visit(at_door(tag), SUN) == unproven("ntag424-wrong-message")


@pytest.mark.parametrize("key", [NTAG_META, NTAG_SUN])
def test_a_message_by_another_key_is_refused_and_spends_nothing(key):
    door = at_door(issued_tag(), KEYS | {key: bytes(16)})
    assert visit(door, SUN) == unproven("ntag424-wrong-message")
    assert door.counts == {}


def test_a_blank_tag_has_no_message():
    tag = issued_tag()
    tag.memory.files[2].mirroring = None
    tag.memory.files[2].content = bytearray(256)
    assert visit(at_door(tag), SUN) == unproven("ntag424-no-message")


def test_a_scheme_without_keys_is_refused_where_it_is_made():
    with pytest.raises(ValueError, match="reading key, or"):
        Ntag424(b"desk", url=URL)
    with pytest.raises(ValueError, match="at most 21"):
        msgspec.structs.replace(NTAG, system=bytes(22))
