"""How far the doors have followed: which rights each door computer acknowledged, and since when it is behind."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from access.occupancy.doors import SourceView
from access.services.publication import Publisher
from policies.ids import DoorId, SourceId
from readers.wire.signals import Line

_UNHEARD = SourceView(Line.OFFLINE)


class Follower(msgspec.Struct, frozen=True):
    """One door computer: whether it is heard, its program, its clock, and the rights it has.

    `behind_since` is when the first rights that it lacks came to be; None while it has all. `rights_at` is when those
    that it has came to be.
    """

    source: SourceId
    line: Line
    last_heard: datetime | None
    software: str | None
    version: int | None
    rights_at: datetime | None
    behind_since: datetime | None
    offset: timedelta | None


class Followers:
    """The door computers of the site, from what was last heard of them."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self.of_door: Mapping[DoorId, SourceId] = {
            door: source for source, part in publisher.sources.items() for door in part.doors
        }

    def look(self, heard: Mapping[SourceId, SourceView]) -> dict[SourceId, Follower]:
        """Return every door computer; `heard` is what the live view knows."""
        newest = self._publisher.version()
        return {
            source: self._follower(source, heard.get(source, _UNHEARD), newest)
            for source in self._publisher.sources
        }

    def _follower(self, source: SourceId, seen: SourceView, newest: int) -> Follower:
        told = seen.told
        version = told.snapshot if told else None
        is_behind = newest > 0 and (version is None or version < newest)
        return Follower(
            source,
            seen.line,
            seen.last_heard,
            told.software if told else None,
            version,
            datetime.fromtimestamp(version / 1000, UTC) if version else None,
            self._publisher.first_after(version or 0) if is_behind else None,
            seen.offset,
        )
