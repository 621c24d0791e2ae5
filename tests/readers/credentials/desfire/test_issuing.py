"""A DESFire card issued, given newer keys and given back; torn away at every command, and begun again."""

from collections.abc import Callable

import msgspec
import pytest

from emulators.cards.desfire import Application, DesfireCard, Generation, Key, Memory
from emulators.cards.desfire.memory import PICC as CARD
from policies.roster import BadgeKind
from readers.credentials.ciphers import Cipher
from readers.credentials.desfire.issuing import DesfireDesk, issue, rekey, wipe
from readers.credentials.exchange import Identified
from readers.credentials.issuing import Failed, Issued, Wiped
from readers.credentials.keys import KeyRef, diversify
from readers.credentials.schemes import Scheme
from readers.credentials.session import identify
from tests.readers.credentials.driving import TODAY, Driver, seeded
from tests.readers.credentials.site import (
    AID,
    DESFIRE,
    KEYS,
    MASTER,
    NEW_READ,
    PICC,
    READ,
    SEAL,
    UID,
)
from tests.readers.credentials.tearing import Moment, Torn, TornCard

DESK = DesfireDesk(DESFIRE, (MASTER,), (PICC,))
NEW_SEAL, NEW_MASTER, NEW_PICC = (KeyRef(f"desfire-{name}", 2) for name in ("seal", "master", "picc"))
NEWER = {
    key: bytes((number,)) * 16 for number, key in enumerate((NEW_SEAL, NEW_MASTER, NEW_PICC), start=0xC1)
}
NEW_DESK = DesfireDesk(
    msgspec.structs.replace(DESFIRE, read=(NEW_READ, READ), seal=(NEW_SEAL, SEAL)),
    (NEW_MASTER, MASTER),
    (NEW_PICC, PICC),
)
GENERATIONS = list(Generation)


def blank(generation=Generation.EV2) -> DesfireCard:
    return DesfireCard(Memory(UID), generation, seeded(1))


def do(work, card, desk=DESK, seed=5):
    card.reset()
    return Driver(card, KEYS | NEWER).run(work(desk, seeded(seed)))


def at_door(card, desk=DESK):
    """Return what a door says that has the newest keys only."""
    card.reset()
    scheme = desk.scheme
    newest = msgspec.structs.replace(scheme, read=scheme.read[:1], seal=scheme.seal[:1], ev1=True)
    return Driver(card, KEYS | NEWER).run(
        identify(card.atr, Scheme(desfire=newest, uid=False), seeded(2), TODAY)
    )


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_blank_card_becomes_a_badge_that_a_door_reads(generation):
    card = blank(generation)
    done = do(issue, card)
    assert isinstance(done, Issued)
    assert (done.kind, done.uid, done.is_new, len(done.badge)) == (BadgeKind.DESFIRE, UID, True, 16)
    outcome = at_door(card)
    assert isinstance(outcome, Identified)
    assert outcome.badge == done.badge


@pytest.mark.parametrize("generation", GENERATIONS)
def test_an_issued_card_has_no_factory_key_left_and_nothing_open(generation):
    card = blank(generation)
    do(issue, card)
    application = card.memory.applications[AID]
    keys = [*card.memory.picc.keys, *application.keys]
    assert all(key.value != bytes(16) and key.version == 1 and key.is_aes for key in keys)
    assert len({key.value for key in keys}) == 3
    assert (card.memory.picc.settings, application.settings) == (0x09, 0x09)
    assert application.files[1].rights == 0x1000


def test_progress_is_told():
    driver = Driver(blank(), KEYS)
    driver.run(issue(DESK, seeded(5)))
    assert driver.told == [
        "taking the card over",
        "making the application and its keys",
        "writing the badge",
        "reading it as a door does",
    ]


def test_issuing_again_keeps_the_badge():
    card = blank()
    first, again = do(issue, card), do(issue, card, seed=6)
    assert isinstance(again, Issued)
    assert (again.badge, again.is_new) == (first.badge, False)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_newer_keys_take_the_place_of_the_old_ones_and_the_badge_stays(generation):
    card = blank(generation)
    first = do(issue, card)
    renewed = do(rekey, card, NEW_DESK)
    assert isinstance(renewed, Issued)
    assert renewed.badge == first.badge
    assert at_door(card, NEW_DESK).badge == first.badge
    assert not isinstance(at_door(card), Identified), "a door with the old keys alone reads it no more"
    assert [key.version for key in (*card.memory.picc.keys, *card.memory.applications[AID].keys)] == [2, 2, 2]


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_wiped_card_is_as_it_left_the_factory(generation):
    card = blank(generation)
    issued = do(issue, card)
    assert do(wipe, card) == Wiped(UID, issued.badge)
    assert card.memory == Memory(UID)
    assert do(wipe, card) == Wiped(UID, None, was_blank=True), "wiping a blank card changes nothing"
    assert isinstance(do(issue, card), Issued)


