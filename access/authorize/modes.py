"""The modes of the doors that controllers ask about, as orders and schedules say (DOMAIN section 4).

The registers are those that door computers obey, under revisions that only grow. A free period that waits for its
first person is taken as not begun: a controller tells nobody who went in.
"""

from datetime import datetime

from policies.building import Building, Door, ScheduledMode
from policies.ids import DoorId
from policies.policy import Policy
from policies.request import DoorMode
from policies.schedule import is_open
from readers.wire.orders import Orders


class Modes:
    """The registers of one building's doors. `now` holds the doors that are in another mode than normal.

    `policy` has the schedules and calendar in force.
    """

    def __init__(self, building: Building, policy: Policy) -> None:
        self._building, self.policy = building, policy
        self._orders: dict[DoorId, Orders] = {}
        self._moving = tuple(door for door in building.doors.values() if door.modes)
        self.now: dict[DoorId, DoorMode] = {}

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
            if order is not None and order.holds(at):
                return order.mode
        scheduled = next((each for each in door.modes if self._counts(each, at)), None)
        waits = scheduled is not None and scheduled.mode is DoorMode.FREE and scheduled.first_person_in
        return DoorMode.NORMAL if scheduled is None or waits else scheduled.mode

    def _counts(self, scheduled: ScheduledMode, at: datetime) -> bool:
        """Return whether a scheduled mode counts now; where nobody can tell, locked does and free does not."""
        try:
            return is_open(self.policy.schedules[scheduled.schedule], self.policy.calendar, at)
        except (LookupError, ValueError):
            return scheduled.mode is DoorMode.LOCKED


_NONE = Orders()
