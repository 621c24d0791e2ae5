"""Where somebody means to be, minute by minute, on one day. Pure: a resident, a day and a seeded draw in, stops out.

An agenda knows nothing of doors or rights: whether they get there is found out on the way.
"""

import random
from datetime import date
from enum import Enum

import msgspec

from emulators.people.groups import Rhythm
from emulators.people.habits import ATTENDANCE, IN_SCHOOL_BREAKS, PLACES, SHAPES, Habit, Purpose, Shape, Time
from emulators.people.population import Resident
from emulators.people.season import DayKind, Season, season
from policies.building import Building
from policies.ids import SpaceId
from policies.schedule import Calendar

_APART_MIN = 8.0
"""Nobody plans to be up again sooner than this after sitting down."""

_SHORTEST_OUTING_MIN = 4.0
_MOST_SPREADS = 2.2
_LONG_ENOUGH_MIN = 30.0
_LATE_MIN = 22 * 60 + 20.0
_ROUND_EVERY_MIN = 70.0
_ROOMS_A_ROUND = 6
_ROUND_STAY_MIN = 5.0
_CLEANING_STAY_MIN = 17.0

_TAILGATES, _HOLDS, _FORGETS, _ESCAPES = 0.02, 0.006, 0.003, 0.004
_IS_CURIOUS, _COMES_BACK_LATE = 0.025, 0.004
"""How likely each lapse is, for one person on one day."""


class Manner(Enum):
    """How somebody goes about a way."""

    PROPER = "proper"
    TAILGATING = "tailgating"
    HOLDING = "holding"
    FORGETFUL = "forgetful"
    BY_ESCAPE_DOOR = "by-escape-door"


class Stop(msgspec.Struct, frozen=True):
    """Set out for `space` at `minute`, from midnight on the building's wall."""

    minute: float
    space: SpaceId
    manner: Manner = Manner.PROPER


_Outing = tuple[float, float, SpaceId]
"""When somebody goes, for how many minutes, and where."""


