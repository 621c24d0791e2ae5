"""How each rhythm of life fills a day: when people come and go, and what draws them away from their place between.

Data only. Minutes count from midnight on the building's wall and may pass 24:00; a spread is one standard deviation.
"""

from enum import Enum

import msgspec

from emulators.people.groups import Rhythm
from emulators.people.season import DayKind
from policies.ids import SpaceId


class Purpose(Enum):
    """What somebody leaves their place for."""

    LUNCH = "lunch"
    CANTEEN = "canteen"
    COFFEE = "coffee"
    MEETING = "meeting"
    APPOINTMENT = "appointment"
    AIR = "air"
    MACHINES = "machines"


class Time(msgspec.Struct, frozen=True):
    """About `mean` minutes, give or take `spread`."""

    mean: float
    spread: float


class Habit(msgspec.Struct, frozen=True):
    """With this `chance`, go somewhere for `purpose` at about `at`, for about `lasts`."""

    purpose: Purpose
    chance: float
    at: Time
    lasts: Time


class Shape(msgspec.Struct, frozen=True):
    """One way a day can go; `weight` says how often, among the shapes of one rhythm."""

    weight: float
    arrive: Time
    leave: Time
    habits: tuple[Habit, ...] = ()


def _time(clock: str, spread: float) -> Time:
    hour, minute = clock.split(":")
    return Time(int(hour) * 60 + int(minute), spread)


def _coffee(chance: float, clock: str, spread: float = 25) -> Habit:
    return Habit(Purpose.COFFEE, chance, _time(clock, spread), Time(14, 4))


def _air(chance: float, clock: str, spread: float = 30) -> Habit:
    return Habit(Purpose.AIR, chance, _time(clock, spread), Time(10, 3))


def _lunch(chance: float, clock: str = "12:30", spread: float = 22) -> Habit:
    return Habit(Purpose.LUNCH, chance, _time(clock, spread), Time(42, 9))


def _canteen(chance: float, clock: str, spread: float = 6) -> Habit:
    return Habit(Purpose.CANTEEN, chance, _time(clock, spread), Time(42, 9))


def _meeting(chance: float, clock: str, spread: float = 40) -> Habit:
    return Habit(Purpose.MEETING, chance, _time(clock, spread), Time(52, 12))


def _appointment(clock: str) -> Habit:
    return Habit(Purpose.APPOINTMENT, 1.0, _time(clock, 7), Time(52, 12))


PLACES: dict[Purpose, tuple[tuple[SpaceId, float], ...]] = {
    Purpose.LUNCH: ((SpaceId("restaurant"), 5), (SpaceId("cafeteria"), 2), (SpaceId("outside"), 2)),
    Purpose.CANTEEN: ((SpaceId("restaurant"), 1),),
    Purpose.COFFEE: ((SpaceId("cafeteria"), 5), (SpaceId("agora"), 3), (SpaceId("outside"), 1)),
    Purpose.MEETING: (
        (SpaceId("meeting-1"), 2),
        (SpaceId("meeting-2"), 2),
        (SpaceId("seminar-a"), 3),
        (SpaceId("seminar-b"), 3),
        (SpaceId("workshop-1"), 1),
        (SpaceId("workshop-2"), 1),
        (SpaceId("workshop-3"), 1),
    ),
    Purpose.APPOINTMENT: (
        (SpaceId("meeting-1"), 1),
        (SpaceId("meeting-2"), 1),
        (SpaceId("seminar-a"), 2),
        (SpaceId("seminar-b"), 2),
    ),
    Purpose.AIR: ((SpaceId("outside"), 1),),
    Purpose.MACHINES: ((SpaceId("laser-room"), 1), (SpaceId("wood-shop"), 1)),
}
"""Where a purpose leads, with weights; a building without any of the places has no such habit."""

_WORK = (
    _coffee(0.6, "10:15"),
    _meeting(0.3, "10:50"),
    _lunch(0.9),
    _meeting(0.35, "14:40"),
    _coffee(0.55, "15:50"),
    _air(0.25, "16:40"),
)

