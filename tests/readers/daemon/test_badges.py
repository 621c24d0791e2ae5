"""Cards that prove themselves, and those that only claim to, at the door of a whole door computer."""

import logging
from collections.abc import Awaitable, Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

from emulators.cards.desfire import DesfireCard
from emulators.cards.hostile import Babbling, Downgraded, Moment, Replaying, Torn, Truncated
from emulators.cards.pkoc import PkocCard
from emulators.cards.uid import UidCard
from emulators.clock import run_virtually
from policies.ids import BadgeId, PersonId
from policies.request import Assurance
from policies.roster import Badge, BadgeKind
from readers.counters import FileCounters
from readers.credentials.exchange import unproven
from readers.credentials.schemes import Pkoc, Scheme
from readers.credentials.session import identify
from readers.daemon import Credentials
from readers.daemon.antenna import MOST_TRIES
from readers.daemon.visit import VISIT_S, read
from readers.errors import CardGone, KeyStoreFault
from readers.ports import Clock
from readers.transports.welcome import LoopCard, Welcome
from readers.wire.events import Event, EventType
from tests.readers.credentials.site import (
    AID,
    BADGE,
    SCHEME,
    SUN,
    UID,
    Keys,
    issued_card,
    issued_memory,
    issued_tag,
)
from tests.readers.daemon.desk import LAB_IN, Desk, desk, signed, snapshot

ADAS = Badge(BadgeId(BADGE.hex()), BadgeKind.DESFIRE, PersonId("ada"))
ADAS_BY_NUMBER = Badge(BadgeId(UID.hex()), BadgeKind.DESFIRE, PersonId("ada"))
UNPROVEN = "denied-authentication-factor-error"
SEEN_AGAIN_S = 0.8
"""How late pcscd may be to see that a card has left, and then that it is back: it asks some readers every 0.4 s."""


def live(
    tmp_path,
    act: Callable[[Desk], Awaitable[None]],
    keys: Keys | None = None,
    badge: Badge = ADAS,
    credentials: Credentials | None = None,
) -> None:
    """Do `act` at a door computer with the site's keys, which knows one badge."""
    used = credentials or Credentials(SCHEME, keys or Keys())

    async def scene() -> None:
        async with desk(tmp_path, [signed(snapshot(badge=badge))], credentials=used) as running:
            await act(running)

    run_virtually(scene())


def decisions(at: Desk) -> list[Event]:
    return [event for event in at.events() if event.type is EventType.DECISION]


def reasons(at: Desk) -> list[str]:
    return [event.reason.value for event in decisions(at) if event.reason]


def test_a_desfire_badge_opens_its_door(tmp_path):
    async def act(at: Desk) -> None:
        assert await at.tap(issued_card())
        [decided] = decisions(at)
        assert decided.badge == ADAS.id
        assert decided.inputs is not None
        assert decided.inputs.assurance is Assurance.AUTHENTICATED

    live(tmp_path, act)


@pytest.mark.parametrize(
    ("badge", "refusal"),
    [(ADAS, "denied-unknown-credential"), (ADAS_BY_NUMBER, "denied-proof-too-weak")],
    ids=["known by its own identifier", "known by the card's number"],
)
def test_a_copy_of_a_desfire_badges_serial_number_never_opens(tmp_path, badge, refusal):
    async def act(at: Desk) -> None:
        blank = DesfireCard(issued_memory())
        blank.memory.applications.clear()
        assert not await at.tap(UidCard(UID))
        assert not await at.tap(blank)
        assert reasons(at) == [refusal] * 2

    live(tmp_path, act, badge=badge)


def test_a_copy_with_the_application_but_without_the_keys_never_opens(tmp_path):
    async def act(at: Desk) -> None:
        memory = issued_memory()
        for key in memory.applications[AID].keys:
            key.value = bytes(16)
        assert not await at.tap(DesfireCard(memory))
        assert reasons(at) == [UNPROVEN]

    live(tmp_path, act)


def test_one_badge_at_two_readers_at_once_is_two_visits(tmp_path):
    async def act(at: Desk) -> None:
        for antenna in at.antennas.values():
            antenna.rf_timing = True
            antenna.present(issued_card())
        await at.clock.sleep(1)
        assert reasons(at) == ["granted", "granted"]
        assert {event.reader for event in decisions(at)} == set(at.antennas)

    live(tmp_path, act)


class DeadKeys(Keys):
    def derive(self, *_: object) -> bytes | None:
        raise KeyStoreFault("the token is unplugged")


