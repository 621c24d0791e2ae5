"""Badges that prove themselves at a real PC/SC reader: pcscd, vpcd and pyscard, the whole daemon, an opened strike."""

import asyncio
import faulthandler
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from emulators.cards.card import VirtualCard
from emulators.cards.uid import UidCard
from emulators.clock import LoopClock
from emulators.strike import EmulatedDoor
from emulators.vpcd import VpcdSlot
from policies.ids import BadgeId, PersonId
from policies.request import Assurance
from policies.roster import Badge, BadgeKind
from readers.daemon import Credentials, Daemon, Rights
from readers.journal import Durability, FileJournal
from readers.transports.pcsc import PcscTransport
from readers.wire.events import Event, EventType, parse
from tests.pcscd import FIRST_READER, FIRST_SLOT, SECOND_READER, SECOND_SLOT, Pcscd, takes_clients
from tests.readers.credentials.site import (
    BADGE,
    SCHEME,
    UID,
    Keys,
    card_with_other_keys,
    issued_card,
)
from tests.readers.daemon.desk import (
    LAB,
    LAB_IN,
    LAB_OUT,
    SCOPE,
    SITE_KEY,
    START,
    QuietUplink,
    building,
    signed,
    snapshot,
)

pytestmark = pytest.mark.usefixtures("no_thread_is_left")

DEADLINE_S = 60
TAP_WITHIN_S = 10
READS_AGAIN_WITHIN_S = 2.0
ADAS = Badge(BadgeId(BADGE.hex()), BadgeKind.DESFIRE, PersonId("ada"))
UNPROVEN, UNKNOWN, GRANTED = "denied-authentication-factor-error", "denied-unknown-credential", "granted"


class CountedDoor(EmulatedDoor):
    """A door that counts how often its strike was released."""

    released = 0

    def unlock(self) -> None:
        self.released += 1
        super().unlock()


class RealDesk:
    """A door computer with two real readers, one on each side of its door."""

    def __init__(self, folder: Path) -> None:
        loop = asyncio.get_running_loop()
        clock = LoopClock(loop, START)
        self.journal = FileJournal(folder / "journal", SCOPE, clock.now, Durability.BUFFERED)
        self.door = CountedDoor(building().doors[LAB], clock)
        self.transports = {
            LAB_IN: PcscTransport(FIRST_READER, loop),
            LAB_OUT: PcscTransport(SECOND_READER, loop),
        }
        self.slots = {LAB_IN: VpcdSlot(port=FIRST_SLOT), LAB_OUT: VpcdSlot(port=SECOND_SLOT)}
        self.daemon = Daemon(
            Rights(SCOPE, SITE_KEY.public_key(), folder / "snapshot"),
            self.transports,
            {LAB: self.door},
            self.journal,
            QuietUplink(),
            clock,
            Credentials(SCHEME, Keys()),
        )

    def decisions(self) -> list[Event]:
        events = [parse(line) for line in self.journal.pending(1000)]
        return [event for event in events if event.type is EventType.DECISION]

    async def decided(self, number: int) -> Event:
        """Return the decision of this number, when it is there."""
        while len(decisions := self.decisions()) <= number:  # noqa: ASYNC110 (a journal is a file: it is looked at)
            await asyncio.sleep(0.01)
        return decisions[number]

    async def tap(self, card: VirtualCard, reader=LAB_IN) -> str:
        """Hold a card to a reader until something was decided; return the reason."""
        number = len(self.decisions())
        try:
            async with asyncio.timeout(TAP_WITHIN_S):
                await self.slots[reader].insert(card)
                event = await self.decided(number)
                await self.slots[reader].remove()
        except TimeoutError:
            print(f"undecided: {card!r}, pcscd {'takes clients' if takes_clients() else 'has ended'}")
            faulthandler.dump_traceback(all_threads=True)
            raise
        assert event.reason is not None
        return event.reason.value


@asynccontextmanager
async def at_desk(folder: Path) -> AsyncIterator[RealDesk]:
    desk = RealDesk(folder)
    task = asyncio.create_task(desk.daemon.run())
    await asyncio.sleep(0)
    desk.daemon.take_snapshot(signed(snapshot(badge=ADAS)))
    try:
        async with asyncio.timeout(DEADLINE_S):
            yield desk
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        for transport in desk.transports.values():
            await transport.close()
        for slot in desk.slots.values():
            await slot.remove()
        desk.journal.close()


class WatchedCard:
    """A card that tells when it has heard so many commands."""

    def __init__(self, card: VirtualCard, number: int, then: Callable[[], object]) -> None:
        self._card, self._left, self._then = card, number, then

    def __repr__(self) -> str:
        return f"a card that tells in {self._left} commands"

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def reset(self) -> None:
        self._card.reset()

    def process(self, apdu: bytes) -> bytes:
        self._left -= 1
        if self._left == 0:
            self._then()
        return self._card.process(apdu)


HONEST: list[tuple[Callable[[], VirtualCard], str]] = [
    (issued_card, GRANTED),
    (card_with_other_keys, UNPROVEN),
    (lambda: UidCard(UID), UNKNOWN),
]


async def test_an_authenticated_desfire_badge_opens_the_strike_on_both_sides(tmp_path: Path) -> None:
    with Pcscd():
        async with at_desk(tmp_path) as desk:
            assert await desk.tap(issued_card()) == GRANTED
            assert desk.door.push()
            assert await desk.tap(issued_card(), LAB_OUT) == GRANTED
            first, second = desk.decisions()
            assert first.inputs is not None
            assert first.inputs.assurance is Assurance.AUTHENTICATED
            assert (first.badge, first.reader, second.reader) == (ADAS.id, LAB_IN, LAB_OUT)


async def test_pcscd_killed_and_restarted_amid_twenty_taps_lets_nobody_in_wrongly_and_reads_on(
    tmp_path: Path,
) -> None:
    expected: list[str] = []
    with Pcscd() as pcscd:
        async with at_desk(tmp_path) as desk:
            for number in range(20):
                make, reason = HONEST[number % len(HONEST)]
                if number % 6 == 3:
                    command = 2 + number // 6
                    dying = WatchedCard(issued_card(), command, lambda: pcscd.end(signal.SIGKILL))
                    assert await desk.tap(dying) == UNPROVEN, f"killed at command {command}"
                    expected.append(UNPROVEN)
                    pcscd.start()
                    restarted = time.monotonic()
                    assert await desk.tap(issued_card()) == GRANTED
                    took_s = time.monotonic() - restarted
                    print(f"killed at command {command}: read again {took_s:.2f} s after pcscd was back")
                    assert took_s < READS_AGAIN_WITHIN_S
                    expected.append(GRANTED)
                else:
                    assert await desk.tap(make()) == reason
                    expected.append(reason)
            assert [event.reason.value for event in desk.decisions() if event.reason] == expected
            assert desk.door.released == expected.count(GRANTED)
