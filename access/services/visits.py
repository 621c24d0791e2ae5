"""Visits: expected, arrived, left or cancelled; with a host, places, times, and an escort where one is asked for.

A visitor's rights begin when the desk sees them: until then nothing is at any door. A visit that is escorted gives
none at all; what the rules let an escorted visitor do stays. A badge of the desk is theirs meanwhile, and goes back.
"""

import secrets
from datetime import datetime
from enum import Enum

import msgspec
from sqlalchemy.orm import Session

from access.errors import Conflict, Invalid, NotFound, Outdated, Over
from access.services.badge_life import DEAD
from access.services.changing import Change, Changing
from access.services.delegation import expect_the_building
from access.services.grants import check_places
from access.services.outbox import Outbox, RightsChanged
from access.services.rights import EVERYWHERE, Reach
from access.store import badges, grants, people
from access.store import visits as stored
from access.store.database import Database
from access.store.grants import GrantRecord
from access.store.listing import FIRST, Listing
from access.store.people import PersonRecord
from access.store.visits import VisitFilter, VisitRecord, VisitState
from policies.building import Building
from policies.ids import BadgeId, GrantId, PersonId
from policies.roster import BadgeStatus, ResidentType

__all__ = ["VisitFilter", "VisitRecord", "VisitState", "VisitVerb", "Visits"]


class VisitVerb(Enum):
    """What becomes of a visit."""

    ARRIVE = "arrive"
    LEAVE = "leave"
    CANCEL = "cancel"


_STEPS = {
    VisitVerb.ARRIVE: (VisitState.EXPECTED, VisitState.ARRIVED),
    VisitVerb.LEAVE: (VisitState.ARRIVED, VisitState.LEFT),
    VisitVerb.CANCEL: (VisitState.EXPECTED, VisitState.CANCELLED),
}

_LENDABLE = frozenset({BadgeStatus.ISSUED, BadgeStatus.ACTIVE})


