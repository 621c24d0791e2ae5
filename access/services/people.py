"""People: enrol, read, change. What doors must know of a change reaches them by the outbox."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy.orm import Session

from access.errors import Conflict, Invalid, NotFound, Outdated
from access.services.delegation import expect_delegated, is_theirs
from access.services.grants import expect_addressable
from access.services.outbox import Outbox, RightsChanged
from access.services.rights import EVERYWHERE, Reach
from access.services.rulebook import Rulebook
from access.store import audit, changes, grants, organisations, privacy, site
from access.store import people as stored
from access.store.database import Database
from access.store.listing import FIRST, Listing
from access.store.people import PersonFilter, PersonRecord
from policies.building import Building
from policies.ids import PersonId

__all__ = ["People", "PersonFilter", "PersonRecord"]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


_EVERYBODY = PersonFilter()


class People:
    """The use cases around people. `actor` is who does it, for the record; `at` is when."""

    def __init__(
        self,
        database: Database,
        building: Building,
        rulebook: Rulebook,
        outbox: Outbox[RightsChanged],
        reach: Reach = EVERYWHERE,
    ) -> None:
        self._database, self._building, self._rulebook, self._outbox = database, building, rulebook, outbox
        self._reach = reach

    def within(self, reach: Reach) -> "People":
        """Return the same use cases for whoever's rights hold only there: nobody else exists for them."""
        return People(self._database, self._building, self._rulebook, self._outbox, reach)

    def add(self, people: Iterable[PersonRecord], actor: str, at: datetime) -> list[PersonRecord]:
        """Enrol people, all or none of them."""
        new = [msgspec.structs.replace(person, version=1) for person in people]
        with self._database.writing() as session:
            audit.append(session, at, actor, "person-added", (person.id for person in new))
            self._refuse_taken(session, new)
            self._check(session, new)
            self._expect_delegated(session, [(None, person) for person in new])
            stored.add(session, new, actor, at)
            version = changes.record(session, at, people=(person.id for person in new))
        self._outbox.tell(RightsChanged(version))
        return new

    def get(self, person: PersonId) -> PersonRecord:
        """Return one person; raise `NotFound`."""
        with self._database.reading() as session:
            return self._known(session, person)

    def page(self, chosen: PersonFilter = _EVERYBODY, listing: Listing = FIRST) -> list[PersonRecord]:
        """Return a piece of the list of people."""
        with self._database.reading() as session:
            return stored.page(session, chosen, listing, self._reach.organisation)

    def change(
        self,
        person: PersonId,
        edit: Callable[[PersonRecord], PersonRecord],
        actor: str,
        at: datetime,
        expected_version: int | None = None,
    ) -> PersonRecord:
        """Put `edit` of the person in their place; raise `Outdated` if they are not at the expected version."""
        with self._database.writing() as session:
            site.locked(session)
            before = self._known(session, person)
            if expected_version not in (None, before.version):
                raise Outdated(f"person {person}: version {before.version}, expected {expected_version}")
            after = msgspec.structs.replace(edit(before), id=person, version=before.version)
            if after == before:
                return before
            after = msgspec.structs.replace(after, version=before.version + 1)
            if after.external_id != before.external_id:
                self._refuse_taken_external(session, [after])
            self._check(session, [after], before)
            self._expect_delegated(session, [(before, after)])
            audit.append(session, at, actor, "person-changed", [person])
            stored.replace(session, before, after, actor, at)
            version = changes.record(session, at, people=[person])
        self._outbox.tell(RightsChanged(version))
        return after

    def _refuse_taken(self, session: Session, new: Sequence[PersonRecord]) -> None:
        doubled = [name for name, number in Counter(person.id for person in new).items() if number > 1]
        if taken := sorted({*doubled, *stored.existing(session, (person.id for person in new))}):
            raise Conflict(f"person {taken[0]}: the id is in use")
        if gone := sorted(privacy.erased(session, (person.id for person in new), site.read(session).name)):
            # Whoever had it is forgotten anew, by their id, after each return to a copy of the database.
            raise Conflict(f"person {gone[0]}: the id was that of somebody who was erased; choose another")
        self._refuse_taken_external(session, new)

    def _refuse_taken_external(self, session: Session, new: Sequence[PersonRecord]) -> None:
        externals = [person.external_id for person in new if person.external_id is not None]
        if len(externals) != len(set(externals)):
            raise Conflict("people: two of them have the same external id")
        if taken := stored.existing_external(session, externals):
            external, owner = min(taken.items())
            if self._reach.is_everywhere:
                raise Conflict(f"person {owner}: already has the external id {external}")
            raise Conflict(f"somebody: already has the external id {external}")

    def _check(
        self, session: Session, people: Sequence[PersonRecord], before: PersonRecord | None = None
    ) -> None:
        organised = organisations.ids(session)
        hosts = {person.host for person in people if person.host is not None}
        known = stored.existing(session, hosts, self._reach.organisation) | {person.id for person in people}
        for person in people:
            if not _ID.fullmatch(person.id):
                raise Invalid(f"person {person.id!r}: expected an id of letters, digits, dots and hyphens")
            if person.organisation is not None and person.organisation not in organised:
                raise Invalid(f"person {person.id}: there is no organisation {person.organisation}")
            if person.host is not None and (person.host not in known or person.host == person.id):
                raise Invalid(f"person {person.id}: their host {person.host} is nobody else")
            self._check_rights(person)
        _refuse_taken_grants(session, people, before)

    def _check_rights(self, person: PersonRecord) -> None:
        if unknown := [tier for tier in person.tiers if tier not in self._rulebook.policy.tiers]:
            raise Invalid(f"person {person.id}: there is no tier {unknown[0]}")
        if len(set(person.tiers)) != len(person.tiers):
            raise Invalid(f"person {person.id}: a tier is named twice")
        if len({held.id for held in person.certifications}) != len(person.certifications):
            raise Invalid(f"person {person.id}: a certification is named twice")
        if person.valid_from and person.valid_until and person.valid_from >= person.valid_until:
            raise Invalid(f"person {person.id}: valid_until must come after valid_from")
        self._check_grants(person)

    def _check_grants(self, person: PersonRecord) -> None:
        for grant in person.grants:
            if grant.valid_from >= grant.valid_until:
                raise Invalid(f"person {person.id}: grant {grant.id} must end after it begins")
            for door in grant.doors:
                if door not in self._building.doors:
                    raise Invalid(f"person {person.id}: grant {grant.id}: there is no door {door}")
            for space in grant.spaces:
                if space not in self._building.spaces:
                    raise Invalid(f"person {person.id}: grant {grant.id}: there is no space {space}")

    def _known(self, session: Session, person: PersonId) -> PersonRecord:
        found = stored.get(session, person)
        if found is None or not is_theirs(self._reach, found.organisation):
            raise NotFound(f"person {person}: there is nobody with this id")
        return found

    def _expect_delegated(
        self, session: Session, edits: Iterable[tuple[PersonRecord | None, PersonRecord]]
    ) -> None:
        if self._reach.organisation is not None:
            own = organisations.get(session, self._reach.organisation)
            for before, after in edits:
                expect_delegated(own, before, after)


def _refuse_taken_grants(
    session: Session, people: Sequence[PersonRecord], before: PersonRecord | None
) -> None:
    kept = {grant.id for grant in before.grants} if before else set()
    new = [grant.id for person in people for grant in person.grants if grant.id not in kept]
    expect_addressable(new)
    doubled = [name for name, number in Counter(new).items() if number > 1]
    if taken := sorted({*doubled, *(grants.owners(session, new) if new else ())}):
        raise Conflict(f"grant {taken[0]}: the id is in use")
