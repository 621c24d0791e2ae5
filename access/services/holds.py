"""Legal holds: for an incident, somebody's events of some time are not forgotten, because two operators say so.

One asks, another approves; until then it binds for two days and no longer, so that evidence is not lost meanwhile.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

import msgspec
from sqlalchemy.orm import Session

from access.errors import Conflict, Invalid, NotAllowed, NotFound
from access.store import audit, operators
from access.store import holds as stored
from access.store.database import Database
from access.store.holds import Hold
from access.store.listing import FIRST, Listing
from policies.ids import PersonId

__all__ = ["Hold", "Holds", "binding"]

_BINDS_UNAPPROVED = timedelta(days=2)
_LONGEST = timedelta(days=366)
_MOST_REASON = 300


class Holds:
    """The use cases around legal holds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ask(
        self,
        person: PersonId | None,
        window: tuple[datetime, datetime],
        reason: str,
        expires_at: datetime,
        actor: str,
        at: datetime,
    ) -> Hold:
        """Ask that events of the window [since, until) be kept until the hold expires or is lifted."""
        reason = " ".join(reason.split())
        if not 1 <= len(reason) <= _MOST_REASON:
            raise Invalid(f"reason: expected 1 to {_MOST_REASON} characters")
        if window[0] >= window[1]:
            raise Invalid("until: expected a time after since")
        if not at < expires_at <= at + _LONGEST:
            raise Invalid(f"expires_at: expected a time to come, within {_LONGEST.days} days")
        hold = Hold(secrets.token_hex(6), person, *window, reason, actor, at, expires_at)
        with self._database.writing() as session:
            audit.append(session, at, actor, "hold-asked", [hold.id], reason=reason)
            stored.add(session, hold)
        return hold

    def get(self, hold: str) -> Hold:
        """Return one hold; raise `NotFound`."""
        with self._database.reading() as session:
            return _known(hold, stored.get(session, hold))

    def page(self, person: PersonId | None = None, listing: Listing = FIRST) -> list[Hold]:
        """Return a piece of the list of holds, those that ended too; on one person's events only, if given."""
        with self._database.reading() as session:
            return stored.page(session, person, listing)

    def approve(self, hold: str, actor: str, at: datetime) -> Hold:
        """Let a hold bind until it expires; raise `NotAllowed` for whoever asked for it, and for keys of theirs."""
        with self._database.writing() as session:
            audit.append(session, at, actor, "hold-approved", [hold])
            before = _standing(session, hold, at)
            if before.approved_at is not None:
                raise Conflict(f"hold {hold}: it is approved already")
            if operators.behind(session, actor) == operators.behind(session, before.asked_by):
                raise NotAllowed(f"hold {hold}: somebody else than {actor} must approve it")
            after = msgspec.structs.replace(before, approved_by=actor, approved_at=at)
            stored.replace(session, after)
        return after

    def lift(self, hold: str, actor: str, at: datetime) -> Hold:
        """End a hold: what it kept is forgotten at the next look."""
        with self._database.writing() as session:
            audit.append(session, at, actor, "hold-lifted", [hold])
            after = msgspec.structs.replace(_standing(session, hold, at), lifted_by=actor, lifted_at=at)
            stored.replace(session, after)
        return after


def binding(holds: Iterable[Hold], at: datetime) -> list[Hold]:
    """Return the holds that bind: those approved, and those asked for lately."""
    return [hold for hold in holds if hold.approved_at is not None or at < hold.asked_at + _BINDS_UNAPPROVED]


def _known(hold: str, found: Hold | None) -> Hold:
    if found is None:
        raise NotFound(f"hold {hold}: there is no such hold")
    return found


def _standing(session: Session, hold: str, at: datetime) -> Hold:
    found = _known(hold, stored.held(session, hold))
    if found.lifted_at is not None or found.expires_at <= at:
        raise Conflict(f"hold {hold}: it has ended")
    return found
