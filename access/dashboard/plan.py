"""The floor plan of a level as a drawing: where each room, its words and each door stand. Geometry only, no numbers.

Every plan is `WIDTH` units wide, whatever the level measures, so that its text has one size on every level and about
one unit is a pixel on a desktop screen. What the plan shows is decided in render.py; colours are the style sheet's.
"""

from collections.abc import Iterable, Mapping

import msgspec

from access.dashboard.words import Words
from policies.building import Building, Door, Plan, Space, SpaceKind
from policies.ids import SpaceId

WIDTH = 1000.0
MARGIN = 11.0
"""Room around the outline for the doors that stand on it."""

_EM = 0.56
"""The mean width of a character of the system fonts, in font sizes."""

_WIDE_EM = 0.62
"""The same for a name of wide letters: what follows a name on its line stays clear of it."""

_NAME_SIZES = (14.0, 11.5)
_PADDING, _NARROW_PADDING = 11.0, 6.0
_NARROW_ROOM, _WIDE_ROOM = 92.0, 172.0
"""Widths between which a count is neither small nor large."""

_SPARK_WIDTH, _SPARK_HEIGHT = 120.0, 60.0
"""The least room for a picture of its last hours."""

_LOW_ROOM = 78.0
"""A room less high than this has its name and its count side by side."""


class Box(msgspec.Struct, frozen=True):
    """A rectangle in plan units."""

    x: float
    y: float
    width: float
    height: float


class Line(msgspec.Struct, frozen=True):
    """A line of text with the place of its baseline."""

    text: str
    x: float
    y: float


class RoomDrawing(msgspec.Struct, frozen=True):
    """A room: its walls, its name in as many lines as it needs, the places of its count, gauge and last hours."""

    space: SpaceId
    name: str
    box: Box
    lines: tuple[Line, ...]
    name_size: float
    count_x: float
    count_y: float
    count_size: float
    is_narrow: bool
    gauge: Box
    spark: Box | None


class DoorDrawing(msgspec.Struct, frozen=True):
    """A door on the plan; its text comes with its state."""

    door: Door
    name: str
    x: float
    y: float


class LevelDrawing(msgspec.Struct, frozen=True):
    """A level. `rooms` is empty where the building file draws none; `spaces` and `doors` are complete all the same."""

    level: Space
    name: str
    width: float
    height: float
    outline: Box
    rooms: tuple[RoomDrawing, ...]
    glyphs: tuple[DoorDrawing, ...]
    spaces: tuple[Space, ...]
    doors: tuple[Door, ...]


def levels(building: Building, words: Words) -> tuple[LevelDrawing, ...]:
    """Return the drawing of every level, in the building's order."""
    under: dict[SpaceId, list[Space]] = {}
    for leaf in building.leaves():
        for step in building.path_up(leaf.id):
            under.setdefault(step, []).append(leaf)
    return tuple(
        _draw(building, space, under.get(space.id, []), words)
        for space in building.spaces.values()
        if space.kind is SpaceKind.LEVEL or _stands_alone(building, space, under)
    )


def _stands_alone(building: Building, space: Space, under: Mapping[SpaceId, list[Space]]) -> bool:
    """Return whether people can be in this space without any level above it: it is drawn as a level of its own."""
    return under.get(space.id) == [space] and building.level_of(space.id) is None


def _draw(building: Building, level: Space, inside: list[Space], words: Words) -> LevelDrawing:
    names = {leaf.id for leaf in inside}
    doors = tuple(door for door in building.doors.values() if door.inner in names)
    extent = level.plan or _extent(leaf.plan for leaf in inside)
    sheet = _Sheet(extent)
    return LevelDrawing(
        level,
        words.pick(level.name),
        WIDTH,
        round(sheet.box(extent).height + 2 * MARGIN, 1),
        sheet.box(extent),
        tuple(_room(leaf, sheet.box(leaf.plan), words) for leaf in inside if leaf.plan),
        tuple(
            DoorDrawing(door, words.pick(door.name), sheet.x(door.spot.x), sheet.y(door.spot.y))
            for door in doors
            if door.spot
        ),
        tuple(inside),
        doors,
    )


