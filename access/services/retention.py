"""How long it is known who passed: three months at the perimeter and in restricted spaces, a day elsewhere.

So says the law as this building reads it (docs/domain.md, 6; CNIL). Every time can be made shorter; longer than the
legal one only with a reason that the audit keeps. What goes is counted, hashed and counted again; counts by space
have nobody in them and stay. Visitors go whole when their last visit is so long past and they hold nothing, and visits
of whoever stays. Events with nobody in them are deleted after thirteen months, so that a database grows for a year and
no longer. Run `purge` once an hour.
"""

import hashlib
import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from enum import Enum
from functools import partial

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from access.errors import Invalid
from access.services.clock import Clock
from access.services.erasure import Erasures
from access.services.holds import binding
from access.services.offload import Offload
from access.store import audit, holds, past_visitors, past_visits, pruning
from access.store import privacy as stored
from access.store.database import Database
from access.store.holds import Hold
from access.store.listing import NEWEST, Listing
from access.store.privacy import KeptFor, Overdue, Purge
from policies.building import Building, SpaceKind
from policies.ids import DoorId, PersonId

__all__ = ["Kept", "Kind", "Purge", "Retention"]

_log = logging.getLogger(__name__)

_LOOK_EVERY_S = 3600.0
_ACTOR = "retention"
_MOST_REASON = 300
_DAY = 24
_VISITORS_AT_ONCE, _VISITS_AT_ONCE = 20, 500
"""Of each in a transaction: a visitor costs a dozen statements, and others wait to write."""


class Kind(Enum):
    """What is kept for a time of its own."""

    PERIMETER = "perimeter"
    ELSEWHERE = "elsewhere"
    VISITORS = "visitors"
    VISITOR_RECORDS = stored.VISITOR_RECORDS
    VISITS = stored.VISITS
    AUDIT = "audit"
    EVENTS = "events"


_LEGAL = {
    Kind.PERIMETER: 90 * _DAY, Kind.ELSEWHERE: _DAY, Kind.VISITORS: 30 * _DAY, Kind.AUDIT: 365 * _DAY,
    Kind.EVENTS: 400 * _DAY, Kind.VISITOR_RECORDS: 30 * _DAY, Kind.VISITS: 30 * _DAY,
}  # fmt: skip  # a table
"""Hours, at most, without an override. No law counts events with nobody in them: thirteen months compare two years."""

_LEAST = {
    Kind.PERIMETER: 1, Kind.ELSEWHERE: 1, Kind.VISITORS: 1, Kind.AUDIT: 183 * _DAY, Kind.EVENTS: 7 * _DAY,
}  # fmt: skip  # a table
_NAMES_SOMEBODY = (Kind.ELSEWHERE, Kind.VISITORS, Kind.PERIMETER)
_LIKE = {Kind.VISITOR_RECORDS: Kind.VISITORS, Kind.VISITS: Kind.VISITORS}
"""Kinds that are kept as long as another, and have no time of their own."""

_MOST = 10 * 365 * _DAY

Gone = tuple[int, str]
"""How many went, and the hash of which."""

_Forget = Callable[[datetime, list[Hold], datetime], Gone]


class Kept(msgspec.Struct, frozen=True):
    """How long a kind is kept; `overdue` is what should have gone and has not, `held` what a legal hold keeps."""

    kind: Kind
    hours: int
    legal_hours: int
    override: str | None
    overdue: int
    held: int


