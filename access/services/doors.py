"""Operators' word to doors: unlock, modes, maintenance, re-arming, lockdowns. Signed, audited, and sent to the door.

A door's modes are one register under a revision that only grows (readers.wire.orders): what is lost on the way is
made good by the next, and a door that was away takes up what holds when it comes back. What happens once (unlock,
re-arm) is never kept: late, it is refused.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from enum import Enum
from threading import Lock

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from access.errors import Conflict, Invalid, NotFound
from access.services.given import subject
from access.services.outbox import Outbox
from access.services.standing import Standing
from access.store import audit
from access.store import doors as stored
from access.store.database import Database
from access.store.doors import Lockdown
from policies.building import Building
from policies.ids import DoorId, InterlockId, SpaceId
from policies.request import DoorMode
from readers.wire import commands as wire
from readers.wire.bus import Message
from readers.wire.commands import Command, Verb
from readers.wire.orders import Order, Orders
from readers.wire.topics import Topics

__all__ = ["Act", "Doors", "Lockdown", "Slot"]

_log = logging.getLogger(__name__)

UNLOCKS_WITHIN = timedelta(seconds=5)
"""A person waits at the door: later than this an unlocking would open it for nobody, or for somebody else."""

ORDERS_LAST = timedelta(hours=72)
"""How old a register may be when a door takes it; the server sends it anew long before."""

LONGEST_MODE = timedelta(days=31)
"""A mode or maintenance that nobody renews for a month was forgotten: no door stays free for longer by it."""

_REASON = 300


class Slot(Enum):
    """Who sets a mode: an operator, or an event of another system."""

    OPERATOR = "operator"
    EVENT = "event"


class Act(msgspec.Struct, frozen=True):
    """Something that somebody does to doors: `id` names it everywhere."""

    id: str
    actor: str
    reason: str
    at: datetime


class Doors:
    """The use cases. Every one returns the doors that a command went to; `outbox` hears the messages.

    `standing` are the lockdowns in force, as pages say them.
    """

    def __init__(
        self, database: Database, building: Building, key: Ed25519PrivateKey, outbox: Outbox[Message]
    ) -> None:
        self._database, self._building, self._key, self._outbox = database, building, key, outbox
        self._topics = Topics(building.site)
        self._in_order = Lock()
        self.standing = Standing(database)

    # ---- once

    def unlock(self, door: DoorId, act: Act) -> tuple[DoorId, ...]:
        """Let somebody in once, within seconds or not at all."""
        return self._once(Verb.UNLOCK, door, act)

    def rearm(self, door: DoorId, act: Act) -> tuple[DoorId, ...]:
        """Lock a door again that the building's own wiring had released."""
        return self._once(Verb.REARM, door, act)

    # ---- until further notice

    def set_mode(
        self, door: DoorId, mode: DoorMode | None, until: datetime | None, slot: Slot, act: Act
    ) -> tuple[DoorId, ...]:
        """Set a door's mode until an end time, 31 days away at most, or (None) leave it to what stands below.

        Raise `Invalid`.
        """
        if mode is DoorMode.LOCKDOWN:
            raise Invalid("mode: a lockdown is of a space or of the site, and has its own release")
        if mode is not None and until is None:
            raise Invalid("until: expected the time at which the mode ends")
        if mode is DoorMode.FREE and (group := self._interlock(door)) is not None:
            raise Invalid(
                f"mode: of the doors of interlock {group} no two are ever open, so none is set free"
            )
        _check_length(act, until)
        order = _order(act, mode, until) if mode is not None else None
        action = f"door-mode-{mode.value}" if mode is not None else "door-mode-lifted"
        with self._changing((door,), action, act) as (_, registers):
            registers[door] = msgspec.structs.replace(registers[door], **{slot.value: order})
        return (door,)

    def set_maintenance(self, door: DoorId, until: datetime | None, act: Act) -> tuple[DoorId, ...]:
        """Say that people work on a door until an end time, or (None) that they have finished."""
        _check_length(act, until)
        order = _order(act, DoorMode.NORMAL, until) if until is not None else None
        action = "door-maintenance" if order is not None else "door-maintenance-ended"
        with self._changing((door,), action, act) as (_, registers):
            registers[door] = msgspec.structs.replace(registers[door], maintenance=order)
        return (door,)

    def lock_down(self, space: SpaceId | None, until: datetime | None, act: Act) -> tuple[DoorId, ...]:
        """Let nobody but the exempt into a space, or the site; raise `NotFound` or `Invalid`."""
        _order(act, DoorMode.LOCKDOWN, until)
        lockdown = Lockdown(act.id, space, act.at, until, act.actor, act.reason)
        doors = self.doors_into(space)
        if not doors:
            raise Invalid(f"space {space}: no door leads into it, so a lockdown would lock nothing")
        with self._changing(doors, "lockdown", act) as (session, registers):
            stored.add_lockdown(session, lockdown)
            self._lock_down(registers, stored.lockdowns(session, act.at))
        self._stand()
        return doors

    def end_lockdown(self, space: SpaceId | None, act: Act) -> tuple[DoorId, ...]:
        """End the lockdown of exactly this space, or the site's; raise `Conflict` if there is none."""
        doors = self.doors_into(space)
        with self._changing(doors, "lockdown-ended", act) as (session, registers):
            if not stored.end_lockdowns(session, space, act.at):
                raise Conflict(f"lockdown of {space or self._building.site}: there is none")
            self._lock_down(registers, stored.lockdowns(session, act.at))
        self._stand()
        return doors

    def lockdowns(self, at: datetime) -> list[Lockdown]:
        """Return the lockdowns in force, the oldest first."""
        with self._database.reading() as session:
            return stored.lockdowns(session, at)

    def is_locked_down(self, door: DoorId, at: datetime) -> bool:
        """Return whether a lockdown stands above every other order to a door."""
        known = self._building.doors.get(door)
        return known is not None and any(
            self._leads_into(known.inner, one.space) for one in self.standing.at(at)
        )

    def registers(self, at: datetime) -> list[Message]:
        """Return every door's register as it is sent: retained, signed anew."""
        with self._database.reading() as session:
            kept = stored.registers(session)
        again = Act("register", "server", "sent anew", at)
        return [
            self._register(door, orders, again)
            for door, orders in kept.items()
            if door in self._building.doors
        ]

    # ---- how

    def _stand(self) -> None:
        """Read anew what stands; what was done stays done where that fails, and is read again by `Neighbours`."""
        try:
            self.standing.refresh()
        except SQLAlchemyError as error:
            _log.error("standing-not-read", extra={"fault": type(error).__name__})

    def _once(self, verb: Verb, door: DoorId, act: Act) -> tuple[DoorId, ...]:
        with self._recorded((door,), f"door-{verb.value}", act):
            pass
        late = act.at + UNLOCKS_WITHIN
        command = Command(act.id, door, verb, act.actor, act.reason, act.at, late)
        self._outbox.tell(Message(self._topics.door_command(door), wire.sign(command, self._key)))
        return (door,)

    @contextmanager
    def _recorded(self, doors: Sequence[DoorId], action: str, act: Act) -> Iterator[Session]:
        """Write the act to the audit, and what is done within to the database, together or not at all."""
        for door in doors:
            if door not in self._building.doors:
                raise NotFound(f"door {door}: there is no such door")
        if not 1 <= len(act.reason.strip()) <= _REASON:
            raise Invalid(f"reason: expected 1 to {_REASON} characters")
        with self._database.writing() as session:
            audit.append(
                session, act.at, act.actor, action, [subject(door, act.id, act.reason) for door in doors]
            )
            yield session

    @contextmanager
    def _changing(
        self, doors: Sequence[DoorId], action: str, act: Act
    ) -> Iterator[tuple[Session, dict[DoorId, Orders]]]:
        """Let the registers of doors be changed; then keep them under a new revision, and send them.

        Of two operators at once the later revision goes out last: it is the one that the bus retains. So whoever was
        first to write is also first to send; the wait for that lies within the wait for the database, which ends.
        """
        with ExitStack() as in_order:
            with self._recorded(doors, action, act) as session:
                in_order.enter_context(self._in_order)
                kept = stored.registers(session)
                registers = {door: kept.get(door, Orders()) for door in doors}
                yield session, registers
                revision = stored.next_revision(session, act.at)
                for door, orders in registers.items():
                    registers[door] = msgspec.structs.replace(orders, revision=revision)
                    stored.put(session, door, registers[door])
            for door, orders in registers.items():
                self._outbox.tell(self._register(door, orders, act))

    def _register(self, door: DoorId, orders: Orders, act: Act) -> Message:
        late = act.at + ORDERS_LAST
        command = Command(act.id, door, Verb.ORDERS, act.actor, act.reason, act.at, late, orders)
        return Message(self._topics.door_command(door), wire.sign(command, self._key), retain=True)

    def doors_into(self, space: SpaceId | None) -> tuple[DoorId, ...]:
        """Return the doors that lead into a space or one inside it; all of the site for None."""
        if space is not None and space not in self._building.spaces:
            raise NotFound(f"space {space}: there is no such space")
        doors = self._building.doors.values()
        return tuple(door.id for door in doors if self._leads_into(door.inner, space))

    def _interlock(self, door: DoorId) -> InterlockId | None:
        known = self._building.doors.get(door)
        return known.interlock if known is not None else None

    def _leads_into(self, inner: SpaceId, space: SpaceId | None) -> bool:
        return space is None or space in self._building.path_up(inner)

    def _lock_down(self, registers: dict[DoorId, Orders], lockdowns: Sequence[Lockdown]) -> None:
        """Let each register say the longest lockdown that covers its door."""
        for door, orders in registers.items():
            inner = self._building.doors[door].inner
            covering = [one for one in lockdowns if self._leads_into(inner, one.space)]
            longest = max(covering, key=lambda one: one.until or _FOR_EVER, default=None)
            order = Order(longest.id, longest.since, DoorMode.LOCKDOWN, longest.until) if longest else None
            registers[door] = msgspec.structs.replace(orders, lockdown=order)


def _check_length(act: Act, until: datetime | None) -> None:
    if until is not None and until - act.at > LONGEST_MODE:
        raise Invalid(f"until: {until.isoformat()} is more than {LONGEST_MODE.days} days away, expected less")


_FOR_EVER = datetime.max.replace(tzinfo=UTC)


def _order(act: Act, mode: DoorMode, until: datetime | None) -> Order:
    if until is not None and until <= act.at:
        raise Invalid(f"until: {until.isoformat()} is over, expected a time to come")
    return Order(act.id, act.at, mode, until)
