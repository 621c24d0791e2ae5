"""What is wrong at one door: each alarm journaled once when it is raised, and once when it is over."""

from collections.abc import Callable

from policies.building import Door
from readers.ports import Clock
from readers.wire.events import Draft, EventType
from readers.wire.signals import MAINTENANCE, Alarm

RAISED_BY = {
    Alarm.HELD: EventType.DOOR_HELD,
    Alarm.FORCED: EventType.DOOR_FORCED,
    Alarm.RELEASED: EventType.DOOR_RELEASED,
    Alarm.TAMPERED: EventType.DOOR_TAMPERED,
    Alarm.CONTACT: EventType.DOOR_FAULT,
    Alarm.STRIKE: EventType.DOOR_FAULT,
}


class Alarms:
    """The alarms of one door; `is_worked_on` tells whether somebody expects them."""

    def __init__(
        self, door: Door, note: Callable[[Draft], object], clock: Clock, is_worked_on: Callable[[], bool]
    ) -> None:
        self._door, self._note, self._clock, self._is_worked_on = door, note, clock, is_worked_on
        self._raised: set[Alarm] = set()

    def raised(self) -> tuple[Alarm, ...]:
        """Return what is wrong now, in the order of the words."""
        return tuple(alarm for alarm in Alarm if alarm in self._raised)

    def go_on(self, alarm: Alarm) -> None:
        """Take an alarm up that was raised before a restart."""
        self._raised.add(alarm)

    def set(self, alarm: Alarm) -> None:
        """Raise an alarm, if it is not raised."""
        if alarm not in self._raised:
            self._raised.add(alarm)
            cause = MAINTENANCE if self._is_worked_on() else alarm.value
            self._note(Draft(self._clock.now(), RAISED_BY[alarm], self._door.id, cause=cause))

    def clear(self, alarm: Alarm) -> None:
        """Say that an alarm is over, if it was raised."""
        if alarm in self._raised:
            self._raised.discard(alarm)
            self._note(Draft(self._clock.now(), EventType.ALARM_CLEARED, self._door.id, cause=alarm.value))

    def close(self) -> None:
        """End what ends with the door's computer; a release goes on."""
        for alarm in self.raised():
            if alarm is not Alarm.RELEASED:
                self.clear(alarm)