class Retention:
    """The use cases around forgetting."""

    def __init__(self, database: Database, building: Building, erasures: Erasures) -> None:
        self._database, self._erasures = database, erasures
        self._lasting = tuple(_lasting(building))

    def kept(self, at: datetime) -> list[Kept]:
        """Return how long each kind is kept, and the proof: how much of it is older than that."""
        with self._database.reading() as session:
            chosen, held = stored.kept_for(session), binding(holds.standing(session, at), at)
            hours = _hours(chosen)
            found = []
            for kind in Kind:
                overdue, spared = self._count(session, kind, _before(kind, hours, at), held)
                override = chosen[rule].override if (rule := _LIKE.get(kind, kind).value) in chosen else None
                found.append(Kept(kind, hours[kind], _LEGAL[kind], override, overdue, spared))
        return found

    def keep_for(self, kind: Kind, hours: int, override: str | None, actor: str, at: datetime) -> None:
        """Keep a kind for so long from now on; raise `Invalid` for longer than the legal time without a reason."""
        if kind in _LIKE:
            raise Invalid(f"{kind.value}: they are kept as long as visitors are; set the time of visitors")
        reason = " ".join((override or "").split())[:_MOST_REASON] or None
        if not _LEAST[kind] <= hours <= _MOST:
            raise Invalid(f"{kind.value}: expected {_LEAST[kind]} to {_MOST} hours")
        if hours > _LEGAL[kind] and reason is None:
            raise Invalid(
                f"{kind.value}: longer than {_LEGAL[kind]} hours needs an override, which the audit keeps"
            )
        reason = reason if hours > _LEGAL[kind] else None
        action = "retention-set" if reason is None else "retention-overridden"
        with self._database.writing() as session:
            audit.append(session, at, actor, action, [f"{kind.value}: {hours} h"], reason=reason)
            stored.keep_for(session, KeptFor(kind.value, hours, at, actor, reason))

    def purges(self, kind: Kind | None = None, listing: Listing = NEWEST) -> list[Purge]:
        """Return a piece of the list of purges, the newest first; of one kind only, if given."""
        with self._database.reading() as session:
            return stored.purges(session, kind.value if kind is not None else None, listing)

    def purge(self, at: datetime) -> list[Purge]:
        """Forget what is older than it may be; return what went, kind by kind."""
        with self._database.reading() as session:
            chosen, held = stored.kept_for(session), binding(holds.standing(session, at), at)
        hours, purges = _hours(chosen), []
        for kind, forget in self._forgetting():
            before = _before(kind, hours, at)
            gone = forget(before, held, at)
            if gone[0]:
                purges.append(self._noted(kind, before, gone, held, at))
        with self._database.writing() as session:
            stored.forget_musters(session, at - timedelta(hours=hours[Kind.PERIMETER]))
            if entries := audit.forget_before(session, at - timedelta(hours=hours[Kind.AUDIT])):
                audit.append(session, at, _ACTOR, "purged", [f"audit: {entries}"])
        return purges

    async def run(self, clock: Clock, offload: Offload) -> None:
        """Purge now and once an hour, until cancelled. A database that does not answer is asked again."""
        while True:
            try:
                await offload(lambda: self.purge(clock.now()))
            except SQLAlchemyError:
                _log.exception("retention-failed")
            await clock.sleep(_LOOK_EVERY_S)

    def _forgetting(self) -> Iterator[tuple[Kind, _Forget]]:
        """Yield how each kind is forgotten, in turn: events of people before people, all that names them before all."""
        for kind in _NAMES_SOMEBODY:
            yield kind, partial(self._unlink, kind)
        yield Kind.VISITOR_RECORDS, self._forget_visitors
        yield Kind.VISITS, self._forget_visits
        yield Kind.EVENTS, self._prune

    def _unlink(self, kind: Kind, before: datetime, held: list[Hold], _at: datetime) -> Gone:
        return stored.unlink(self._database, self._overdue(kind, before), held)

    def _prune(self, before: datetime, held: list[Hold], _at: datetime) -> Gone:
        return pruning.prune(self._database, before, held)

    def _forget_visitors(self, before: datetime, held: list[Hold], at: datetime) -> Gone:
        """Erase the visitors whose time is over, some at a time; return how many and the hash of their pseudonyms.

        Who they are is read beside whoever writes, and looked at again, a few of them, while nobody does.
        """
        number, digest, why = 0, hashlib.sha256(), "the last visit is past its time"
        with self._database.reading() as session:
            past = past_visitors.found(session, before, held)
        for start in range(0, len(past), _VISITORS_AT_ONCE):
            still = partial(_still_past, before, at, past[start : start + _VISITORS_AT_ONCE])
            for pseudonym in self._erasures.erase_some(still, why, _ACTOR, at):
                number += 1
                digest.update(f"{pseudonym}\n".encode())
        return number, digest.hexdigest()

    def _forget_visits(self, before: datetime, held: list[Hold], at: datetime) -> Gone:
        """Delete the visits that are past of whoever stays, some at a time; return how many and the hash of which."""
        number, digest = 0, hashlib.sha256()
        with self._database.reading() as session:
            past = past_visits.found(session, before, held)
        for start in range(0, len(past), _VISITS_AT_ONCE):
            with self._database.writing() as session:
                some = past[start : start + _VISITS_AT_ONCE]
                gone = past_visits.found(session, before, binding(holds.standing(session, at), at), some)
                past_visits.remove(session, gone)
            number += len(gone)
            for visit in gone:
                digest.update(f"{visit}\n".encode())
        return number, digest.hexdigest()

    def _noted(self, kind: Kind, before: datetime, gone: Gone, held: list[Hold], at: datetime) -> Purge:
        with self._database.writing() as session:
            purge = Purge(0, at, kind.value, before, *gone, *self._count(session, kind, before, held))
            stored.note(session, purge)
            audit.append(session, at, _ACTOR, "purged", [purge.proof])
        return purge

    def _count(self, session: Session, kind: Kind, before: datetime, held: list[Hold]) -> tuple[int, int]:
        """Return how much of a kind should have gone, and how much stays by a hold."""
        if kind in _NAMES_SOMEBODY:
            return stored.count(session, self._overdue(kind, before), held)
        if kind is Kind.VISITOR_RECORDS:
            return past_visitors.count(session, before, held)
        if kind is Kind.VISITS:
            return past_visits.count(session, before, held)
        if kind is Kind.EVENTS:
            number = pruning.count(session, before)
            return (0, number) if held else (number, 0)  # with each that is held stay all that follow it
        return 0, 0

    def _overdue(self, kind: Kind, before: datetime) -> Overdue:
        if kind is Kind.ELSEWHERE:
            return Overdue(before, self._lasting)
        return Overdue(before, visitors_only=kind is Kind.VISITORS)


