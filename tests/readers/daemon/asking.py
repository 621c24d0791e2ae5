"""A door whose taps are asked for more: its people and their cards, and what a hand does at its reader."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from emulators.cards.uid import UidCard
from emulators.clock import run_virtually
from policies.building import Building, Reader
from policies.decision import Effect, Reason
from policies.ids import BadgeId, PersonId, ReaderId
from policies.request import Direction
from policies.roster import Badge, BadgeKind, Person, ResidentType, Roster
from readers.wire.pin import hash_pin
from readers.wire.reservations import Reserve, Verdict
from readers.wire.snapshot import Snapshot
from tests.readers.daemon.desk import LAB, LAB_IN, Desk, building, desk, signed, snapshot

BOB_CARD = UidCard(bytes.fromhex("04b0b0b0b0b0b0"))
SERIALS = ("04e1b0b0b0b0b0", "04e2b0b0b0b0b0", "04c0b0b0b0b0b0")
EVE_CARD, EVE2_CARD, CYD_CARD = (UidCard(bytes.fromhex(each)) for each in SERIALS)
ADA, BOB = PersonId("ada"), PersonId("bob")
PIN, DURESS, WRONG = "2580#", "2581#", "1234#"
LAB_BACK = ReaderId("lab-back")


def made(**door: object) -> Snapshot:
    """Return rights of Ada, who has a PIN, and Bob, who has none; both are makers."""
    rights = snapshot(built=building(**door))
    ada = Person(ADA, ResidentType.MAKER, pin=hash_pin("2580", bytes(16)))
    bob = Person(BOB, ResidentType.MAKER)
    badges = [
        Badge(BadgeId("04a1b2c3d4e5f6"), BadgeKind.UID, ADA),
        Badge(BadgeId("04b0b0b0b0b0b0"), BadgeKind.UID, BOB),
    ]
    return msgspec.structs.replace(rights, roster=Roster.of([ada, bob], badges))


def live(directory: Path, act: Callable[[Desk], Awaitable[None]], rights: Snapshot) -> None:
    async def scene() -> None:
        async with desk(directory, [signed(rights)], rights.building) as running:
            await act(running)

    run_virtually(scene())


async def show(at: Desk, card: UidCard, reader: ReaderId = LAB_IN) -> None:
    at.antennas[reader].present(card)
    await at.clock.sleep(0.3)
    at.antennas[reader].remove()
    await at.clock.sleep(0.1)


async def press(at: Desk, keys: str, reader: ReaderId = LAB_IN) -> None:
    at.antennas[reader].press(keys)
    await at.clock.sleep(0.1)


def reasons(at: Desk) -> list[str]:
    return [reason for kind, reason in at.said() if kind == "decision" and reason]


def with_a_back_entry(rights: Snapshot) -> Snapshot:
    """Return the same rights over a lab that has one more reader to come in by."""
    built = rights.building
    readers = [*built.readers.values(), Reader(LAB_BACK, LAB, Direction.ENTRY)]
    built = Building.of(built.site, [*built.spaces.values()], [*built.doors.values()], readers)
    return msgspec.structs.replace(rights, building=built)


class Slow:
    """An authorizer that grants, after something has happened."""

    def __init__(self, meanwhile: Callable[[], Awaitable[None]]) -> None:
        self._meanwhile = meanwhile
        self.asked: list[Reserve] = []

    async def reserve(self, asked: Reserve) -> Verdict | None:
        self.asked.append(asked)
        await self._meanwhile()
        return Verdict(Effect.GRANT, Reason.GRANTED, 0)

    def expect(self, epoch: int) -> None:
        """Take no note."""