def test_a_home_of_keys_that_does_not_answer_opens_nothing_and_holds_no_reader_up(tmp_path):
    async def act(at: Desk) -> None:
        at.antennas[LAB_IN].present(issued_card())
        await at.clock.sleep(3)
        at.antennas[LAB_IN].remove()
        assert not at.door.push()
        assert reasons(at) == [UNPROVEN]
        assert not await at.tap(UidCard(UID))
        assert len(reasons(at)) == 2

    live(tmp_path, act, DeadKeys())


def test_a_card_that_never_comes_to_an_end_is_refused(tmp_path):
    async def act(at: Desk) -> None:
        assert not await at.tap(Babbling(issued_card()))
        assert reasons(at) == ["denied-unknown-credential"]

    live(tmp_path, act)


@pytest.mark.parametrize("kept", [0, 1, 8, 15, 16, 31])
def test_a_badge_whose_answers_are_cut_short_opens_nothing(tmp_path, kept):
    async def act(at: Desk) -> None:
        assert not await at.tap(Truncated(issued_card(), kept))
        assert reasons(at) == [UNPROVEN]

    live(tmp_path, act)


def test_a_badge_that_denies_to_speak_the_new_protocol_opens_nothing(tmp_path):
    async def act(at: Desk) -> None:
        assert not await at.tap(Downgraded(issued_card()))
        assert reasons(at) == [UNPROVEN]

    live(tmp_path, act)


def test_what_was_overheard_of_a_badge_opens_nothing(tmp_path):
    async def act(at: Desk) -> None:
        copy = Replaying(issued_card())
        assert await at.tap(copy)
        copy.is_copy = True
        assert not await at.tap(copy)
        assert reasons(at) == ["granted", UNPROVEN]

    live(tmp_path, act)


@pytest.mark.parametrize("moment", list(Moment), ids=lambda moment: moment.name)
@pytest.mark.parametrize("at_command", range(4))
def test_a_badge_torn_away_at_any_command_opens_nothing(tmp_path, at_command, moment):
    async def act(at: Desk) -> None:
        card = Torn(issued_card(), at_command, moment, at.antennas[LAB_IN].remove)
        assert not await at.tap(card)
        assert reasons(at) == [UNPROVEN]
        assert await at.tap(issued_card()), "held again, it opens"

    live(tmp_path, act)


@pytest.mark.parametrize("moment", list(Moment), ids=lambda moment: moment.name)
@pytest.mark.parametrize("at_command", range(4))
def test_a_badge_lost_at_any_command_and_there_again_at_once_is_one_tap_that_opens_once(
    tmp_path, at_command, moment
):
    async def act(at: Desk) -> None:
        antenna = at.antennas[LAB_IN]
        antenna.rf_timing = True

        def lose() -> None:
            antenna.remove()
            at.clock.call_later(SEEN_AGAIN_S, come_back)

        def come_back() -> None:
            antenna.present(issued_card())

        antenna.present(Torn(issued_card(), at_command, moment, lose))
        await at.clock.sleep(VISIT_S)
        antenna.remove()
        assert at.door.push()
        assert reasons(at) == ["granted"]
        await at.clock.sleep(10)
        assert await at.tap(issued_card()), "a second tap is one of its own"
        assert reasons(at) == ["granted", "granted"]

    live(tmp_path, act)


@pytest.mark.parametrize("at_command", range(4))
def test_a_badge_that_does_not_answer_in_time_and_lies_there_is_read_again_by_itself(tmp_path, at_command):
    faults = iter([CardGone("the card did not answer")])

    def fail_once() -> None:
        for fault in faults:
            raise fault

    async def act(at: Desk) -> None:
        assert await at.tap(Torn(issued_card(), at_command, Moment.AFTER, fail_once))
        assert reasons(at) == ["granted"]

    live(tmp_path, act)


class NeverRead(UidCard):
    """A card that lies there and answers nothing."""

    asked = 0

    def process(self, apdu: bytes) -> bytes:
        self.asked += 1
        raise CardGone(f"no answer to {len(apdu)} bytes")


def test_a_badge_that_never_answers_is_tried_a_few_times_and_refused_once_until_it_is_lifted(tmp_path):
    async def act(at: Desk) -> None:
        card = NeverRead(UID)
        at.antennas[LAB_IN].present(card)
        await at.clock.sleep(VISIT_S)
        assert card.asked == MOST_TRIES
        await at.clock.sleep(60)
        assert card.asked == MOST_TRIES
        assert reasons(at) == [UNPROVEN]
        assert not at.door.push()
        at.antennas[LAB_IN].remove()
        assert await at.tap(issued_card())

    live(tmp_path, act)