class Almanac:
    """Everybody's agendas for the days of one building."""

    def __init__(self, building: Building, calendar: Calendar, outside: SpaceId) -> None:
        self._calendar, self._outside = calendar, outside
        self._leaves = tuple(space.id for space in building.leaves())
        self._open_leaves = tuple(space.id for space in building.leaves() if not space.restricted)
        self._places = {
            purpose: tuple((place, weight) for place, weight in places if place in building.spaces)
            for purpose, places in PLACES.items()
        }

    def agenda(self, resident: Resident, number: int, day: date, draw: random.Random) -> tuple[Stop, ...]:
        """Return where `resident`, the `number`th, goes on `day`; nothing if they stay away."""
        now = season(self._calendar, day)
        shape = self._shape(resident.rhythm, number, day, now, draw)
        if shape is None:
            return ()
        arrive, leave = _about(shape.arrive, draw), _about(shape.leave, draw)
        if resident.rhythm is Rhythm.ROUNDS:
            return self._rounds(resident.home, arrive, leave, draw)
        if resident.rhythm is Rhythm.CLEANING:
            return self._cleaning(resident.home, arrive, leave, draw)
        outings = self._outings(shape.habits, now, draw)
        return self._lapses(self._stops(resident.home, arrive, leave, outings), resident, draw)

    def _shape(
        self, rhythm: Rhythm, number: int, day: date, now: Season, draw: random.Random
    ) -> Shape | None:
        share = ATTENDANCE[rhythm][now.kind]
        if now.school_break:
            share *= IN_SCHOOL_BREAKS.get(rhythm, 1.0)
        shapes = SHAPES[rhythm]
        if draw.random() >= share:
            return None
        if rhythm is Rhythm.ROUNDS:  # early, late, night, off, and again
            turn = (day.toordinal() + number) % (len(shapes) + 1)
            return shapes[turn] if turn < len(shapes) else None
        if rhythm is Rhythm.CLEANING:
            return shapes[(day.toordinal() + number) % len(shapes)]
        return draw.choices(shapes, [shape.weight for shape in shapes])[0]

    def _outings(self, habits: tuple[Habit, ...], now: Season, draw: random.Random) -> list[_Outing]:
        outings: list[_Outing] = []
        for habit in habits:
            # Kitchens and meeting rooms rest when the house does: then people only take the air.
            purpose = habit.purpose if now.kind is DayKind.WORKING else Purpose.AIR
            places = self._places[purpose]
            if draw.random() < habit.chance and places:
                place = draw.choices([place for place, _ in places], [weight for _, weight in places])[0]
                lasts = max(_SHORTEST_OUTING_MIN, _about(habit.lasts, draw))
                outings.append((_about(habit.at, draw), lasts, place))
        return sorted(outings)

    def _stops(self, home: SpaceId, arrive: float, leave: float, outings: list[_Outing]) -> tuple[Stop, ...]:
        stops = [Stop(arrive, home)]
        for start, lasts, place in outings:
            if start - stops[-1].minute > _APART_MIN and start + lasts + _APART_MIN < leave:
                stops += Stop(start, place), Stop(start + lasts, home)
        stops.append(Stop(max(leave, arrive + _APART_MIN), self._outside))
        return tuple(stops)

    def _rounds(self, home: SpaceId, arrive: float, leave: float, draw: random.Random) -> tuple[Stop, ...]:
        stops = [Stop(arrive, home)]
        start = arrive + draw.uniform(15, 40)
        while start + _ROOMS_A_ROUND * _ROUND_STAY_MIN < leave - _APART_MIN:
            rooms = draw.sample(self._leaves, min(_ROOMS_A_ROUND, len(self._leaves)))
            stops += (Stop(start + place * _ROUND_STAY_MIN, room) for place, room in enumerate(rooms))
            stops.append(Stop(start + len(rooms) * _ROUND_STAY_MIN, home))
            start += _ROUND_EVERY_MIN
        return (*stops, Stop(leave, self._outside))

    def _cleaning(self, home: SpaceId, arrive: float, leave: float, draw: random.Random) -> tuple[Stop, ...]:
        stops = [Stop(arrive, home)]
        rooms = draw.sample(self._open_leaves, len(self._open_leaves))
        minute = arrive + _APART_MIN
        while rooms and minute < leave - _CLEANING_STAY_MIN:
            stops.append(Stop(minute, rooms.pop()))
            minute += _CLEANING_STAY_MIN
        return (*stops, Stop(leave, self._outside))

    def _lapses(self, stops: tuple[Stop, ...], resident: Resident, draw: random.Random) -> tuple[Stop, ...]:
        """Let people be people: behind somebody's back, with a door in the hand, curious, forgetful or late."""
        whole = list(stops)
        arrival, departure = whole[0], whole[-1]
        if draw.random() < _TAILGATES:
            whole[0] = Stop(arrival.minute, arrival.space, Manner.TAILGATING)
        elif draw.random() < _HOLDS:
            whole[0] = Stop(arrival.minute, arrival.space, Manner.HOLDING)
        if draw.random() < _FORGETS:
            whole[-1] = Stop(departure.minute, departure.space, Manner.FORGETFUL)
        elif draw.random() < _ESCAPES:
            whole[-1] = Stop(departure.minute, departure.space, Manner.BY_ESCAPE_DOOR)
        if draw.random() < _IS_CURIOUS and departure.minute - arrival.minute > _LONG_ENOUGH_MIN:
            look = draw.uniform(arrival.minute + _APART_MIN, departure.minute - _APART_MIN)
            whole += Stop(look, draw.choice(self._leaves)), Stop(look + 3, resident.home)
        if draw.random() < _COMES_BACK_LATE and departure.minute < _LATE_MIN - _APART_MIN:
            whole += Stop(_LATE_MIN, resident.home), Stop(_LATE_MIN + 10, self._outside)
        return tuple(sorted(whole, key=lambda stop: stop.minute))


def _about(time: Time, draw: random.Random) -> float:
    most = _MOST_SPREADS * time.spread
    return time.mean + max(-most, min(most, draw.gauss(0, time.spread)))