def test_rekeying_never_takes_a_card_that_is_not_the_sites():
    card = blank()
    assert do(rekey, card, NEW_DESK) == Failed("no badge of this site is on the card")
    assert card.memory == Memory(UID)


def test_a_card_of_somebody_elses_is_left_alone():
    card = blank()
    card.memory.picc = Application([Key(b"\x55" * 16, 3)])
    before = msgspec.json.encode(card.memory.picc)
    outcome = do(issue, card)
    assert isinstance(outcome, Failed)
    assert "somebody else's" in outcome.why
    assert msgspec.json.encode(card.memory.picc) == before
    assert not card.memory.applications


def test_an_application_that_somebody_took_meanwhile_is_not_believed_but_can_be_wiped():
    card = blank()
    do(issue, card)
    card.memory.applications[AID].keys[0].value = b"\x66" * 16
    outcome = do(issue, card)
    assert isinstance(outcome, Failed)
    assert "wipe it first" in outcome.why
    assert isinstance(do(wipe, card), Wiped)


def test_a_card_without_a_number_of_its_own_is_refused():
    card = blank()
    card.memory.uid = bytes.fromhex("08a1b2c3")
    for work in (issue, rekey, wipe):
        assert do(work, card) == Failed("the card shows no fixed number of 7 bytes")


def test_a_desk_without_a_key_is_refused_where_it_is_made():
    with pytest.raises(ValueError, match="of the card"):
        DesfireDesk(DESFIRE, (MASTER,), ())


def test_a_desk_whose_store_lost_a_key_says_which():
    card = blank()
    outcome = Driver(card, {}).run(issue(DESK, seeded(1)))
    assert outcome == Failed("this desk does not hold the key desfire-picc, version 1")
    assert card.memory == Memory(UID)


WORKS: dict[str, tuple[Callable, Callable]] = {
    "issue": (lambda _: None, lambda card: do(issue, card)),
    "rekey": (lambda card: do(issue, card), lambda card: do(rekey, card, NEW_DESK)),
    "wipe": (lambda card: do(issue, card), lambda card: do(wipe, card)),
}


def commands_of(name: str, generation: Generation) -> int:
    prepare, work = WORKS[name]
    card = blank(generation)
    prepare(card)
    counted = 0

    class Counted(TornCard):
        def process(self, apdu: bytes) -> bytes:
            nonlocal counted
            counted += apdu[0] != 0xFF
            return card.process(apdu)

    work(Counted(card, 0, Moment.BEFORE))
    return counted


@pytest.mark.parametrize("moment", list(Moment), ids=lambda moment: moment.name)
@pytest.mark.parametrize("generation", GENERATIONS, ids=lambda generation: generation.name)
@pytest.mark.parametrize("name", list(WORKS))
def test_a_card_torn_away_at_any_command_is_gone_on_with_or_given_back_and_never_half_owned(
    name, generation, moment
):
    prepare, work = WORKS[name]
    commands = commands_of(name, generation)
    assert commands > 15
    for at in range(commands):
        for then in ("again", "wipe"):
            card = blank(generation)
            prepare(card)
            with pytest.raises(Torn):
                work(TornCard(card, at, moment))
            assert_owned_by_one(card, at)
            if then == "again":
                outcome = work(card)
                assert not isinstance(outcome, Failed), (at, outcome)
                assert name != "issue" or isinstance(at_door(card), Identified), at
                assert name != "rekey" or isinstance(at_door(card, NEW_DESK), Identified), at
            else:
                gone = do(wipe, card, NEW_DESK)
                assert isinstance(gone, Wiped), (at, gone)
                assert card.memory == Memory(UID), at


def assert_owned_by_one(card: DesfireCard, at: int) -> None:
    """Every key is the factory's or one of ours for this card; what is ours never lies under a factory key."""
    ours = set()
    for master in (KEYS | NEWER).values():
        for identity in (DESFIRE.identity(UID), UID + CARD + DESFIRE.system):
            ours.add(diversify(Cipher.aes(master).encrypt, identity))
    for key in card.memory.picc.keys:
        assert key.value in ours or key == Key(is_aes=False), at
    for application in card.memory.applications.values():
        assert card.memory.picc.keys[0].value in ours, "an application is made on a card that is ours alone"
        assert all(key.value in ours or key == Key() for key in application.keys), at
        assert not application.files or all(key.value in ours for key in application.keys), at


@pytest.mark.parametrize("left", [b"", b"\x01\x02\x03", bytes(17)])
def test_a_record_torn_in_the_writing_is_written_anew(left):
    card = blank()
    do(issue, card)
    content = card.memory.applications[AID].files[1].content
    content[: len(left)] = left
    content[3] ^= 0xFF
    outcome = do(issue, card)
    assert isinstance(outcome, Issued)
    assert outcome.is_new
    assert isinstance(at_door(card), Identified)
