"""Drafts and journals for the tests of this folder."""

from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from policies.decision import Effect, Reason
from policies.ids import BadgeId, DoorId, PersonId, SourceId
from readers.journal import Durability, FileJournal
from readers.wire.events import Draft, EventType

EDGE = SourceId("edge-1")
START = datetime(2026, 9, 15, 6, tzinfo=UTC)


def tap(number: int = 0, person: str | None = "p-1") -> Draft:
    return Draft(
        START + timedelta(seconds=number),
        EventType.DECISION,
        DoorId("agora"),
        effect=Effect.GRANT,
        reason=Reason.GRANTED,
        person=PersonId(person) if person else None,
        badge=BadgeId("04A1B2") if person else None,
    )


def opened(
    folder: Path,
    now: datetime = START,
    durability: Durability = Durability.BUFFERED,
    rotate_bytes: int = 64 * 1024 * 1024,
) -> FileJournal:
    numbers = count()
    return FileJournal(
        folder, EDGE, lambda: now, durability, lambda: f"salt-{next(numbers)}", rotate_bytes=rotate_bytes
    )
