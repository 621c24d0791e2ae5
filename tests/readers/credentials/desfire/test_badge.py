"""Badges on DESFire cards: read by the site's keys, and by nothing else."""

import msgspec
import pytest

from emulators.cards.desfire import DesfireCard, Generation
from policies.ids import BadgeId
from policies.request import Assurance
from readers.credentials.exchange import Identified, Rejected, unproven
from readers.credentials.schemes import Scheme
from readers.credentials.session import identify
from tests.readers.credentials.driving import TODAY, Driver, seeded
from tests.readers.credentials.site import (
    BADGE,
    DESFIRE,
    KEYS,
    NEW_READ,
    OLD_READ,
    SCHEME,
    SEAL,
    UID,
    issued_card,
    issued_memory,
)

PROVEN = Identified(BadgeId(BADGE.hex()), Assurance.AUTHENTICATED)


def but(**changes) -> Scheme:
    return Scheme(desfire=msgspec.structs.replace(DESFIRE, **changes))


def visit(card, scheme=SCHEME, keys=KEYS) -> Identified | Rejected:
    return Driver(card, keys).run(identify(card.atr, scheme, seeded(3), TODAY))


def test_a_card_of_the_site_is_identified_by_its_file():
    assert visit(issued_card()) == PROVEN


def test_a_visit_takes_four_exchanges_over_the_air():
    driver = Driver(issued_card(), KEYS)
    driver.run(identify(driver.card.atr, SCHEME, seeded(3), TODAY))
    assert [apdu[:2].hex() for apdu, _ in driver.trace] == ["ffca", "905a", "9071", "90af", "90bd"]


def test_an_ev1_card_is_read_where_the_site_still_has_them_and_refused_elsewhere():
    assert visit(issued_card(Generation.EV1), but(ev1=True)) == PROVEN
    assert visit(issued_card(Generation.EV1)) == unproven("desfire-not_spoken")


def test_a_card_of_another_master_key_is_refused():
    assert visit(issued_card(), keys=KEYS | {OLD_READ: bytes(16)}) == unproven("desfire-wrong-key")


def test_a_door_without_the_key_proves_nothing():
    assert visit(issued_card(), keys={SEAL: KEYS[SEAL]}) == unproven("desfire-wrong-key")


def test_old_and_new_keys_are_both_read_while_they_change():
    both = but(read=(NEW_READ, OLD_READ))
    assert visit(issued_card(read=OLD_READ), both) == PROVEN
    assert visit(issued_card(read=NEW_READ), both) == PROVEN
    assert visit(issued_card(read=OLD_READ), but(read=(NEW_READ,))) == unproven("desfire-wrong-key")


def test_the_keys_of_one_card_do_not_make_another_badge():
    memory = issued_memory()
    forged = bytearray(memory.applications[DESFIRE.aid].files[1].content)
    forged[1] ^= 1  # the thief writes another badge's identifier into the copy of a card of their own
    memory.applications[DESFIRE.aid].files[1].content = forged
    assert visit(DesfireCard(memory, draw=seeded(1))) == unproven("desfire-foreign-record")


def test_a_file_copied_to_another_card_is_refused():
    copied = issued_memory()
    copied.uid = bytes.fromhex("04000000000001")
    assert visit(DesfireCard(copied, draw=seeded(1))) == unproven("desfire-wrong-key")


def test_a_card_without_the_application_is_no_more_than_its_number():
    memory = issued_memory()
    memory.applications.clear()
    assert visit(DesfireCard(memory)) == Identified(BadgeId(UID.hex()), Assurance.UID)
    assert visit(DesfireCard(memory), but().__class__(desfire=DESFIRE, uid=False)) == unproven("")


@pytest.mark.parametrize("content", [b"", b"\x02" + bytes(16), bytes(17), bytes(32)])
def test_a_file_that_is_no_record_is_refused(content):
    memory = issued_memory()
    memory.applications[DESFIRE.aid].files[1].content = bytearray(content)
    assert visit(DesfireCard(memory, draw=seeded(1))) == unproven("desfire-no-record")


@pytest.mark.parametrize("size", [0, 2, 4])
def test_a_scheme_of_another_shape_is_refused_where_it_is_made(size):
    with pytest.raises(ValueError, match="3 bytes"):
        but(aid=b"\x01" * size)
    with pytest.raises(ValueError, match="at most 21"):
        but(system=bytes(22))
