"""Days of a building as passages, with what really happened beside what its doors reported. No daemon, no wire.

People follow the same agendas as in front of emulated doors, and nobody is refused. Between a step and its event
come the `Flaws` of a real building; a count can then be held against the truth, thirty days in seconds.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from emulators.people.agenda import Almanac, Manner, Stop
from emulators.people.population import Resident
from emulators.people.routes import Hop, Routes
from policies.building import Building
from policies.ids import DoorId, PersonId, SourceId, SpaceId
from policies.presence import Passage
from policies.request import Direction
from policies.schedule import Calendar

_WALK_S = (12.0, 40.0)
_STRIKE_S = 5.0
_TOLD_S = 0.4
_FIRST_DOOR_IS_HABIT = 0.65
_DAY_BEGINS_MIN = 4 * 60


class Flaws(msgspec.Struct, frozen=True):
    """What doors do not tell.

    A share of entries goes behind another's back, a share of exits unseen, a share of permits unused. A door's contact
    is dead from an instant on; what a door reports between two instants arrives only at the second.
    """

    tailgating: float = 0.03
    missed_exits: float = 0.02
    unused_permits: float = 0.004
    dead_contacts: Mapping[DoorId, datetime] = {}
    offline: Mapping[DoorId, tuple[datetime, datetime]] = {}


PERFECT = Flaws(0.0, 0.0, 0.0)


class Step(msgspec.Struct, frozen=True):
    """Somebody really went from one space into the next. `report` is what the door said of it, and `told_at` when."""

    at: datetime
    person: PersonId
    origin: SpaceId
    target: SpaceId
    report: Passage | None
    told_at: datetime


class Footfall:
    """The steps of `residents` in one building, day after day; the same seed makes the same steps."""

    def __init__(
        self, building: Building, calendar: Calendar, residents: Sequence[Resident], flaws: Flaws, seed: int
    ) -> None:
        self._building, self._calendar, self._residents = building, calendar, residents
        self._flaws, self._seed = flaws, seed
        self._routes = Routes(building)
        self._almanac = Almanac(building, calendar, self._routes.outside)
        self._badged = {(reader.door, reader.direction) for reader in building.readers.values()}
        self._where: dict[PersonId, tuple[SpaceId, datetime]] = {}
        self._sequence: dict[SourceId, int] = {}

    def day(self, day: date) -> list[Step]:
        """Return one day's steps in their order; days are to be asked for in order."""
        midnight = self._midnight(day)
        steps = [
            step
            for number, resident in enumerate(self._residents)
            for step in self._live(resident, number, day, midnight)
        ]
        steps.sort(key=lambda step: (step.at, step.person))
        return [self._numbered(step) for step in steps]

    def _midnight(self, day: date) -> datetime:
        zone_free = datetime.combine(day, time(), tzinfo=UTC)
        local = self._calendar.local(zone_free + timedelta(minutes=_DAY_BEGINS_MIN))
        ahead = (local.day - day).days * 1440 + local.minute - _DAY_BEGINS_MIN
        return zone_free - timedelta(minutes=ahead)

    def _live(self, resident: Resident, number: int, day: date, midnight: datetime) -> Iterator[Step]:
        person = resident.person.id
        draw = random.Random(f"footfall {self._seed} {day.isoformat()} {person}")
        here, busy_until = self._where.get(person, (self._routes.outside, midnight))
        stops = self._almanac.agenda(resident, number, day, draw)
        if not stops or (
            here != self._routes.outside and midnight + timedelta(minutes=stops[0].minute) < busy_until
        ):
            return
        prefers_first = draw.random() < _FIRST_DOOR_IS_HABIT
        at = midnight
        for stop in stops:
            at = max(at, midnight + timedelta(minutes=stop.minute))
            for step in self._go(person, here, stop, at, draw, prefers_first=prefers_first):
                yield step
                here, at = step.target, step.at
        self._where[person] = (here, at)

    def _go(
        self,
        person: PersonId,
        here: SpaceId,
        stop: Stop,
        at: datetime,
        draw: random.Random,
        *,
        prefers_first: bool,
    ) -> Iterator[Step]:
        escape = self._routes.escape_from(here) if stop.manner is Manner.BY_ESCAPE_DOOR else None
        if escape is not None and stop.space == self._routes.outside:
            hop = Hop(stop.space, Direction.EXIT, (escape,))
            yield self._step(person, here, hop, at, draw, prefers_first=True)
            return
        for hop in self._routes.between(here, stop.space) or ():
            at += timedelta(seconds=draw.uniform(*_WALK_S))
            yield self._step(person, here, hop, at, draw, prefers_first=prefers_first)
            here = hop.target

    def _step(
        self,
        person: PersonId,
        here: SpaceId,
        hop: Hop,
        at: datetime,
        draw: random.Random,
        *,
        prefers_first: bool,
    ) -> Step:
        door = hop.doors[0 if prefers_first else -1]
        report = self._report(person, here, hop, door, at, draw)
        told_at = at + timedelta(seconds=_TOLD_S)
        cut = self._flaws.offline.get(door)
        if cut is not None and cut[0] <= at < cut[1]:
            told_at = cut[1]
        return Step(at, person, here, hop.target, report, told_at)

    def _report(
        self, person: PersonId, here: SpaceId, hop: Hop, door: DoorId, at: datetime, draw: random.Random
    ) -> Passage | None:
        """Return what the door says of a step: nothing, a passage, or with a dead contact no more than a permit."""
        unseen = self._flaws.tailgating if hop.direction is Direction.ENTRY else self._flaws.missed_exits
        if draw.random() < unseen:
            return None
        is_badged = (door, hop.direction) in self._badged
        dead = self._flaws.dead_contacts.get(door)
        is_dead = dead is not None and at >= dead
        if is_dead and not is_badged:
            return None  # a handle was pressed, and no opening followed
        said_at = at + timedelta(seconds=_STRIKE_S) if is_dead else at
        source = SourceId(f"edge-{door}")
        who = person if is_badged else None
        return Passage(said_at, source, 1, 0, door, here, hop.target, who, not is_dead)

    def _numbered(self, step: Step) -> Step:
        if step.report is None:
            return step
        source = step.report.source
        self._sequence[source] = self._sequence.get(source, 0) + 1
        report = msgspec.structs.replace(step.report, seq=self._sequence[source])
        return msgspec.structs.replace(step, report=report)

    def unused(self, day: date, steps: Sequence[Step]) -> list[Passage]:
        """Return permits of that day that nobody made use of: somebody was let in, and turned away."""
        draw = random.Random(f"unused {self._seed} {day.isoformat()}")
        return [
            Passage(
                step.at - timedelta(seconds=2),
                SourceId(f"unused-{day.isoformat()}"),
                1,
                number,
                step.report.door,
                step.origin,
                step.target,
                step.person,
                taken=False,
            )
            for number, step in enumerate(steps)
            if step.report is not None and step.report.person and draw.random() < self._flaws.unused_permits
        ]