SHAPES: dict[Rhythm, tuple[Shape, ...]] = {
    Rhythm.OFFICE: (
        Shape(6, _time("8:50", 32), _time("17:40", 40), _WORK),
        Shape(2, _time("8:05", 18), _time("16:50", 35), _WORK),
        Shape(1, _time("9:50", 25), _time("18:50", 35), _WORK),
        Shape(1, _time("13:20", 20), _time("18:10", 30), _WORK[3:]),
    ),
    Rhythm.LESSONS: (
        Shape(
            5,
            _time("8:56", 13),
            _time("16:50", 25),
            (_coffee(0.6, "10:40", 12), _lunch(0.95), _air(0.5, "15:10", 15)),
        ),
        Shape(2, _time("9:05", 12), _time("12:25", 15), (_coffee(0.6, "10:45", 12),)),
        Shape(3, _time("13:25", 10), _time("17:45", 25), (_air(0.4, "14:50", 15), _coffee(0.6, "15:40", 15))),
    ),
    Rhythm.EVENING_CLASSES: (
        Shape(1, _time("18:10", 8), _time("21:10", 12), (_air(0.6, "19:30", 10), _coffee(0.5, "18:45", 8))),
    ),
    Rhythm.CAMPUS: (
        Shape(
            5,
            _time("10:10", 50),
            _time("18:20", 60),
            (_lunch(0.85, "12:50"), _coffee(0.7, "11:20"), _coffee(0.6, "15:00"), _air(0.6, "16:40")),
        ),
        Shape(
            3,
            _time("14:10", 40),
            _time("22:10", 50),
            (_coffee(0.7, "15:50"), _air(0.5, "17:30"), _air(0.7, "19:50"), _air(0.3, "21:10")),
        ),
        Shape(
            2,
            _time("19:30", 70),
            _time("28:40", 80),
            (_air(0.8, "22:00"), _air(0.7, "24:40"), _air(0.4, "26:50")),
        ),
    ),
    Rhythm.COWORKING: (
        Shape(3, _time("9:25", 35), _time("17:20", 50), _WORK),
        Shape(1, _time("9:20", 30), _time("12:10", 20), _WORK[:2]),
        Shape(1, _time("13:50", 25), _time("18:20", 35), _WORK[3:]),
    ),
    Rhythm.WORKSHOP: (
        Shape(
            2,
            _time("17:50", 25),
            _time("21:20", 20),
            (Habit(Purpose.MACHINES, 0.2, _time("19:00", 30), Time(35, 10)),),
        ),
        Shape(1, _time("14:00", 40), _time("17:20", 30), (_air(0.6, "15:30"),)),
        Shape(
            1,
            _time("9:50", 20),
            _time("12:40", 20),
            (_canteen(0.3, "12:10"), _air(0.4, "11:00")),
        ),
    ),
    Rhythm.RECEPTION: (
        Shape(1, _time("7:35", 5), _time("16:05", 10), (_coffee(0.9, "9:40"), _lunch(1.0, "12:10"))),
        Shape(1, _time("10:30", 5), _time("18:50", 10), (_lunch(1.0, "13:10", 10), _coffee(0.9, "15:30"))),
    ),
    Rhythm.CLEANING: (
        Shape(1, _time("5:50", 6), _time("10:05", 8)),
        Shape(1, _time("18:20", 6), _time("21:40", 8)),
    ),
    Rhythm.ROUNDS: (
        Shape(1, _time("5:45", 4), _time("14:00", 4)),
        Shape(1, _time("13:45", 4), _time("22:00", 4)),
        Shape(1, _time("21:45", 4), _time("30:00", 4)),
    ),
    Rhythm.VISIT: (
        Shape(2, _time("10:00", 25), _time("11:50", 20), (_appointment("10:30"),)),
        Shape(2, _time("14:05", 25), _time("15:55", 20), (_appointment("14:35"),)),
        Shape(
            1,
            _time("10:20", 20),
            _time("15:30", 20),
            (_appointment("11:00"), _canteen(1.0, "12:20")),
        ),
    ),
}
"""The shapes of a rhythm. Those of `ROUNDS` and `CLEANING` are shifts, taken by a rota."""

ATTENDANCE: dict[Rhythm, dict[DayKind, float]] = {
    rhythm: dict(zip((DayKind.WORKING, DayKind.SATURDAY, DayKind.OFF), shares, strict=True))
    for rhythm, shares in {
        Rhythm.OFFICE: (0.88, 0.03, 0.01),
        Rhythm.LESSONS: (0.86, 0.04, 0.0),
        Rhythm.EVENING_CLASSES: (0.7, 0.04, 0.0),
        Rhythm.CAMPUS: (0.8, 0.35, 0.22),
        Rhythm.COWORKING: (0.65, 0.12, 0.03),
        Rhythm.WORKSHOP: (0.6, 0.5, 0.0),
        Rhythm.RECEPTION: (1.0, 0.3, 0.0),
        Rhythm.CLEANING: (1.0, 0.5, 0.0),
        Rhythm.ROUNDS: (1.0, 1.0, 1.0),
        Rhythm.VISIT: (1.0, 0.0, 0.0),
    }.items()
}
"""The share of a rhythm's people who come at all."""

IN_SCHOOL_BREAKS: dict[Rhythm, float] = {
    Rhythm.LESSONS: 0.08,
    Rhythm.EVENING_CLASSES: 0.08,
    Rhythm.CAMPUS: 0.6,
    Rhythm.OFFICE: 0.75,
}
"""What is left of that while schools are closed; one for the others."""
