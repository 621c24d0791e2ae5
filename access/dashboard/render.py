"""Fragments of the page: what the building is now, drawn by templates, and only where it changed.

A `Renderer` speaks one language; the same state gives back the same text without drawing it again. It shows
spaces, doors and reasons, never a person (DOMAIN section 6).
"""

from collections.abc import Mapping
from datetime import datetime, tzinfo

import msgspec
from markupsafe import Markup

from access.dashboard.pieces import Pieces, environment
from access.dashboard.plan import LevelDrawing, RoomDrawing, levels
from access.dashboard.words import Language, Words
from access.occupancy.doors import DoorState, DoorView
from access.occupancy.feed import FeedEntry, FlowView
from access.occupancy.live import LiveBuilding, SpaceCount
from policies.building import Building, Door, Space, SpaceKind
from policies.ids import DoorId, SpaceId
from readers.wire.signals import Line

FEED_LINES = 40
ALARMS = frozenset({DoorState.HELD, DoorState.FORCED, DoorState.RELEASED, DoorState.OFFLINE})
_FILL_STEPS = (0.25, 0.5, 0.75, 1.0)
_FULL = 5


class Glimpse(msgspec.Struct, frozen=True):
    """The building at one moment of its own time."""

    now: datetime
    as_of: datetime | None
    counts: Mapping[SpaceId, SpaceCount]
    doors: Mapping[DoorId, DoorView]
    flow: FlowView
    feed: tuple[FeedEntry, ...]
    silent_sources: int
    ahead: int = 0


def look(live: LiveBuilding, now: datetime) -> Glimpse:
    """Return what the building is at `now`."""
    silent = sum(source.line is Line.OFFLINE for source in live.sources().values())
    return Glimpse(
        now,
        live.as_of,
        live.counts(),
        live.doors(),
        live.flow(now),
        live.feed(FEED_LINES),
        silent,
        live.ahead,
    )


def fill_step(count: int, capacity: int | None) -> int:
    """Return the step of the tint: 0 empty, 1 to 3 the quarters, 4 from 75 % on (the alert), 5 full."""
    if count == 0 or not capacity:
        return 0
    share = count / capacity
    return next((step for step, limit in enumerate(_FILL_STEPS, 1) if share < limit), _FULL)


