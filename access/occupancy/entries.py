"""What an event says of presence: the entry of the fold that it is, if it is one."""

from collections.abc import Mapping

from policies.building import Building
from policies.presence import Act, Correction, Entry, Passage
from readers.wire.events import Event, EventType
from readers.wire.signals import MAINTENANCE, Alarm

ACTS: Mapping[EventType, Act] = {
    EventType.COUNT_SET: Act.COUNT_SET,
    EventType.PERSON_REMOVED: Act.PERSON_REMOVED,
    EventType.MUSTERED: Act.MUSTERED,
    EventType.DOOR_RELEASED: Act.ALARM_BEGAN,
    EventType.ALARM_CLEARED: Act.ALARM_ENDED,
}

ENTERS_THE_FOLD = frozenset({EventType.PASSAGE, EventType.NO_ENTRY, *ACTS})
_WORDS = frozenset(kind.value for kind in ENTERS_THE_FOLD)


def is_of_presence(kind: str, cause: str | None) -> bool:
    """Return whether an event of that type and cause says something of presence: of alarms, only a real release."""
    if kind == EventType.DOOR_RELEASED.value:
        return cause != MAINTENANCE
    if kind == EventType.ALARM_CLEARED.value:
        return cause == Alarm.RELEASED.value
    return kind in _WORDS


def entry_of(event: Event, building: Building) -> Entry | None:
    """Return what the event says of presence; None if it says nothing, or nothing that fits this building."""
    if not is_of_presence(event.type.value, event.cause):
        return None
    spaces, door, origin, target = building.spaces, event.door, event.origin, event.space
    place = (event.at, event.source, event.epoch, event.seq)
    act = ACTS.get(event.type)
    if act is not None:
        known = target is None or target in spaces
        return Correction(*place, act, target, event.number or 0, event.person, event.door) if known else None
    if door is None or origin not in spaces or target not in spaces:
        return None
    return Passage(*place, door, origin, target, event.person, event.type is EventType.PASSAGE)