class _Sheet:
    """Metres of a level to units of its plan."""

    def __init__(self, extent: Plan) -> None:
        self._extent, self._scale = extent, (WIDTH - 2 * MARGIN) / extent.width

    def x(self, metres: float) -> float:
        return round(MARGIN + (metres - self._extent.x) * self._scale, 1)

    def y(self, metres: float) -> float:
        return round(MARGIN + (metres - self._extent.y) * self._scale, 1)

    def box(self, plan: Plan) -> Box:
        width, height = plan.width * self._scale, plan.depth * self._scale
        return Box(self.x(plan.x), self.y(plan.y), round(width, 1), round(height, 1))


def _extent(plans: Iterable[Plan | None]) -> Plan:
    known = [plan for plan in plans if plan]
    if not known:
        return Plan(0, 0, 1, 1)
    x, y = min(plan.x for plan in known), min(plan.y for plan in known)
    right, bottom = max(plan.x + plan.width for plan in known), max(plan.y + plan.depth for plan in known)
    return Plan(x, y, right - x, bottom - y)


def _room(space: Space, box: Box, words: Words) -> RoomDrawing:
    name = words.pick(space.name)
    is_low = box.height < _LOW_ROOM
    padding = _PADDING if box.width > _NARROW_ROOM else _NARROW_PADDING
    left, top = round(box.x + padding, 1), box.y + 25
    width = box.width - 2 * padding
    size, texts = _wrap(name, width * (0.7 if is_low else 1.0), 1 if is_low else 3)
    lines = tuple(Line(text, left, round(top + row * size * 1.25, 1)) for row, text in enumerate(texts))
    count_size = _count_size(box.width, is_low=is_low)
    return RoomDrawing(
        space.id,
        name,
        box,
        lines,
        size,
        round(left + len(lines[0].text) * size * _WIDE_EM + _PADDING, 1) if is_low else left,
        top + 1 if is_low else round(lines[-1].y + count_size * 1.12, 1),
        count_size,
        box.width < _NARROW_ROOM,
        Box(left, round(box.y + box.height - 15, 1), round(width, 1), 4),
        _spark(box),
    )


def _spark(box: Box) -> Box | None:
    """Return where a room's last hours stand: behind its words, on its floor; nowhere in a small one."""
    if box.width < _SPARK_WIDTH or box.height < _SPARK_HEIGHT:
        return None
    height = round(box.height * 0.5, 1)
    return Box(box.x, round(box.y + box.height - height, 1), box.width, height)


def _count_size(width: float, *, is_low: bool) -> float:
    if is_low or width < _NARROW_ROOM:
        return 17.0
    return 28.0 if width > _WIDE_ROOM else 22.0


def _wrap(name: str, width: float, most_lines: int) -> tuple[float, list[str]]:
    """Return the size in which the name fits into the fewest lines, and these; it is cut if it never fits."""
    for rows in range(1, most_lines + 1):
        for size in _NAME_SIZES:
            room = int(width / (size * _EM))
            lines = _fill(name, room)
            if len(lines) <= rows and all(len(line) <= room for line in lines):
                return size, lines
    room = max(int(width / (_NAME_SIZES[-1] * _EM)), 3)
    lines = _fill(name, room)
    cut = [line if len(line) <= room else line[: room - 1] + "…" for line in lines[:most_lines]]
    if len(lines) > most_lines and not cut[-1].endswith("…"):
        cut[-1] = cut[-1][: room - 1] + "…"
    return _NAME_SIZES[-1], cut


def _fill(name: str, room: int) -> list[str]:
    lines: list[str] = []
    for word in name.split():
        if lines and len(lines[-1]) + 1 + len(word) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines or [""]