def forgotten_before(session: Session, kind: Kind, at: datetime) -> datetime:
    """Return before when a kind is forgotten by now, as the site keeps it."""
    return at - timedelta(hours=_hours(stored.kept_for(session))[kind])


def _hours(chosen: dict[str, KeptFor]) -> dict[Kind, int]:
    own = {kind: chosen[kind.value].hours if kind.value in chosen else _LEGAL[kind] for kind in Kind}
    return {kind: own[_LIKE.get(kind, kind)] for kind in Kind}


def _before(kind: Kind, hours: dict[Kind, int], at: datetime) -> datetime:
    """Return before when a kind is forgotten; events go whole never while one may still name somebody."""
    if kind is not Kind.EVENTS:
        return at - timedelta(hours=hours[kind])
    return at - timedelta(hours=max(hours[each] for each in (*_NAMES_SOMEBODY, Kind.EVENTS)))


def _still_past(before: datetime, at: datetime, some: list[PersonId], session: Session) -> list[PersonId]:
    """Return those of some visitors who are past still; a hold may have been asked for since."""
    held = binding(holds.standing(session, at), at)
    return past_visitors.found(session, before, held, some)


def _lasting(building: Building) -> Iterator[DoorId]:
    """Yield the doors where it is known for longer who passed: of the perimeter, and of restricted spaces."""
    for door in building.doors.values():
        sides = (building.spaces[door.outer], building.spaces[door.inner])
        is_outer = any(side.kind is SpaceKind.OUTSIDE for side in sides)
        around = {name for side in sides for name in building.path_up(side.id)}
        if is_outer or any(building.spaces[name].restricted for name in around):
            yield door.id
