"""How well a while went, by its events: what was refused, what counts had to infer, which doors were held or forced."""

from datetime import datetime

import msgspec

from access.errors import Invalid
from access.store import events
from access.store.database import Database
from policies.decision import Effect
from readers.wire.events import EventType

MOST_DAYS = 93
"""That events are counted over: each is looked at."""


class Quality(msgspec.Struct, frozen=True):
    """Taps and those refused, passages and the corrections they needed, doors held and forced.

    `kept_since` is when the first event that is kept happened: days before it have their counts only.
    """

    taps: int
    refused: int
    passages: int
    corrected: int
    held: int
    forced: int
    kept_since: datetime | None = None

    @property
    def refusal_rate(self) -> float | None:
        """Return the share of taps that were refused; None without taps."""
        return self.refused / self.taps if self.taps else None

    @property
    def correction_rate(self) -> float | None:
        """Return how many corrections the counts needed for each passage; None without passages."""
        return self.corrected / self.passages if self.passages else None


def quality(database: Database, since: datetime, until: datetime) -> Quality:
    """Sum up [since, until); raise `Invalid` for more than a quarter of a year."""
    if (until - since).days > MOST_DAYS:
        raise Invalid(f"from {since:%Y-%m-%d} to {until:%Y-%m-%d}: expected at most {MOST_DAYS} days")
    with database.reading() as session:
        found, kept_since = events.tally(session, since, until), events.first_at(session)
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
        kept_since,
    )
