"""Temporary rights: who gives them to whom, where, for how long, why, and how many times they open."""

import re
from collections.abc import Iterable
from datetime import datetime

import msgspec
from sqlalchemy.orm import Session

from access.errors import Conflict, Invalid, NotFound
from access.services.changing import Change, Changing
from access.services.delegation import expect_the_building
from access.services.outbox import Outbox, RightsChanged
from access.services.rights import EVERYWHERE, Reach
from access.store import grants as stored
from access.store import people
from access.store.database import Database
from access.store.grants import GrantFilter, GrantRecord
from access.store.listing import FIRST, Listing
from policies.building import Building
from policies.ids import DoorId, GrantId, SpaceId

__all__ = ["GrantFilter", "GrantRecord", "Grants", "check_places", "expect_addressable"]

_REASON = 300
_ID = re.compile(r"(?!visit-)[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""One that has an address, so that whoever gives it can end it; `visit-…` are those of visits."""

_ALL = GrantFilter()


class Grants:
    """The use cases around grants. `actor` is who does it, for the record; `at` is when."""

    def __init__(
        self,
        database: Database,
        building: Building,
        outbox: Outbox[RightsChanged],
        reach: Reach = EVERYWHERE,
    ) -> None:
        self._database, self._building, self._outbox = database, building, outbox
        self._changing, self._reach = Changing(database, outbox), reach

    def within(self, reach: Reach) -> "Grants":
        """Return the same use cases for whoever's rights hold only there: nobody else's grant exists for them."""
        return Grants(self._database, self._building, self._outbox, reach)

    def give(self, new: GrantRecord, actor: str, at: datetime) -> GrantRecord:
        """Give somebody a right; raise `Invalid` without a reason, or for places or times that do not exist."""
        expect_the_building("gives a temporary right", self._reach)
        reason = " ".join(new.reason.split())
        if not reason or len(reason) > _REASON:
            raise Invalid(f"reason: expected why the right is given, in up to {_REASON} characters")
        given = msgspec.structs.replace(new, given_by=actor, reason=reason, uses=0)
        expect_addressable([given.id])
        self._check(given, at)
        with self._changing.by(actor, at) as change:
            if not people.existing(change.session, [given.person]):
                raise NotFound(f"person {given.person}: there is nobody with this id")
            if stored.owners(change.session, [given.id]):
                raise Conflict(f"grant {given.id}: the id is in use")
            stored.put(change.session, [given])
            _tell(change, given, "grant-given")
        return given

    def end(self, grant: GrantId, actor: str, at: datetime) -> None:
        """End a right before its time; raise `NotFound`."""
        with self._changing.by(actor, at) as change:
            found = self._known(change.session, grant)
            stored.drop(change.session, [grant])
            _tell(change, found, "grant-ended")

    def get(self, grant: GrantId) -> GrantRecord:
        """Return one grant; raise `NotFound`."""
        with self._database.reading() as session:
            return self._known(session, grant)

    def page(self, chosen: GrantFilter = _ALL, listing: Listing = FIRST) -> list[GrantRecord]:
        """Return a piece of the list of grants."""
        with self._database.reading() as session:
            return stored.page(session, chosen, listing, self._reach.organisation)

    def _known(self, session: Session, grant: GrantId) -> GrantRecord:
        found = stored.get(session, grant)
        if found is None or not people.existing(session, [found.person], self._reach.organisation):
            raise NotFound(f"grant {grant}: there is no grant with this id")
        return found

    def _check(self, grant: GrantRecord, at: datetime) -> None:
        if grant.valid_from >= grant.valid_until or grant.valid_until <= at:
            raise Invalid(f"grant {grant.id}: expected an end after its beginning, and to come")
        if grant.most_uses is not None and grant.most_uses < 1:
            raise Invalid(f"grant {grant.id}: most_uses: expected at least one use")
        check_places(f"grant {grant.id}", grant.doors, grant.spaces, self._building)


def expect_addressable(new: Iterable[GrantId]) -> None:
    """Raise `Invalid` for an id by which nobody could end the right over HTTP, or that is kept for visits."""
    for grant in new:
        if not _ID.fullmatch(grant):
            raise Invalid(
                f"grant {grant!r}: expected an id of letters, digits, dots and hyphens, not of a visit"
            )


def check_places(
    name: str, doors: tuple[DoorId, ...], spaces: tuple[SpaceId, ...], building: Building
) -> None:
    """Raise `Invalid` unless a right names some places, and such as there are."""
    if not doors and not spaces:
        raise Invalid(f"{name}: expected the doors or spaces that it opens")
    if unknown := [door for door in doors if door not in building.doors]:
        raise Invalid(f"{name}: there is no door {unknown[0]}")
    if nowhere := [space for space in spaces if space not in building.spaces]:
        raise Invalid(f"{name}: there is no space {nowhere[0]}")


def _tell(change: Change, grant: GrantRecord, action: str) -> None:
    people.touch(change.session, grant.person)
    change.note(action, grant.person)
    change.people.append(grant.person)
