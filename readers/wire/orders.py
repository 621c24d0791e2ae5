"""What a door was ordered to be: the modes that stand at it beside its schedule, as one register with a revision.

A door takes the register whole, and only under a higher revision than it holds: whatever is late, doubled or out of
order changes nothing. End times run at the door.
"""

from datetime import datetime
from enum import Enum
from typing import Annotated

import msgspec

from policies.request import DoorMode
from readers.wire.events import Instant

Revision = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class ModeSource(Enum):
    """Who wants a mode, the strongest first."""

    LOCKDOWN = "lockdown"
    OPERATOR = "operator"
    EVENT = "event"
    SCHEDULE = "schedule"
    DEFAULT = "default"


class Order(msgspec.Struct, frozen=True, omit_defaults=True):
    """A mode from `since` until `until` (None: until it is lifted); `id` names the command that gave it."""

    id: str
    since: Instant
    mode: DoorMode
    until: Instant | None = None

    def holds(self, at: datetime) -> bool:
        """Return whether the order is in force; one from the future of a slow clock is, too."""
        return self.until is None or at < self.until


class Orders(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that stands at one door: a lockdown, an operator's mode, one set by an event, and maintenance."""

    revision: Revision = 0
    lockdown: Order | None = None
    operator: Order | None = None
    event: Order | None = None
    maintenance: Order | None = None

    def misfit(self) -> str | None:
        """Return what is wrong with a register that contradicts itself; None of a sound one."""
        for slot, modes in _MODES.items():
            order: Order | None = getattr(self, slot)
            if order is not None and order.mode not in modes:
                expected = " or ".join(mode.value for mode in DoorMode if mode in modes)
                return f"orders.{slot}: mode {order.mode.value}, expected {expected}"
        return None


_SET = frozenset(DoorMode) - {DoorMode.LOCKDOWN}
_MODES = {
    "lockdown": {DoorMode.LOCKDOWN},
    "operator": _SET,
    "event": _SET,
    "maintenance": {DoorMode.NORMAL},
}
