"""Cards that prove themselves, and those that only claim to, at the door of a whole door computer."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from emulators.cards.desfire import DesfireCard
from emulators.cards.uid import UidCard
from emulators.clock import run_virtually
from policies.ids import BadgeId, PersonId
from policies.request import Assurance
from policies.roster import Badge, BadgeKind
from readers.daemon import Credentials
from readers.errors import CardGone, KeyStoreFault
from readers.wire.events import Event, EventType
from tests.readers.credentials.site import AID, BADGE, SCHEME, UID, Keys, issued_card, issued_memory
from tests.readers.daemon.desk import LAB_IN, Desk, desk, signed, snapshot

ADAS = Badge(BadgeId(BADGE.hex()), BadgeKind.DESFIRE, PersonId("ada"))
ADAS_BY_NUMBER = Badge(BadgeId(UID.hex()), BadgeKind.DESFIRE, PersonId("ada"))
UNPROVEN = "denied-authentication-factor-error"


def live(tmp_path, act: Callable[[Desk], Awaitable[None]], keys=None, badge: Badge = ADAS) -> None:
    """Do `act` at a door computer with the site's keys, which knows one badge."""

    async def scene() -> None:
        credentials = Credentials(SCHEME, keys or Keys())
        async with desk(tmp_path, [signed(snapshot(badge=badge))], credentials=credentials) as running:
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


class DeadKeys(Keys):
    async def derive(self, *_: object) -> bytes | None:
        raise KeyStoreFault("the token is unplugged")


class SlowKeys(Keys):
    async def derive(self, *_: object) -> bytes | None:
        await asyncio.sleep(60)
        return bytes(16)


@pytest.mark.parametrize("keys", [DeadKeys(), SlowKeys()], ids=["dead", "slow"])
def test_a_home_of_keys_that_does_not_answer_opens_nothing_and_holds_no_reader_up(tmp_path, keys):
    async def act(at: Desk) -> None:
        at.antennas[LAB_IN].present(issued_card())
        await at.clock.sleep(3)
        at.antennas[LAB_IN].remove()
        assert not at.door.push()
        assert reasons(at) == [UNPROVEN]
        assert not await at.tap(UidCard(UID))
        assert len(reasons(at)) == 2

    live(tmp_path, act, keys)


class Babbling(DesfireCard):
    """A card that has always one more frame to give."""

    def process(self, apdu: bytes) -> bytes:
        return super().process(apdu) if apdu[0] == 0xFF else bytes(40) + b"\x91\xaf"


def test_a_card_that_never_comes_to_an_end_is_refused(tmp_path):
    async def act(at: Desk) -> None:
        assert not await at.tap(Babbling(issued_memory()))
        assert reasons(at) == ["denied-unknown-credential"]

    live(tmp_path, act)


@pytest.mark.parametrize("commands", range(5))
def test_a_badge_torn_away_at_any_command_opens_nothing(tmp_path, commands):
    async def act(at: Desk) -> None:
        card = issued_card()
        answer, heard = card.process, 0

        def process(apdu: bytes) -> bytes:
            nonlocal heard
            if heard == commands:
                raise CardGone("torn away")
            heard += 1
            return answer(apdu)

        card.process = process  # type: ignore[method-assign]  # torn by the hand of the test
        assert not await at.tap(card)
        assert reasons(at) == [UNPROVEN]
        assert await at.tap(issued_card()), "held again, it opens"

    live(tmp_path, act)
