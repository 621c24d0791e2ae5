"""A reception's day: who is expected, who is here and who has gone, by name; and the badges it can hand out."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from access.names import Typed, are_namesakes
from access.services.retention import Kind, forgotten_before
from access.services.rights import EVERYWHERE, Reach
from access.store import badges, events, organisations, people
from access.store import visits as stored
from access.store.badges import BadgeRecord
from access.store.database import Database
from access.store.events import Filter
from access.store.listing import Listing
from access.store.models import BadgeRow
from access.store.visits import VisitFilter, VisitRecord, VisitState
from policies.decision import Effect
from policies.ids import BadgeId, PersonId
from policies.roster import BadgeStatus
from readers.wire.events import EventType

_MOST = 1000
_MOST_SOUGHT = 10_000
"""The newest visits among which a name is sought: a month of three hundred a day."""
_NAMED_AT_ONCE = 500
_MOST_OFFERED = 12
_MOST_BADGES = 50
_LATELY = timedelta(minutes=15)


class Stay(msgspec.Struct, frozen=True):
    """A visit with the names that a desk greets by. Somebody without a name is told by their id."""

    visit: VisitRecord
    visitor: str
    host: str
    organisation: str | None
    is_suspended: bool = False


class Lendable(msgspec.Struct, frozen=True):
    """A badge of the desk that nobody has, and when it was held to a reader just now, if it was."""

    badge: BadgeRecord
    tapped: datetime | None


class Welcome:
    """What is asked at the desk. Whoever calls has the right to people."""

    def __init__(self, database: Database, reach: Reach = EVERYWHERE) -> None:
        self._database, self._reach = database, reach

    def within(self, reach: Reach) -> "Welcome":
        """Return the same use cases for whoever's rights hold only there: visits to nobody else exist for them."""
        return Welcome(self._database, reach)

    def stays(self, since: datetime, until: datetime) -> list[Stay]:
        """Return the visits that touch a time, the earliest first, and those who came before it and have not left."""
        during = VisitFilter(since=since, until=until)
        staying = VisitFilter(state=VisitState.ARRIVED, until=since)
        with self._database.reading() as session:
            found = {one.id: one for chosen in (staying, during) for one in self._page(session, chosen)}
            return _named(session, list(found.values()))

    def named(self, visits: Iterable[VisitRecord]) -> Iterator[Stay]:
        """Yield visits with their names, which are read for some visits at a time."""
        left = iter(visits)
        while some := list(islice(left, _NAMED_AT_ONCE)):
            with self._database.reading() as session:
                stays = _named(session, some)
            yield from stays

    def known(self, name: str, at: datetime) -> list[Stay]:
        """Return the last visit of each visitor of that name, namesakes first, then the newest.

        A name is what somebody has typed of it so far. Whoever was here before retention forgot it is nobody.
        """
        last, typed = dict[PersonId, stored.Named](), Typed(name)
        with self._database.reading() as session:
            since = forgotten_before(session, Kind.VISITORS, at)
            for one in stored.newest(session, since, self._reach.organisation, _MOST_SOUGHT):
                if one.person not in last and typed.names(one.sought):
                    last[one.person] = one
            found = sorted(last.values(), key=lambda one: not are_namesakes(one.sought, name))
            return _named(session, stored.some(session, [one.id for one in found[:_MOST_OFFERED]]))

    def lendable(self, now: datetime) -> list[Lendable]:
        """Return badges of the desk that are free, those held to a reader just now first. A company lends none."""
        if not self._reach.is_everywhere:
            return []
        row, usable = BadgeRow, (BadgeStatus.ISSUED.value, BadgeStatus.ACTIVE.value)
        refused = Filter(since=now - _LATELY, types=(EventType.DECISION,), effect=Effect.DENY)
        with self._database.reading() as session:
            tapped: dict[BadgeId, datetime] = {}
            for event in events.newest(session, refused, None, _MOST_BADGES):
                if event.badge is not None:
                    tapped.setdefault(event.badge, event.at)
            free = select(row.id).where(row.person.is_(None), row.status.in_(usable))
            some = session.scalars(free.order_by(row.id).limit(_MOST_BADGES)).all()
            just_now = session.scalars(free.where(row.id.in_(list(tapped)))).all()
            found = badges.some(session, map(BadgeId, {*some, *just_now}))
        known = [Lendable(one, tapped.get(one.id)) for one in found]
        return sorted(known, key=lambda one: (one.tapped is None, one.tapped and -one.tapped.timestamp()))

    def _page(self, session: Session, chosen: VisitFilter) -> list[VisitRecord]:
        return stored.page(session, chosen, Listing(_MOST, None, "valid_from"), self._reach.organisation)


def _named(session: Session, visits: Sequence[VisitRecord]) -> list[Stay]:
    known = people.some(session, [person for one in visits for person in (one.person, one.host)])
    records = {one.id: one for one in known}
    names = {one.id: one.name or one.id for one in known}
    owners = {one.id: one.organisation for one in known if one.organisation is not None}
    called = organisations.names(session, owners.values())
    return [
        Stay(
            one,
            names.get(one.person, one.person),
            names.get(one.host, one.host),
            called.get(owners[one.host]) if one.host in owners else None,
            is_suspended=one.person in records and records[one.person].suspended,
        )
        for one in visits
    ]
