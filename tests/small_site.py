"""A small site for tests of the server: one room behind a perimeter door, two readers, one rule."""

from datetime import UTC, datetime

from policies.building import Building, Door, Label, Reader, Space, SpaceKind
from policies.ids import (
    BadgeId,
    DoorId,
    PersonId,
    ReaderId,
    RuleId,
    ScheduleId,
    SiteId,
    SourceId,
    SpaceId,
    TierId,
)
from policies.policy import Policy, Rule, RuleEffect, Tier
from policies.request import Direction
from policies.schedule import Calendar, Schedule, Weekday, Window
from readers.wire.events import FIRST_SEQ, GENESIS, Draft, EventType, Sealed, seal

NOON = datetime(2026, 9, 15, 10, 0, tzinfo=UTC)
EDGE = SourceId("edge-1")
DESK = SourceId("edge-2")
SCOPES = {EDGE: (DoorId("front"),), DESK: (DoorId("room"),)}


def _label(name):
    return Label(name, name)


BUILDING = Building.of(
    SiteId("mill"),
    [
        Space(SpaceId("outside"), _label("outside"), SpaceKind.OUTSIDE),
        Space(SpaceId("site"), _label("site"), SpaceKind.SITE),
        Space(SpaceId("hall"), _label("hall"), parent=SpaceId("site"), capacity=10),
        Space(SpaceId("room"), _label("room"), parent=SpaceId("site"), capacity=2),
    ],
    [
        Door(DoorId("front"), _label("front"), SpaceId("outside"), SpaceId("hall")),
        Door(DoorId("room"), _label("room"), SpaceId("hall"), SpaceId("room")),
    ],
    [
        Reader(ReaderId("front-in"), DoorId("front"), Direction.ENTRY),
        Reader(ReaderId("front-out"), DoorId("front"), Direction.EXIT),
        Reader(ReaderId("room-in"), DoorId("room"), Direction.ENTRY),
    ],
)

POLICY = Policy(
    "test-1",
    {TierId("staff"): Tier(TierId("staff"))},
    {ScheduleId("day"): Schedule(ScheduleId("day"), (Window(tuple(Weekday), 6 * 60, 20 * 60),))},
    Calendar("Europe/Paris", (0,), (7200,), ()),
    (
        Rule(
            RuleId("staff-by-day"),
            RuleEffect.PERMIT,
            tiers=(TierId("staff"),),
            spaces=(SpaceId("site"),),
            schedule=ScheduleId("day"),
        ),
    ),
)


def without_the_room() -> Building:
    """Return the site after an edit of its building that took the room away."""
    room = SpaceId("room")
    spaces = [space for space in BUILDING.spaces.values() if space.id != room]
    doors = [door for door in BUILDING.doors.values() if room not in (door.outer, door.inner)]
    kept = {door.id for door in doors}
    readers = [reader for reader in BUILDING.readers.values() if reader.door in kept]
    return Building.of(BUILDING.site, spaces, doors, readers)


def sealed_events(number: int, source: SourceId = EDGE, epoch: int = 1, person: str = "ada") -> list[Sealed]:
    """Return a chain of passages that go in and out by turns."""
    spaces = (SpaceId("outside"), SpaceId("hall"))
    chain: list[Sealed] = []
    prev = GENESIS
    for step in range(number):
        draft = Draft(
            NOON.replace(hour=10 + step // 3600, minute=step // 60 % 60, second=step % 60),
            EventType.PASSAGE,
            DoorId("front"),
            space=spaces[(step + 1) % 2],
            origin=spaces[step % 2],
            person=PersonId(person),
            badge=BadgeId(f"badge-of-{person}"),
        )
        chain.append(seal(draft, source, epoch, FIRST_SEQ + step, prev, f"salt-{step}"))
        prev = chain[-1].digest
    return chain
