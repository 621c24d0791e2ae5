"""Somebody leaves the building for good: one call ends every right and badge of theirs, and the visits they expect."""

from datetime import datetime

import msgspec

from access.errors import NotFound, Outdated
from access.services.badge_life import DEAD
from access.services.changing import Change, Changing
from access.services.delegation import is_theirs
from access.services.outbox import Outbox, RightsChanged
from access.services.rights import EVERYWHERE, Reach
from access.services.visits import Visits
from access.store import badges, people, visits
from access.store.database import Database
from access.store.people import PersonRecord
from access.store.visits import VisitState
from policies.ids import BadgeId, PersonId
from policies.roster import BadgeStatus


class Departure(msgspec.Struct, frozen=True):
    """What a departure ended: the person as they are now, the badges revoked, the visits that are off."""

    person: PersonRecord
    badges: tuple[BadgeId, ...]
    visits: tuple[str, ...]


class Leaving:
    """The use case of leaving."""

    def __init__(self, database: Database, outbox: Outbox[RightsChanged], reach: Reach = EVERYWHERE) -> None:
        self._database, self._outbox, self._reach = database, outbox, reach
        self._changing = Changing(database, outbox)

    def within(self, reach: Reach) -> "Leaving":
        """Return the same use case for whoever's rights hold only there: nobody else exists for them."""
        return Leaving(self._database, self._outbox, reach)

    def leave(
        self, person: PersonId, actor: str, at: datetime, expected_version: int | None = None
    ) -> Departure:
        """End everything that somebody may do, from now on; said again it changes nothing. Raise `NotFound`."""
        with self._changing.by(actor, at) as change:
            before = people.get(change.session, person)
            if before is None or not is_theirs(self._reach, before.organisation):
                raise NotFound(f"person {person}: there is nobody with this id")
            if expected_version not in (None, before.version):
                raise Outdated(f"person {person}: version {before.version}, expected {expected_version}")
            off = _end_visits(change, person, at)
            revoked = _revoke_badges(change, person)
            after = people.get(change.session, person) or before
            ended = _without_rights(after, at)
            if ended != after:
                ended = msgspec.structs.replace(ended, version=after.version + 1)
                people.replace(change.session, after, ended, actor, at)
                change.people.append(person)
            if change.people or change.badges or off:
                change.note("person-left", person)
        return Departure(ended, revoked, off)


def _without_rights(person: PersonRecord, at: datetime) -> PersonRecord:
    is_over = person.valid_until is not None and person.valid_until <= at
    return msgspec.structs.replace(
        person,
        tiers=(),
        certifications=(),
        grants=(),
        valid_from=None if person.valid_from is not None and person.valid_from >= at else person.valid_from,
        valid_until=person.valid_until if is_over else at,
    )


def _revoke_badges(change: Change, person: PersonId) -> tuple[BadgeId, ...]:
    alive = [badge for badge in badges.of_person(change.session, person) if badge.status not in DEAD]
    for badge in alive:
        dead = msgspec.structs.replace(badge, status=BadgeStatus.REVOKED, version=badge.version + 1)
        badges.replace(change.session, dead)
        change.note("badge-revoke", badge.id)
        change.badges.append(badge.id)
    return tuple(badge.id for badge in alive)


def _end_visits(change: Change, person: PersonId, at: datetime) -> tuple[str, ...]:
    """End the visits that somebody makes, and those still expected with them as the host."""
    ended = []
    for visit in visits.open_of(change.session, person):
        if visit.person == person and visit.state is VisitState.ARRIVED:
            Visits.end(change, visit)
            after = msgspec.structs.replace(visit, state=VisitState.LEFT, left_at=at)
        elif visit.state is VisitState.EXPECTED:
            after = msgspec.structs.replace(visit, state=VisitState.CANCELLED)
        else:
            continue  # a visitor who is inside leaves by the desk, whoever their host was
        after = msgspec.structs.replace(after, version=visit.version + 1)
        visits.replace(change.session, after)
        ended.append(visit.id)
    return tuple(ended)
