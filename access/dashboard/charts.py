"""Charts as drawings: where lines, bars and cells stand, from numbers. The templates write them as SVG.

Every chart is `WIDTH` units wide. A chart says nothing that the table under it does not say.
"""

from collections.abc import Sequence
from datetime import date

import msgspec

WIDTH = 720.0
_LEFT, _TOP, _BOTTOM = 44.0, 12.0, 26.0
_LINE_HEIGHT, _BAR_HEIGHT = 210.0, 190.0
_CELL = 24.0
HOURS = 24
DAYS = 7
_STEPS = 5
_NOBODY = 0.05  # as it is rounded in the table


class Tick(msgspec.Struct, frozen=True):
    """A mark on an axis: where, and what it says."""

    at: float
    text: str


class Line(msgspec.Struct, frozen=True):
    """A line over time with its band; `path` and `band` are SVG path data, empty without numbers."""

    width: float
    height: float
    path: str
    band: str
    limit: float | None
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]


class Bar(msgspec.Struct, frozen=True):
    """A day's bar, and the mark of the same day of the period before."""

    x: float
    y: float
    width: float
    height: float
    mark: float | None
    day: date
    number: int | None
    before: int | None


class Bars(msgspec.Struct, frozen=True):
    """Bars by day."""

    width: float
    height: float
    bars: tuple[Bar, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]


class Cell(msgspec.Struct, frozen=True):
    """An hour of a weekday: `step` 0 to 5 is its tint; None where nothing is known."""

    x: float
    y: float
    step: int | None
    mean: float | None
    weekday: int
    hour: int


class Heat(msgspec.Struct, frozen=True):
    """Hours by weekdays."""

    width: float
    height: float
    cell: float
    cells: tuple[Cell, ...]
    across: tuple[Tick, ...]
    rows: tuple[float, ...]


def line(
    means: Sequence[float | None],
    lows: Sequence[int | None],
    highs: Sequence[int | None],
    capacity: int | None,
) -> Line:
    """Draw a day: evenly spaced numbers from midnight to midnight, with the interval that held them."""
    most = max([*(high for high in highs if high is not None), *(m for m in means if m is not None), 1.0])
    top = _nice(max(most, capacity or 0) if capacity and capacity <= most * 3 else most)
    scale = _Scale(len(means), top, _LINE_HEIGHT)
    known = [place for place, mean in enumerate(means) if mean is not None]
    path = _path(known, [(scale.x(place), scale.y(means[place] or 0.0)) for place in known])
    upper = [(scale.x(place), scale.y(highs[place] or 0)) for place in known]
    lower = [(scale.x(place), scale.y(lows[place] or 0)) for place in reversed(known)]
    band = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in [*upper, *lower]) + "Z" if known else ""
    across = tuple(Tick(scale.x(len(means) * hour / HOURS), f"{hour:02}") for hour in range(0, HOURS + 1, 3))
    limit = scale.y(capacity) if capacity and capacity <= top else None
    return Line(WIDTH, _LINE_HEIGHT, path, band, limit, across, scale.up)


def bars(days: Sequence[tuple[date, int | None, int | None]], weekday_names: Sequence[str]) -> Bars:
    """Draw days: each with its number and that of the period before."""
    top = _nice(max([number for _, *both in days for number in both if number is not None], default=1))
    scale = _Scale(max(len(days), 1), top, _BAR_HEIGHT)
    wide = (WIDTH - _LEFT) / max(len(days), 1)
    drawn = tuple(
        Bar(
            round(scale.x(place) + wide * 0.14, 1),
            scale.y(number or 0),
            round(wide * 0.72, 1),
            round(scale.y(0) - scale.y(number or 0), 1),
            scale.y(before) if before is not None else None,
            day,
            number,
            before,
        )
        for place, (day, number, before) in enumerate(days)
    )
    every = max(1, len(days) // 14)
    across = tuple(
        Tick(round(scale.x(place) + wide / 2, 1), f"{weekday_names[day.weekday()][:2]} {day.day}")
        for place, (day, _, _) in enumerate(days)
        if place % every == 0
    )
    return Bars(WIDTH, _BAR_HEIGHT, drawn, across, scale.up)


def heat(means: Sequence[Sequence[float | None]]) -> Heat:
    """Draw a week: `means[weekday][hour]`."""
    most = max([mean for row in means for mean in row if mean is not None], default=0.0)
    wide = (WIDTH - 2 * _LEFT) / HOURS
    cells = tuple(
        Cell(
            round(2 * _LEFT + hour * wide, 1),
            round(_TOP + weekday * _CELL, 1),
            None if mean is None else _tint(mean, most),
            mean,
            weekday,
            hour,
        )
        for weekday, row in enumerate(means)
        for hour, mean in enumerate(row)
    )
    across = tuple(Tick(round(2 * _LEFT + hour * wide, 1), f"{hour:02}") for hour in range(0, HOURS, 2))
    rows = tuple(round(_TOP + (weekday + 0.68) * _CELL, 1) for weekday in range(DAYS))
    return Heat(WIDTH, _TOP + DAYS * _CELL + _BOTTOM, round(wide, 1), cells, across, rows)


def spark(counts: Sequence[int], capacity: int | None) -> str:
    """Return the area under counts as a path in a box of 100 by 100; empty without two known ones (-1: unknown).

    A quarter of the capacity fills it at least, so that two people in a hall are no mountain.
    """
    known = [(place, count) for place, count in enumerate(counts) if count >= 0]
    if not known[1:]:  # a line has two ends
        return ""
    most = max(*(count for _, count in known), (capacity or 0) / 4, 1)
    points = [(round(100 * place / (len(counts) - 1)), round(100 - 100 * n / most)) for place, n in known]
    line = "L".join(f"{x} {y}" for x, y in points)
    return f"M{points[0][0]} 100L{line}L{points[-1][0]} 100Z"


class _Scale:
    def __init__(self, places: int, top: float, height: float) -> None:
        self._places, self._top, self._height = places, top, height

    def x(self, place: float) -> float:
        return round(_LEFT + place * (WIDTH - _LEFT) / self._places, 1)

    def y(self, number: float) -> float:
        return round(_TOP + (1 - number / self._top) * (self._height - _TOP - _BOTTOM), 1)

    @property
    def up(self) -> tuple[Tick, ...]:
        return tuple(
            Tick(self.y(self._top * part / 4), f"{self._top * part / 4:g}") for part in (0, 1, 2, 3, 4)
        )


def _path(places: Sequence[int], points: Sequence[tuple[float, float]]) -> str:
    parts = []
    for number, (x, y) in enumerate(points):
        joined = number > 0 and places[number] == places[number - 1] + 1
        parts.append(f"{'L' if joined else 'M'}{x:.1f} {y:.1f}")
    return "".join(parts)


def _nice(most: float) -> float:
    """Return the least round number from `most` on that is parted in four without fractions."""
    unit = 4.0
    while unit * 10 < most:
        unit *= 10
    return next(unit * part for part in (1, 2, 3, 5, 10) if unit * part >= most)


def _tint(mean: float, most: float) -> int:
    return 0 if most <= 0 or mean < _NOBODY else min(int(mean / most * _STEPS) + 1, _STEPS)