def test_who_comes_right_after_a_torn_badge_is_answered_for_their_own(tmp_path, caplog):
    async def act(at: Desk) -> None:
        antenna = at.antennas[LAB_IN]

        def swap() -> None:
            antenna.remove()
            at.clock.call_later(0.1, come_after)

        def come_after() -> None:
            antenna.present(UidCard(UID))

        with caplog.at_level(logging.INFO, "readers.daemon.antenna"):
            assert not await at.tap(Torn(issued_card(), 3, Moment.AFTER, swap))
        assert reasons(at) == ["denied-unknown-credential"]
        [told] = [record for record in caplog.records if record.message == "badge-unproven"]
        assert (told.reader, told.why) == (LAB_IN, "torn, read again"), "the torn one has left a trace"

    live(tmp_path, act)


def test_a_short_tap_right_after_its_reader_came_back_is_answered(tmp_path):
    async def act(at: Desk) -> None:
        antenna = at.antennas[LAB_IN]
        antenna.unplug()
        await at.clock.sleep(0.1)
        antenna.plug()
        antenna.present(issued_card())
        await at.clock.sleep(0.3)
        antenna.remove()
        assert at.door.push()
        assert reasons(at) == ["granted"]

    live(tmp_path, act)


def test_a_sun_message_opens_a_weak_door_once_and_never_again_whatever_happens_to_the_daemon(tmp_path):
    tag = Replaying(issued_tag())
    known = Badge(BadgeId(UID.hex()), BadgeKind.NTAG424, PersonId("ada"))

    def taps_of(folder: str, act: Callable[[Desk], Awaitable[None]]) -> None:
        counters = FileCounters(tmp_path / "counters")
        credentials = Credentials(Scheme(ntag424=SUN), Keys(), counters)
        (tmp_path / folder).mkdir()
        live(tmp_path / folder, act, badge=known, credentials=credentials)
        counters.close()

    async def once(at: Desk) -> None:
        assert await at.tap(tag)
        tag.is_copy = True
        assert not await at.tap(tag)
        assert [event.inputs and event.inputs.assurance for event in decisions(at)] == [
            Assurance.SUN,
            Assurance.NONE,
        ]

    async def never_again(at: Desk) -> None:
        assert not await at.tap(tag)
        tag.is_copy = False
        assert await at.tap(tag), "the tag itself counts on"

    taps_of("before", once)
    taps_of("after a restart", never_again)


def test_a_sun_message_is_refused_where_the_count_cannot_be_kept(tmp_path):
    counters = FileCounters(tmp_path / "counters")
    counters.close()

    async def act(at: Desk) -> None:
        assert not await at.tap(issued_tag())
        assert reasons(at) == [UNPROVEN]

    credentials = Credentials(Scheme(ntag424=SUN), Keys(), counters)
    live(tmp_path, act, credentials=credentials)


def test_a_phone_opens_by_its_key_and_another_does_not(tmp_path):
    phones = [PkocCard(derive_private_key(number, SECP256R1())) for number in (7, 8)]
    known = Badge(BadgeId(phones[0].point[1:33].hex()), BadgeKind.PKOC, PersonId("ada"))

    async def act(at: Desk) -> None:
        assert [await at.tap(phone) for phone in phones] == [True, False]
        assert reasons(at) == ["granted", "denied-unknown-credential"]

    live(tmp_path, act, badge=known, credentials=Credentials(Scheme(pkoc=Pkoc())))


class StallingCard(LoopCard):
    """A card of which each answer takes a second."""

    def __init__(self, clock: Clock, welcome: Welcome) -> None:
        super().__init__(welcome, lambda: None)
        self._clock, self._card = clock, issued_card()

    @property
    def atr(self) -> bytes:
        return self._card.atr

    async def _transmit(self, apdu: bytes) -> bytes:
        await self._clock.sleep(1)
        return self._card.process(apdu)


def test_a_card_that_stalls_is_given_up(tmp_path):
    async def act(at: Desk) -> None:
        began, welcome = at.clock.now(), Welcome()
        welcome.set(
            lambda atr: identify(atr, SCHEME, bytes, began.date()), Credentials(SCHEME, Keys()).answer
        )
        assert await read(StallingCard(at.clock, welcome)) == unproven("too-slow")
        assert (at.clock.now() - began).total_seconds() <= VISIT_S

    live(tmp_path, act)
