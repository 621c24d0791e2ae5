"""Commands obeyed or refused: only the site's, only in time, only once; each answered by an event in the journal.

The order is that of a tap: answer → journal → strike. What only locks is done even where the journal cannot keep it.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from policies.decision import Effect
from policies.ids import DoorId
from policies.request import DoorMode
from readers.daemon.portal import Portal
from readers.daemon.standings import Standings
from readers.door import Claim
from readers.errors import JournalError, WireError
from readers.ports import Clock
from readers.wire.commands import Command, Refusal, Verb, read
from readers.wire.events import Draft, EventType, Sealed
from readers.wire.orders import Orders

_log = logging.getLogger(__name__)

CLOCKS_APART = timedelta(seconds=10)
"""A command from further ahead than this shows a clock that is wrong: by it, a late one could not be told."""

_REFUSALS_APART = timedelta(minutes=1)
"""Forgeries, and the same refusal of the same command, are journaled this often: a flooded bus is no flooded disk."""


class Commands:
    """The desk of one door computer. `keep` journals or raises, `note` journals when it can."""

    def __init__(
        self,
        key: Ed25519PublicKey,
        portal: Callable[[DoorId], Portal | None],
        standings: Standings,
        keep: Callable[[Draft], Sealed],
        note: Callable[[Draft], object],
        clock: Clock,
        is_barred: Callable[[DoorId], bool],
    ) -> None:
        self._is_barred = is_barred
        self._key, self._portal, self._standings = key, portal, standings
        self._keep, self._note, self._clock = keep, note, clock
        self._refused: dict[tuple[str, Refusal], datetime] = {}

    def take(self, payload: bytes) -> Refusal | None:
        """Obey a command from the bus, or return why not; orders that are in force already change nothing."""
        at = self._clock.now()
        try:
            command = read(payload, self._key)
        except WireError as error:
            if self._is_news("", Refusal.FORGED, at):
                _log.warning("command-forged", extra={"fault": str(error)})
                self._note(Draft(at, EventType.COMMAND, effect=Effect.DENY, cause=Refusal.FORGED.value))
            return Refusal.FORGED
        if command.orders == self._standings.of(command.door).orders:
            return None  # the retained register, told again with every connection
        refusal = self._misfit(command, at) or self._obey(command, at)
        if refusal is not None and self._is_news(command.id, refusal, at):
            _log.warning("command-refused", extra={"command": command.id, "why": refusal.value})
            self._note(_answer(command, at, refusal))
        return refusal

    def _misfit(self, command: Command, at: datetime) -> Refusal | None:
        """Return what is wrong with the command itself."""
        if command.is_late(at):
            return Refusal.STALE
        if command.issued_at > at + CLOCKS_APART:
            return Refusal.AHEAD
        if self._standings.is_spent(command.id):
            return Refusal.REPLAYED
        has = self._standings.of(command.door).orders.revision
        is_old = command.orders is not None and command.orders.revision <= has
        return Refusal.SUPERSEDED if is_old else None

    def _obey(self, command: Command, at: datetime) -> Refusal | None:
        portal = self._portal(command.door)
        if command.orders is not None:
            return self._order(command, command.orders, portal, at)
        if portal is None:
            return Refusal.UNKNOWN_DOOR
        self._standings.spend(command.id, command.expires_at + CLOCKS_APART, at)
        return (self._unlock if command.verb is Verb.UNLOCK else self._rearm)(command, portal, at)

    def _rearm(self, command: Command, portal: Portal, at: datetime) -> Refusal | None:
        if not portal.rearm():
            return Refusal.RELEASED if portal.is_released else Refusal.NOT_RELEASED
        self._note(_answer(command, at))
        return None

    def _unlock(self, command: Command, portal: Portal, at: datetime) -> Refusal | None:
        if portal.is_released:
            return Refusal.RELEASED
        if portal.mode() is DoorMode.LOCKDOWN:
            return Refusal.LOCKDOWN
        if self._is_barred(command.door):
            return Refusal.INTERLOCK
        try:
            kept = self._keep(_answer(command, at))
        except JournalError as fault:
            _log.error("journal-fault", extra={"door": command.door, "fault": str(fault)})
            return Refusal.JOURNAL
        portal.admit(Claim(portal.door.outer, portal.door.inner, decision=kept.id))
        return None

    def _order(self, command: Command, orders: Orders, portal: Portal | None, at: datetime) -> Refusal | None:
        standing, refusal = self._standings.of(command.door), None
        if unkept := _freed(orders, standing.orders):
            try:
                self._keep(_answer(command, at))
            except JournalError as fault:
                _log.error("journal-fault", extra={"door": command.door, "fault": str(fault)})
                orders, refusal = _without(unkept, orders, standing.orders), Refusal.JOURNAL
        else:
            self._note(_answer(command, at))
        self._standings.keep(command.door, msgspec.structs.replace(standing, orders=orders))
        if portal is not None:
            portal.look_again()
        return refusal

    def _is_news(self, command: str, refusal: Refusal, at: datetime) -> bool:
        """Return whether a refusal is to be told: whoever repeats a command is not answered each time."""
        lately = {each: told for each, told in self._refused.items() if told <= at < told + _REFUSALS_APART}
        is_news = (command, refusal) not in lately
        self._refused = lately | {(command, refusal): at} if is_news else lately
        return is_news


def _freed(orders: Orders, stood: Orders) -> tuple[str, ...]:
    """Return the slots that set the door free by an order which did not stand there before."""
    slots = {"operator": orders.operator, "event": orders.event}
    fresh = {slot: order for slot, order in slots.items() if order != getattr(stood, slot)}
    return tuple(slot for slot, order in fresh.items() if order is not None and order.mode is DoorMode.FREE)


def _without(slots: tuple[str, ...], orders: Orders, stood: Orders) -> Orders:
    """Return the register with what stood before in some slots, under the revision below: told again, it is taken."""
    before = {slot: getattr(stood, slot) for slot in slots}
    return msgspec.structs.replace(orders, revision=orders.revision - 1, **before)


def _answer(command: Command, at: datetime, refusal: Refusal | None = None) -> Draft:
    return Draft(
        at,
        EventType.COMMAND,
        command.door,
        effect=Effect.GRANT if refusal is None else Effect.DENY,
        cause=command.verb.value if refusal is None else refusal.value,
        command=command.id,
    )