class Visits:
    """The use cases around visits. `actor` is who does it, for the record; `at` is when."""

    def __init__(
        self,
        database: Database,
        building: Building,
        outbox: Outbox[RightsChanged],
        reach: Reach = EVERYWHERE,
    ) -> None:
        self._database, self._building, self._outbox = database, building, outbox
        self._changing, self._reach = Changing(database, outbox), reach

    def within(self, reach: Reach) -> "Visits":
        """Return the same use cases for whoever's rights hold only there: visits to nobody else exist for them."""
        return Visits(self._database, self._building, self._outbox, reach)

    def expect(
        self, new: VisitRecord, name: str | None, actor: str, at: datetime, *, is_here: bool = False
    ) -> VisitRecord:
        """Expect a visitor: one who is known, or a new one of that name; let in at once one who `is_here`."""
        if new.valid_from >= new.valid_until or new.valid_until <= at:
            raise Invalid("visit: expected an end after its beginning, and to come")
        if not new.escorted or new.doors or new.spaces:
            expect_the_building("says what a visitor opens alone; expect one who is escorted", self._reach)
            check_places("visit", new.doors, new.spaces, self._building)
        with self._changing.by(actor, at) as change:
            if not people.existing(change.session, [new.host], self._reach.organisation):
                raise Invalid(f"visit: host {new.host}: there is nobody with this id")
            if name is not None:
                self._enrol(change, new, name, actor, at)
            elif not self._knows(change.session, new.person):
                raise Invalid(f"visit: visitor {new.person}: there is nobody with this id")
            if new.person == new.host:
                raise Invalid("visit: expected a host who is not the visitor")
            stored.add(change.session, new)
            change.note("visit-expected", new.person)
            return self._arrive(change, new, None, actor, at) if is_here else new

    def get(self, visit: str) -> VisitRecord:
        """Return one visit; raise `NotFound`."""
        with self._database.reading() as session:
            return self._known(session, visit)

    def page(self, chosen: VisitFilter, listing: Listing = FIRST) -> list[VisitRecord]:
        """Return a piece of the list of visits."""
        with self._database.reading() as session:
            return stored.page(session, chosen, listing, self._reach.organisation)

    def arrive(
        self,
        visit: str,
        badge: BadgeId | None,
        actor: str,
        at: datetime,
        expected_version: int | None = None,
    ) -> VisitRecord:
        """Let a visitor in: give them a badge of the desk, if any, and their rights for the time of the visit."""
        with self._changing.by(actor, at) as change:
            before = self._at_version(change.session, visit, expected_version)
            return self._arrive(change, before, badge, actor, at)

    def _arrive(
        self, change: Change, before: VisitRecord, badge: BadgeId | None, actor: str, at: datetime
    ) -> VisitRecord:
        after = msgspec.structs.replace(_step(before, VisitVerb.ARRIVE), arrived_at=at, badge=badge)
        if after.valid_until <= at:  # what they were given would open nothing, and nobody would know why
            raise Over(f"visit {after.id}: it was over at {after.valid_until.isoformat()}; expect a new one")
        if badge is not None:
            expect_the_building("lends a badge of the desk", self._reach)
            _lend(change, badge, after)
        self._receive(change, after, actor, at)
        if not after.escorted:
            stay = GrantRecord(
                _grant_of(after),
                after.valid_from,
                after.valid_until,
                after.doors,
                after.spaces,
                person=after.person,
                given_by=actor,
                reason=f"visit {after.id}",
            )
            grants.put(change.session, [stay])
        self._note(change, after, "visit-arrived")
        return after

    def leave(self, visit: str, actor: str, at: datetime, expected_version: int | None = None) -> VisitRecord:
        """Let a visitor go: their rights end, and the badge is the desk's again."""
        with self._changing.by(actor, at) as change:
            before = self._at_version(change.session, visit, expected_version)
            after = msgspec.structs.replace(_step(before, VisitVerb.LEAVE), left_at=at)
            self.end(change, after)
            self._note(change, after, "visit-left")
        return after

    def cancel(
        self, visit: str, actor: str, at: datetime, expected_version: int | None = None
    ) -> VisitRecord:
        """Expect a visitor no longer."""
        with self._changing.by(actor, at) as change:
            after = _step(self._at_version(change.session, visit, expected_version), VisitVerb.CANCEL)
            stored.replace(change.session, after)
            change.note("visit-cancelled", after.person)
        return after

    def cancel_missed(self, before: datetime, actor: str, at: datetime) -> list[VisitRecord]:
        """Cancel the visits that ended before a moment without the visitor coming."""
        with self._changing.by(actor, at) as change:
            missed = [_step(visit, VisitVerb.CANCEL) for visit in stored.missed(change.session, before)]
            for visit in missed:
                stored.replace(change.session, visit)
                change.note("visit-missed", visit.person)
        return missed

    @staticmethod
    def end(change: Change, visit: VisitRecord) -> None:
        """Take back what a visitor had, within a transaction under way; a badge that is missing stays so."""
        grants.drop(change.session, [_grant_of(visit)])
        lent = badges.get(change.session, visit.badge) if visit.badge is not None else None
        if lent is not None and lent.person == visit.person and lent.status not in DEAD:
            status = BadgeStatus.ISSUED if lent.status in _LENDABLE else lent.status
            back = msgspec.structs.replace(
                lent, person=None, status=status, valid_until=None, version=lent.version + 1
            )
            badges.replace(change.session, back)
            change.badges.append(lent.id)

    def _enrol(self, change: Change, visit: VisitRecord, name: str, actor: str, at: datetime) -> None:
        visitor = PersonRecord(
            visit.person,
            ResidentType.VISITOR,
            valid_from=visit.valid_from,
            valid_until=visit.valid_until,
            host=visit.host,
            name=name,
        )
        people.add(change.session, [visitor], actor, at)
        change.note("person-added", visit.person)
        change.people.append(visit.person)

    @staticmethod
    def _receive(change: Change, visit: VisitRecord, actor: str, at: datetime) -> None:
        """Make a visitor who was known before this visit's: their host is its host, their dates reach over it."""
        known = people.get(change.session, visit.person)
        if known is None or known.type is not ResidentType.VISITOR:
            return
        begins, ends = known.valid_from, known.valid_until
        received = msgspec.structs.replace(
            known,
            host=visit.host,
            valid_from=None if begins is None else min(begins, visit.valid_from),
            valid_until=None if ends is None else max(ends, visit.valid_until),
        )
        if received != known:
            people.replace(change.session, known, received, actor, at)
            change.note("person-changed", visit.person)

    def _note(self, change: Change, visit: VisitRecord, action: str) -> None:
        stored.replace(change.session, visit)
        people.touch(change.session, visit.person)
        change.note(action, visit.person)
        change.people.append(visit.person)

    def _at_version(self, session: Session, visit: str, expected: int | None) -> VisitRecord:
        found = self._known(session, visit)
        if expected not in (None, found.version):
            raise Outdated(f"visit {visit}: version {found.version}, expected {expected}")
        return found

    def _knows(self, session: Session, visitor: PersonId) -> bool:
        """Return whether there is such a visitor; for a company, of its own people or of those who visit them."""
        own = self._reach.organisation
        if people.existing(session, [visitor], own):
            return True
        return own is not None and stored.is_visitor_of(session, visitor, own)

    def _known(self, session: Session, visit: str) -> VisitRecord:
        found = stored.get(session, visit)
        if found is None or not people.existing(session, [found.host], self._reach.organisation):
            raise NotFound(f"visit {visit}: there is no visit with this id")
        return found


def fresh_id() -> str:
    """Return an id for a visit, or for a visitor who is enrolled with it."""
    return f"v-{secrets.token_hex(8)}"


def _grant_of(visit: VisitRecord) -> GrantId:
    return GrantId(f"visit-{visit.id}")


def _lend(change: Change, badge: BadgeId, visit: VisitRecord) -> None:
    known = badges.get(change.session, badge)
    if known is None:
        raise NotFound(f"badge {badge}: there is no badge with this identifier")
    if known.person is not None or known.status not in _LENDABLE:
        raise Conflict(f"badge {badge}: expected one of the desk's that is free, and neither lost nor dead")
    lent = msgspec.structs.replace(
        known,
        person=visit.person,
        status=BadgeStatus.ACTIVE,
        valid_until=visit.valid_until,
        version=known.version + 1,
    )
    badges.replace(change.session, lent)
    change.note("badge-lent", badge)
    change.badges.append(badge)


def _step(visit: VisitRecord, verb: VisitVerb) -> VisitRecord:
    allowed, becomes = _STEPS[verb]
    if visit.state is not allowed:
        raise Conflict(f"visit {visit.id}: it is {visit.state.value}, so the visitor cannot {verb.value}")
    return msgspec.structs.replace(visit, state=becomes, version=visit.version + 1)
