"""Somebody leaves the building for good: one call ends every right and badge of theirs, and the visits they expect.

So does one for a whole organisation: its people, and what its own operators and keys might do for it.
"""

from datetime import datetime
from itertools import chain

import msgspec

from access.errors import Conflict, NotFound, Outdated
from access.services.badge_life import DEAD
from access.services.changing import Change, Changing
from access.services.delegation import is_theirs
from access.services.outbox import Outbox, RightsChanged
from access.services.rights import EVERYWHERE, Reach
from access.services.visits import Visits
from access.store import badges, operators, organisations, people, visits
from access.store.database import Database
from access.store.listing import Listing
from access.store.operators import KeyFilter, OperatorFilter
from access.store.organisations import OrganisationRecord
from access.store.people import PersonRecord
from access.store.visits import VisitState
from policies.ids import BadgeId, OrganisationId, PersonId
from policies.roster import BadgeStatus

_MOST = 10_000
"""Operators or keys of one organisation."""


class Departure(msgspec.Struct, frozen=True):
    """What a departure ended: the person as they are now, the badges revoked, the visits that are off."""

    person: PersonRecord
    badges: tuple[BadgeId, ...]
    visits: tuple[str, ...]


class MovingOut(msgspec.Struct, frozen=True):
    """What an organisation's departure ended: whose rights, and which operators and keys of its own."""

    organisation: OrganisationRecord
    people: tuple[PersonId, ...]
    badges: tuple[BadgeId, ...]
    visits: tuple[str, ...]
    operators: tuple[str, ...]
    keys: tuple[str, ...]


class Leaving:
    """The use cases of leaving. `departures` tells the name of an operator or key that lost rights."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox[RightsChanged],
        departures: Outbox[str],
        reach: Reach = EVERYWHERE,
    ) -> None:
        self._database, self._outbox, self._departures = database, outbox, departures
        self._changing, self._reach = Changing(database, outbox), reach

    def within(self, reach: Reach) -> "Leaving":
        """Return the same use cases for whoever's rights hold only there: nobody else exists for them."""
        return Leaving(self._database, self._outbox, self._departures, reach)

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
            return _depart(change, before, actor, at)

    def move_out(self, organisation: OrganisationId, number: int, actor: str, at: datetime) -> MovingOut:
        """End everything that so many people of an organisation may do, and whatever its own operators and keys may.

        Raise `Conflict` if it has another number of people whose rights have not ended: another one was meant.
        """
        with self._changing.by(actor, at) as change:
            known = organisations.get(change.session, organisation)
            if known is None or not is_theirs(self._reach, organisation):
                raise NotFound(f"organisation {organisation}: there is none with this id")
            theirs = people.all_of(change.session, organisation)
            here = [one for one in theirs if one.valid_until is None or one.valid_until > at]
            if len(here) != number:
                raise Conflict(f"organisation {organisation}: {len(here)} people are to leave, not {number}")
            gone = [_depart(change, person, actor, at) for person in theirs]
            keys = _revoke_keys(change, organisation, at)
            disabled = _disable_operators(change, organisation)
            closed = msgspec.structs.replace(known, tiers=(), version=known.version + 1)
            organisations.replace(change.session, closed)
            change.note("organisation-left", organisation)
        for name in (*disabled, *(f"key:{key}" for key in keys)):
            self._departures.tell(name)
        return MovingOut(
            closed,
            tuple(one.id for one in here),
            tuple(chain.from_iterable(one.badges for one in gone)),
            tuple(chain.from_iterable(one.visits for one in gone)),
            disabled,
            keys,
        )


def _depart(change: Change, before: PersonRecord, actor: str, at: datetime) -> Departure:
    """End everything that somebody may do, within a transaction under way."""
    person = before.id
    off = _end_visits(change, person, at)
    revoked = _revoke_badges(change, person)
    after = people.get(change.session, person) or before
    ended = _without_rights(after, at)
    if ended != after:
        ended = msgspec.structs.replace(ended, version=after.version + 1)
        people.replace(change.session, after, ended, actor, at)
        change.people.append(person)
    if ended != after or revoked or off:
        change.note("person-left", person)
    return Departure(ended, revoked, off)


def _disable_operators(change: Change, organisation: OrganisationId) -> tuple[str, ...]:
    """Disable the operators whose rights hold for one organisation only; return who was not before."""
    chosen = OperatorFilter(organisation=organisation, disabled=False)
    found = operators.page(change.session, chosen, Listing(_MOST, sort="name"))
    for operator in found:
        off = msgspec.structs.replace(operator, disabled=True, version=operator.version + 1)
        operators.replace(change.session, off)
        operators.close_sessions_of(change.session, operator.name)
        change.note("operator-changed", operator.name)
    return tuple(operator.name for operator in found)


def _revoke_keys(change: Change, organisation: OrganisationId, at: datetime) -> tuple[str, ...]:
    chosen = KeyFilter(organisation=organisation, revoked=False)
    found = [key.id for key in operators.keys(change.session, chosen, Listing(_MOST))]
    change.note("key-revoked", *found)
    for key in found:
        operators.revoke_key(change.session, key, at)
    return tuple(found)


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
