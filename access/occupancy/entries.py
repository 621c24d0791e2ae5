"""What an event says of presence: the entry of the fold that it is, if it is one."""

from collections.abc import Mapping

from policies.building import Building
from policies.presence import Act, Correction, Entry, Passage
from readers.wire.events import Event, EventType

_ACTS: Mapping[EventType, Act] = {
    EventType.COUNT_SET: Act.COUNT_SET,
    EventType.PERSON_REMOVED: Act.PERSON_REMOVED,
    EventType.MUSTERED: Act.MUSTERED,
}

ENTERS_THE_FOLD = frozenset({EventType.PASSAGE, EventType.NO_ENTRY, *_ACTS})


def entry_of(event: Event, building: Building) -> Entry | None:
    """Return what the event says of presence; None if it says nothing, or nothing that fits this building."""
    if event.type not in ENTERS_THE_FOLD:
        return None
    spaces, door, origin, target = building.spaces, event.door, event.origin, event.space
    place = (event.at, event.source, event.epoch, event.seq)
    act = _ACTS.get(event.type)
    if act is not None:
        known = target is None or target in spaces
        return Correction(*place, act, target, event.number or 0, event.person) if known else None
    if door is None or origin not in spaces or target not in spaces:
        return None
    return Passage(*place, door, origin, target, event.person, event.type is EventType.PASSAGE)
