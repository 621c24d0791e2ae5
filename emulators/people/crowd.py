"""Everybody, day after day: a seeded crowd that arrives, works, eats, learns and goes home.

The same seed, residents and start give the same steps in any process: each person and day has a draw of its own,
and what meets at a door is settled by the order of arrival.
"""

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from emulators.building import EmulatedBuilding
from emulators.cards.uid import UidCard
from emulators.people.agenda import Almanac, Stop
from emulators.people.doorway import Doorway
from emulators.people.life import Life, Step
from emulators.people.population import Resident
from emulators.people.routes import Routes
from emulators.people.strangers import appear, visits
from emulators.people.truth import Truth
from policies.ids import DoorId, PersonId, SpaceId
from policies.roster import BadgeStatus
from policies.schedule import MINUTES_PER_DAY, Calendar
from readers.ports import Clock

_DAY_BEGINS_MIN = 4 * 60
"""People's day turns at four in the morning, when hardly anybody is about."""

_Happening = tuple[datetime, Callable[[], Coroutine[None, None, None]]]


class EmulatedPeople:
    """The residents in front of the doors of `devices`; `run` them as a task of the loop that `clock` reads."""

    def __init__(
        self,
        devices: EmulatedBuilding,
        residents: Sequence[Resident],
        calendar: Calendar,
        clock: Clock,
        seed: int = 0,
    ) -> None:
        self._building, self._residents = devices.building, residents
        self._calendar, self._clock, self._seed = calendar, clock, seed
        self._routes = Routes(devices.building)
        self._almanac = Almanac(devices.building, calendar, self._routes.outside)
        self._truth = Truth(devices.building)
        self._doorways = _doorways(devices, clock)
        self._about: set[PersonId] = set()
        self._lost = [
            badge.id
            for resident in residents
            for badge in resident.badges
            if badge.status is BadgeStatus.LOST
        ]

    @property
    def truth(self) -> Mapping[SpaceId, int]:
        """Return how many people really are in every space now, rolled up the tree; a live view."""
        return self._truth.counts

    @property
    def inside(self) -> Mapping[PersonId, SpaceId]:
        """Return where everybody who is inside really is; a live view."""
        return self._truth.inside

    @property
    def passages(self) -> int:
        """Return how often somebody went through a door so far."""
        return self._truth.passages

    @property
    def taps(self) -> int:
        """Return how often a card was held to a reader so far."""
        return sum(doorway.taps for doorway in self._doorways.values())

    async def run(self) -> None:
        """Live from now on, day after day, until cancelled. What lies before now has not happened."""
        wall = self._calendar.local(self._clock.now())
        day = wall.day if wall.minute >= _DAY_BEGINS_MIN else wall.day - timedelta(days=1)
        async with asyncio.TaskGroup() as lives:
            while True:
                for at, happen in self._happenings(day):
                    await self._until(at)
                    lives.create_task(happen())
                day += timedelta(days=1)
                await self._until(_instant(self._calendar, day, _DAY_BEGINS_MIN))

    async def _until(self, at: datetime) -> None:
        ahead_s = (at - self._clock.now()).total_seconds()
        if ahead_s > 0:
            await self._clock.sleep(ahead_s)

    def _happenings(self, day: date) -> list[_Happening]:
        """Return what is still to happen on `day`, in its order."""
        began, midnight = self._clock.now(), _Midnight(self._calendar, day)
        happenings: list[_Happening] = []
        for number, resident in enumerate(self._residents):
            draw = random.Random(f"day {self._seed} {day.isoformat()} {resident.person.id}")
            stops = self._almanac.agenda(resident, number, day, draw)
            steps = tuple(step for step in map(midnight.step, stops) if step.at >= began)
            if any(step.space != self._routes.outside for step in steps):
                happenings.append((steps[0].at, partial(self._live, resident, steps, draw)))
        draw = random.Random(f"strangers {self._seed} {day.isoformat()}")
        for visit in visits(self._building, self._routes.outside, self._lost, draw):
            at = midnight.instant(visit.minute)
            if at >= began:
                happenings.append((at, partial(appear, visit, self._doorways, self._clock)))
        return sorted(happenings, key=lambda happening: happening[0])

    async def _live(self, resident: Resident, steps: tuple[Step, ...], draw: random.Random) -> None:
        person = resident.person.id
        if person in self._about:  # still up from yesterday
            return
        self._about.add(person)
        card = UidCard(bytes.fromhex(resident.carried))
        await Life(person, card, self._doorways, self._routes, self._truth, self._clock, draw).follow(steps)
        self._about.remove(person)


class _Midnight:
    """A day's beginning, from which agendas count their minutes.

    They count from four o'clock on in elapsed time, so that the hour of a clock change moves nobody's morning.
    """

    def __init__(self, calendar: Calendar, day: date) -> None:
        self._base = _instant(calendar, day, _DAY_BEGINS_MIN) - timedelta(minutes=_DAY_BEGINS_MIN)

    def instant(self, minute: float) -> datetime:
        return self._base + timedelta(minutes=minute)

    def step(self, stop: Stop) -> Step:
        return Step(self.instant(stop.minute), stop.space, stop.manner)


def _instant(calendar: Calendar, day: date, minute: int) -> datetime:
    """Return the instant of a wall time; one that the clock change skips or repeats is off by that hour."""
    wall = datetime.combine(day, time(), UTC) + timedelta(minutes=minute)
    at = wall
    for _ in range(2):  # the second look uses the offset that holds at the instant itself
        shown = calendar.local(at)
        ahead = (
            (shown.day - wall.date()).days * MINUTES_PER_DAY + shown.minute - (wall.hour * 60 + wall.minute)
        )
        at -= timedelta(minutes=ahead)
    return at


def _doorways(devices: EmulatedBuilding, clock: Clock) -> dict[DoorId, Doorway]:
    readers = devices.building.readers.values()
    return {
        door: Doorway(
            emulated,
            {reader.direction: devices.antennas[reader.id] for reader in readers if reader.door == door},
            clock,
        )
        for door, emulated in devices.doors.items()
    }