class Renderer:
    """Draws the fragments in one language."""

    def __init__(self, building: Building, language: Language, timezone: tzinfo) -> None:
        self.words = Words(language)
        self.levels = levels(building, self.words)
        self._pieces = Pieces(self.words)
        self._timezone = timezone
        self._doors = {door.id: self.words.pick(door.name) for door in building.doors.values()}
        self._roots = [space.id for space in building.children(None) if space.kind is not SpaceKind.OUTSIDE]

    def fragments(self, glimpse: Glimpse) -> dict[str, Markup]:
        """Return every fragment by its name: `summary`, `levels`, `alarms`, `feed`, and two for each level."""
        fragments = {
            "summary": self._summary(glimpse),
            "levels": self._levels(glimpse),
            "alarms": self._alarms(glimpse),
            "feed": self._feed(glimpse),
        }
        for drawing in self.levels:
            fragments[f"plan:{drawing.level.id}"] = self._plan(drawing, glimpse)
            fragments[f"table:{drawing.level.id}"] = self._table(drawing, glimpse)
        return fragments

    def page(self, template: str, **values: object) -> str:
        """Return a whole page."""
        return environment().get_template(template).render(t=self.words, **values)

    def time(self, at: datetime | None) -> str:
        """Write an instant as the building's wall clock shows it; nothing for no instant."""
        return at.astimezone(self._timezone).strftime("%H:%M:%S") if at else ""

    def moment(self, at: datetime) -> str:
        """Write an instant with its day, as the building's wall shows it."""
        here = at.astimezone(self._timezone)
        return f"{self.words.dated(here.date())} {here:%H:%M:%S}"

    def _summary(self, glimpse: Glimpse) -> Markup:
        here = glimpse.now.astimezone(self._timezone)
        return self._pieces.draw(
            "summary",
            "",
            inside=sum(glimpse.counts[root].count for root in self._roots),
            arrivals=glimpse.flow.arrivals,
            departures=glimpse.flow.departures,
            day=self.words.day(here.date()),
            now=here.strftime("%H:%M"),
            as_of=self.time(glimpse.as_of),
            silent=glimpse.silent_sources,
            ahead=glimpse.ahead,
            low=sum(glimpse.counts[root].low for root in self._roots),
            high=sum(glimpse.counts[root].high for root in self._roots),
        )

    def _levels(self, glimpse: Glimpse) -> Markup:
        rows = [(one.level.id, one.name, *_numbers(glimpse, one.level.id)) for one in self.levels]
        return self._pieces.draw("levels", "", rows=rows)

    def _alarms(self, glimpse: Glimpse) -> Markup:
        rows = [
            (self._doors[door], view.state.value, self.time(view.since))
            for door, view in glimpse.doors.items()
            if view.state in ALARMS
        ]
        return self._pieces.draw("alarms", "", rows=rows)

    def _feed(self, glimpse: Glimpse) -> Markup:
        self._pieces.forget("feed-row", but={entry.id for entry in glimpse.feed})
        return self._pieces.draw("feed", "", rows=_JOINT.join(map(self._feed_row, glimpse.feed)))

    def _feed_row(self, entry: FeedEntry) -> Markup:
        return self._pieces.draw(
            "feed-row",
            entry.id,
            time=self.time(entry.at),
            door=self._doors[entry.door],
            effect=entry.effect.value if entry.effect else "alarm",
            text=self.words.reason(entry.reason) if entry.reason else self.words(entry.type.value),
        )

    def _plan(self, drawing: LevelDrawing, glimpse: Glimpse) -> Markup:
        return self._pieces.draw(
            "plan",
            drawing.level.id,
            drawing=drawing,
            total=_numbers(glimpse, drawing.level.id),
            rooms=_JOINT.join(self._room(room, glimpse) for room in drawing.rooms),
            glyphs=_JOINT.join(
                self._pieces.draw(
                    "glyph", glyph.door.id, glyph=glyph, state=glimpse.doors[glyph.door.id].state.value
                )
                for glyph in drawing.glyphs
            ),
        )

    def _room(self, room: RoomDrawing, glimpse: Glimpse) -> Markup:
        count, capacity, step = _numbers(glimpse, room.space)
        return self._pieces.draw(
            "room",
            room.space,
            room=room,
            count=count,
            capacity=capacity,
            step=step,
            **_ends(glimpse, room.space),
        )

    def _table(self, drawing: LevelDrawing, glimpse: Glimpse) -> Markup:
        return self._pieces.draw(
            "table",
            drawing.level.id,
            drawing=drawing,
            space_rows=_JOINT.join(self._space_row(space, glimpse) for space in drawing.spaces),
            door_rows=_JOINT.join(self._door_row(door, glimpse) for door in drawing.doors),
        )

    def _space_row(self, space: Space, glimpse: Glimpse) -> Markup:
        count, capacity, step = _numbers(glimpse, space.id)
        return self._pieces.draw(
            "space-row",
            space.id,
            space=space,
            count=count,
            capacity=capacity,
            step=step,
            **_ends(glimpse, space.id),
        )

    def _door_row(self, door: Door, glimpse: Glimpse) -> Markup:
        view = glimpse.doors[door.id]
        return self._pieces.draw(
            "door-row", door.id, door=door, state=view.state.value, since=self.time(view.since)
        )


def _numbers(glimpse: Glimpse, space: SpaceId) -> tuple[int, int | None, int]:
    """Return count, capacity and step of the tint."""
    count = glimpse.counts[space]
    return count.count, count.capacity, fill_step(count.count, count.capacity)


def _ends(glimpse: Glimpse, space: SpaceId) -> dict[str, int]:
    """Return the interval of a space's count."""
    count = glimpse.counts[space]
    return {"low": count.low, "high": count.high}


_JOINT = Markup("")
