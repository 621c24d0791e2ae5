"""The small site with a second door to its room, which has one seat, and with three people who have a card."""

import asyncio
from contextlib import closing
from datetime import timedelta

from msgspec.structs import replace

from access.services import open_services
from access.services.badges import BadgeRecord
from access.services.decisions import Question
from access.services.people import PersonRecord
from policies.building import Reader
from policies.ids import BadgeId, DoorId, PersonId, ReaderId, SourceId, SpaceId, TierId
from policies.presence.seats import held_for
from policies.request import Assurance, Direction
from policies.roster import BadgeKind, ResidentType
from readers.journal import Durability, FileJournal
from tests.small_site import BUILDING, NOON, POLICY, SCOPES

SOURCE = SourceId("authorizer-1")
ROOM = BUILDING.spaces[SpaceId("room")]
SIDE = replace(BUILDING.doors[DoorId("room")], id=DoorId("side"))
TWO_DOORS = replace(
    BUILDING,
    spaces=BUILDING.spaces | {ROOM.id: replace(ROOM, capacity=1, enforced=True)},
    doors=BUILDING.doors | {SIDE.id: SIDE},
    readers=BUILDING.readers
    | {
        ReaderId("side-in"): Reader(ReaderId("side-in"), SIDE.id, Direction.ENTRY),
        ReaderId("side-out"): Reader(ReaderId("side-out"), SIDE.id, Direction.EXIT),
    },
)
BY_ROOM, BY_SIDE = ReaderId("room-in"), ReaderId("side-in")
PEOPLE = ("ada", "bob", "cyd")
LASTS = held_for(SIDE)
MOMENT = timedelta(seconds=1)


def site(folder, building=TWO_DOORS, sources=SCOPES, policy=POLICY):
    opened = open_services(f"sqlite:///{folder}/totem.db", building, policy, sources, folder / "key")
    if not opened.people.page():
        staff = (TierId("staff"),)
        people = [PersonRecord(PersonId(name), ResidentType.STAFF, tiers=staff, name=name) for name in PEOPLE]
        opened.people.add(people, "test", NOON)
        badges = [BadgeRecord(BadgeId(f"chip-{name}"), BadgeKind.DESFIRE, PersonId(name)) for name in PEOPLE]
        opened.badges.add(badges, "test", NOON)
    return opened


def open_journal(folder):
    """Return the authorizer's journal, to be closed at the end of a `with`."""
    return closing(FileJournal(folder / "journal", SOURCE, lambda: NOON, Durability.BUFFERED))


def tap(who, reader):
    return Question(reader, BadgeKind.DESFIRE, BadgeId(f"chip-{who}"), Assurance.AUTHENTICATED)


def ask(authorizer, who, reader, at=NOON, **more):
    return asyncio.run(authorizer.decide(tap(who, reader), at, **more)).reason


def add_dan(services):
    """Add somebody who has no right anywhere."""
    services.people.add([PersonRecord(PersonId("dan"), ResidentType.STAFF, name="dan")], "test", NOON)
    services.badges.add([BadgeRecord(BadgeId("chip-dan"), BadgeKind.DESFIRE, PersonId("dan"))], "test", NOON)
