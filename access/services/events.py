"""Reading what happened: lists of stored events, the newest first, and what was wrong with some."""

from datetime import datetime

import msgspec

from access.errors import Invalid
from access.store import events as stored
from access.store.database import Database
from access.store.events import Filter, Finding, Place
from policies.decision import Effect
from readers.wire.events import Event, EventType

__all__ = ["Events", "Filter", "Finding", "Place", "Quality"]

MOST_DAYS = 93
"""That events are counted over: each is looked at."""


class Quality(msgspec.Struct, frozen=True):
    """How well a while went: taps and those refused, passages and what had to be inferred, doors held and forced."""

    taps: int
    refused: int
    passages: int
    corrected: int
    held: int
    forced: int

    @property
    def refusal_rate(self) -> float | None:
        """Return the share of taps that were refused; None without taps."""
        return self.refused / self.taps if self.taps else None

    @property
    def correction_rate(self) -> float | None:
        """Return how many corrections the counts needed for each passage; None without passages."""
        return self.corrected / self.passages if self.passages else None


class Events:
    """The use cases around stored events. Whoever calls has the right to read them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def newest(self, chosen: Filter, before: Place | None = None, limit: int = 100) -> list[Event]:
        """Return up to `limit` events, the newest first, that come before `before`."""
        with self._database.reading() as session:
            return stored.newest(session, chosen, before, limit)

    def quality(self, since: datetime, until: datetime) -> Quality:
        """Sum up [since, until) by its events; raise `Invalid` for more than a quarter of a year."""
        if (until - since).days > MOST_DAYS:
            raise Invalid(f"from {since:%Y-%m-%d} to {until:%Y-%m-%d}: expected at most {MOST_DAYS} days")
        with self._database.reading() as session:
            found = stored.tally(session, since, until)
        kinds: dict[EventType, int] = {}
        for (kind, _effect), number in found.items():
            kinds[kind] = kinds.get(kind, 0) + number
        return Quality(
            kinds.get(EventType.DECISION, 0),
            found.get((EventType.DECISION, Effect.DENY), 0),
            kinds.get(EventType.PASSAGE, 0),
            kinds.get(EventType.INFERRED, 0),
            kinds.get(EventType.DOOR_HELD, 0),
            kinds.get(EventType.DOOR_FORCED, 0),
        )

    def findings(self, limit: int = 100) -> list[Finding]:
        """Return up to `limit` findings of ingest, the newest first."""
        with self._database.reading() as session:
            return stored.findings(session, limit)
