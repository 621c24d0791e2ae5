"""Pieces of the page: what the building is now, drawn by templates, and only where it changed.

A `Renderer` speaks one language; the same state gives back the same text without drawing it again. It shows
spaces, doors and reasons, never a person (docs/domain.md, 6).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo

import msgspec
from markupsafe import Markup

from access.dashboard.pieces import Pieces, environment
from access.dashboard.plan import LevelDrawing, RoomDrawing, levels
from access.dashboard.words import TEXTS, Language, Words
from access.occupancy.doors import DoorState, DoorView
from access.occupancy.feed import FeedEntry, FlowView
from access.occupancy.limits import Limit
from access.occupancy.live import LiveBuilding, SpaceCount
from access.services.doors import Lockdown
from policies.building import Building, Door, Space, SpaceKind
from policies.ids import DoorId, SpaceId
from readers.wire.events import EventType
from readers.wire.signals import Line

FEED_LINES = 40
ALARMS = frozenset({DoorState.HELD, DoorState.FORCED, DoorState.RELEASED, DoorState.OFFLINE})
_COUNTED = frozenset({EventType.LIMIT_REACHED, EventType.LIMIT_CLEARED})
_FILL_STEPS = (0.25, 0.5, 0.75, 1.0)
_FULL = 5


class Glimpse(msgspec.Struct, frozen=True):
    """The building at one moment of its own time. `sparks` are the last hours of some spaces, as areas."""

    now: datetime
    as_of: datetime | None
    counts: Mapping[SpaceId, SpaceCount]
    doors: Mapping[DoorId, DoorView]
    flow: FlowView
    feed: tuple[FeedEntry, ...]
    silent_sources: int
    ahead: int = 0
    ignored: int = 0
    sparks: Mapping[SpaceId, str] = {}
    lockdowns: tuple[Lockdown, ...] = ()


def look(
    live: LiveBuilding,
    now: datetime,
    sparks: Mapping[SpaceId, str] | None = None,
    lockdowns: tuple[Lockdown, ...] = (),
) -> Glimpse:
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
        live.ignored,
        sparks or {},
        lockdowns,
    )


def fill_step(count: int, capacity: int | None) -> int:
    """Return the step of the tint: 0 empty, 1 to 3 the quarters, 4 from 75 % on (the alert), 5 full."""
    if count == 0 or not capacity:
        return 0
    share = count / capacity
    return next((step for step, limit in enumerate(_FILL_STEPS, 1) if share < limit), _FULL)


def kind_of(entry: FeedEntry) -> str:
    """Return what a line of the feed is marked as: its effect, an alarm, or the end of one."""
    if entry.effect is not None:
        return entry.effect.value
    return "over" if entry.type is EventType.LIMIT_CLEARED else "alarm"


class Renderer:
    """Draws the pieces in one language."""

    def __init__(self, building: Building, language: Language, timezone: tzinfo) -> None:
        self.words = Words(language)
        self.levels = levels(building, self.words)
        self._pieces = Pieces(self.words)
        self.timezone = timezone
        self._doors = {door.id: self.words.pick(door.name) for door in building.doors.values()}
        self._spaces = {space.id: self.words.pick(space.name) for space in building.spaces.values()}
        self._roots = [space.id for space in building.children(None) if space.kind is not SpaceKind.OUTSIDE]

    @property
    def sparked(self) -> list[SpaceId]:
        """Return the spaces whose last hours are drawn."""
        rooms = (room.space for level in self.levels for room in level.rooms if room.spark is not None)
        return [*self._roots, *(level.level.id for level in self.levels), *rooms]

    def fragments(self, glimpse: Glimpse) -> dict[str, Markup]:
        """Return every piece by its name.

        `lockdown`, `summary`, `levels`, `alarms` and `feed` are sections; `total:ID`, `space:ID`, `door:ID`,
        `space-row:ID` and `door-row:ID` are single elements whose id in the page is that name.
        """
        pieces = {
            "lockdown": self.lockdown(glimpse.lockdowns),
            "summary": self._summary(glimpse),
            "levels": self._levels(glimpse),
            "alarms": self._alarms(glimpse),
            "feed": self._feed(glimpse),
        }
        for drawing in self.levels:
            pieces.update(self._level(drawing, glimpse))
        return pieces

    def lockdown(self, standing: Sequence[Lockdown]) -> Markup:
        """Return what the top of every page says: which spaces are locked down, and since when; nothing if none is."""
        rows = [
            (one.space and self._spaces.get(one.space, one.space), self.moment(one.since)) for one in standing
        ]
        return self._pieces.draw("lockdown-now", "", rows=rows)

    def page(self, template: str, **values: object) -> str:
        """Return a whole page."""
        return environment().get_template(template).render(t=self.words, **values)

    def time(self, at: datetime | None) -> str:
        """Write an instant as the building's wall clock shows it; nothing for no instant."""
        return self._here(at).strftime("%H:%M:%S") if at else ""

    def dated(self, at: datetime) -> str:
        """Write the day of an instant, as the building's wall shows it."""
        return self.words.dated(self._here(at).date())

    def moment(self, at: datetime) -> str:
        """Write an instant with its day, as the building's wall shows it."""
        here = self._here(at)
        return f"{self.words.dated(here.date())} {here:%H:%M:%S}"

    def said(self, entry: FeedEntry) -> str:
        """Write what a line of the feed tells."""
        if entry.reason is not None:
            return self.words.reason(entry.reason)
        share = (entry.cause or "").partition("-")[0]
        if entry.type in _COUNTED:
            return self.words.counted(entry.type.value, entry.number or 0, share=share)
        own = f"{entry.type.value}-{entry.cause}"
        return self.words(own if own in TEXTS else entry.type.value)

    def wall(self, at: datetime) -> str:
        """Write a minute as a form's field takes it (HTML, `datetime-local`)."""
        return f"{self._here(at):%Y-%m-%dT%H:%M}"

    def _here(self, at: datetime) -> datetime:
        """Return an instant by the building's wall clock; what stands for ever (9999-12-31) as it was told."""
        try:
            return at.astimezone(self.timezone)
        except OverflowError:
            return at

    def _summary(self, glimpse: Glimpse) -> Markup:
        here = glimpse.now.astimezone(self.timezone)
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
            ignored=glimpse.ignored,
            low=sum(glimpse.counts[root].low for root in self._roots),
            high=sum(glimpse.counts[root].high for root in self._roots),
            spark=glimpse.sparks.get(self._roots[0], "") if len(self._roots) == 1 else "",
        )

    def _levels(self, glimpse: Glimpse) -> Markup:
        rows = [
            (one.level.id, one.name, *_numbers(glimpse, one.level.id), glimpse.sparks.get(one.level.id, ""))
            for one in self.levels
        ]
        return self._pieces.draw("levels", "", rows=rows)

    def _alarms(self, glimpse: Glimpse) -> Markup:
        doors = [
            (self._doors[door], view.state.value, self.time(view.since), f"/doors/{door}")
            for door, view in glimpse.doors.items()
            if view.state in ALARMS
        ]
        spaces = [
            (
                self._spaces[space],
                count.limit.value,
                self.words.of(count.count, count.capacity),
                f"/spaces/{space}",
            )
            for space, count in glimpse.counts.items()
            if count.limit is not Limit.NONE
        ]
        spaces.sort(key=lambda row: -row[1])
        return self._pieces.draw("alarms", "", doors=doors, spaces=spaces)

    def _feed(self, glimpse: Glimpse) -> Markup:
        self._pieces.forget("feed-row", but={entry.id for entry in glimpse.feed})
        return self._pieces.draw("feed", "", rows=_JOINT.join(map(self._feed_row, glimpse.feed)))

    def _feed_row(self, entry: FeedEntry) -> Markup:
        return self._pieces.draw(
            "feed-row",
            entry.id,
            time=self.time(entry.at),
            door=self._doors[entry.door] if entry.door else self._spaces[entry.space or SpaceId("")],
            effect=kind_of(entry),
            text=self.said(entry),
        )

    def _level(self, drawing: LevelDrawing, glimpse: Glimpse) -> Iterator[tuple[str, Markup]]:
        level = drawing.level.id
        total = _numbers(glimpse, level)
        yield f"total:{level}", self._pieces.draw("total", level, level=level, total=total)
        for room in drawing.rooms:
            yield f"space:{room.space}", self._room(room, glimpse)
        for glyph in drawing.glyphs:
            state = glimpse.doors[glyph.door.id].state.value
            yield f"door:{glyph.door.id}", self._pieces.draw("glyph", glyph.door.id, glyph=glyph, state=state)
        for space in drawing.spaces:
            yield f"space-row:{space.id}", self._space_row(space, glimpse)
        for door in drawing.doors:
            yield f"door-row:{door.id}", self._door_row(door, glimpse)

    def _room(self, room: RoomDrawing, glimpse: Glimpse) -> Markup:
        count, capacity, step = _numbers(glimpse, room.space)
        return self._pieces.draw(
            "room",
            room.space,
            room=room,
            count=count,
            capacity=capacity,
            step=step,
            spark=glimpse.sparks.get(room.space, "") if room.spark is not None else "",
            since=self.time(glimpse.counts[room.space].changed_at),
            **_ends(glimpse, room.space),
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
            since=self.time(glimpse.counts[space.id].changed_at),
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
