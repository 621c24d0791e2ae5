"""Events as the server has them, made for tests of what shows them."""

from datetime import UTC, datetime, timedelta

from policies.ids import BadgeId, DoorId, PersonId, SourceId, SpaceId
from readers.wire.events import Event, EventType

NINE = datetime(2026, 9, 15, 7, 0, tzinfo=UTC)


def event(seq: int, kind: EventType, door: str | None = None, source: str = "edge-1", **fields) -> Event:
    at = fields.pop("at", NINE + timedelta(seconds=seq))
    for name, wrap in (("space", SpaceId), ("origin", SpaceId), ("person", PersonId), ("badge", BadgeId)):
        if name in fields:
            fields[name] = wrap(fields[name])
    return Event(
        at,
        kind,
        DoorId(door) if door else None,
        id=f"{source}:1:{seq}",
        source=SourceId(source),
        epoch=1,
        seq=seq,
        prev="0" * 64,
        v=1,
        **fields,
    )


def passage(seq: int, person: str | None, door: str, origin: str, space: str, **fields) -> Event:
    if person:
        fields["person"] = person
    return event(seq, EventType.PASSAGE, door, origin=origin, space=space, **fields)
