"""The modes of the doors that controllers ask about, as orders and schedules say (docs/domain.md, 4).

The registers are those that door computers obey, under revisions that only grow. A free period that waits for its
first person begins when somebody is let in by a rule at a door without a contact, where a permit is an entry; at one
with a contact it never does, since a controller tells nobody who went in.
"""

from datetime import datetime

from policies.building import Building, Door
from policies.decision import Effect
from policies.ids import DoorId
from policies.policy import Policy
from policies.request import Direction, DoorMode
from policies.timetable import has_lasted, scheduled_mode, waits
from readers.wire.events import Event, EventType
from readers.wire.orders import Orders


class Modes:
    """The registers of one building's doors. `now` holds the doors that are in another mode than normal.

    `policy` has the schedules and calendar in force.
    """

    def __init__(self, building: Building, policy: Policy) -> None:
        self._building, self.policy = building, policy
        self._orders: dict[DoorId, Orders] = {}
        self._moving = tuple(door for door in building.doors.values() if door.modes)
        self._has_come: set[DoorId] = set()
        self.waiting = frozenset(
            door.id for door in self._moving if not door.contact and any(map(waits, door.modes))
        )
        """The doors whose free periods wait for a first person who can be told of here."""
        self.now: dict[DoorId, DoorMode] = {}

    def hear(self, event: Event, at: datetime) -> None:
        """Take note of somebody who went in by a rule: what waited for them begins, if it has not ended since."""
        door = self._building.doors.get(event.door) if event.door in self.waiting else None
        side = self._building.readers.get(event.reader) if event.reader is not None else None
        if door is None or side is None or side.direction is not Direction.ENTRY:
            return
        is_entry = event.type is EventType.DECISION and event.effect is Effect.GRANT and bool(event.rules)
        if is_entry and has_lasted(next(filter(waits, door.modes)), self.policy, event.at, at):
            self._has_come.add(door.id)
            self._look(door, at)

    def put(self, door: DoorId, orders: Orders, at: datetime) -> None:
        """Take a door's register, unless a newer one is here."""
        known = self._orders.get(door)
        if door in self._building.doors and (known is None or orders.revision > known.revision):
            self._orders[door] = orders
            self._look(self._building.doors[door], at)

    def look(self, at: datetime) -> None:
        """Let begin and end what is due."""
        for door in self._moving:
            self._look(door, at)
        for name in self._orders:
            self._look(self._building.doors[name], at)

    def _look(self, door: Door, at: datetime) -> None:
        mode = self._mode(door, at)
        if mode is DoorMode.NORMAL:
            self.now.pop(door.id, None)
        else:
            self.now[door.id] = mode

    def _mode(self, door: Door, at: datetime) -> DoorMode:
        orders = self._orders.get(door.id, _NONE)
        for order in (orders.lockdown, orders.operator, orders.event):
            if order is not None and order.holds(at) and door.may_be(order.mode):
                return order.mode
        scheduled = scheduled_mode(door, self.policy, at)
        if scheduled is None or not scheduled.first_person_in:
            self._has_come.discard(door.id)
        if scheduled is None:
            return DoorMode.NORMAL
        return DoorMode.NORMAL if waits(scheduled) and door.id not in self._has_come else scheduled.mode


_NONE = Orders()
