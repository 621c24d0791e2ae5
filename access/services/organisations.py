"""Organisations: add, read, change. Their tiers are those that a manager of theirs may give."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec
from sqlalchemy.orm import Session

from access.errors import Conflict, Invalid, NotFound, Outdated
from access.services.rights import EVERYWHERE, Reach
from access.services.rulebook import Rulebook
from access.store import audit
from access.store import organisations as stored
from access.store.database import Database
from access.store.listing import FIRST, Listing
from access.store.organisations import OrganisationRecord
from policies.ids import ID_PATTERN, OrganisationId

__all__ = ["OrganisationRecord", "Organisations"]

_ID = re.compile(ID_PATTERN)


class Organisations:
    """The use cases around organisations. Doors know only their ids, so that no change concerns a door."""

    def __init__(self, database: Database, rulebook: Rulebook, reach: Reach = EVERYWHERE) -> None:
        self._database, self._rulebook, self._reach = database, rulebook, reach

    def within(self, reach: Reach) -> "Organisations":
        """Return the same use cases for whoever's rights hold only there: no other organisation exists for them."""
        return Organisations(self._database, self._rulebook, reach)

    def add(
        self, organisations: Iterable[OrganisationRecord], actor: str, at: datetime
    ) -> list[OrganisationRecord]:
        """Add organisations, all or none of them."""
        new = [msgspec.structs.replace(organisation, version=1) for organisation in organisations]
        with self._database.writing() as session:
            audit.append(session, at, actor, "organisation-added", (organisation.id for organisation in new))
            doubled = [name for name, number in Counter(each.id for each in new).items() if number > 1]
            if taken := sorted({*doubled, *(stored.ids(session) & {each.id for each in new})}):
                raise Conflict(f"organisation {taken[0]}: the id is in use")
            for organisation in new:
                if not _ID.fullmatch(organisation.id):
                    raise Invalid(f"organisation {organisation.id!r}: expected lower-case words and hyphens")
                self._check_tiers(organisation)
            stored.add(session, new)
        return new

    def get(self, organisation: OrganisationId) -> OrganisationRecord:
        """Return one organisation; raise `NotFound`."""
        with self._database.reading() as session:
            return self._known(session, organisation)

    def page(self, name: str | None = None, listing: Listing = FIRST) -> list[OrganisationRecord]:
        """Return a piece of the list of organisations; those whose name has these letters only, if given."""
        with self._database.reading() as session:
            return stored.page(session, name, listing, only=self._reach.organisation)

    def change(
        self,
        organisation: OrganisationId,
        edit: Callable[[OrganisationRecord], OrganisationRecord],
        actor: str,
        at: datetime,
        expected_version: int | None = None,
    ) -> OrganisationRecord:
        """Put `edit` of the organisation in its place; raise `Outdated` if it is not at the expected version."""
        with self._database.writing() as session:
            audit.append(session, at, actor, "organisation-changed", [organisation])
            before = self._known(session, organisation)
            if expected_version not in (None, before.version):
                raise Outdated(
                    f"organisation {organisation}: version {before.version}, expected {expected_version}"
                )
            after = msgspec.structs.replace(edit(before), id=organisation, version=before.version + 1)
            self._check_tiers(after)
            stored.replace(session, after)
        return after

    def _known(self, session: Session, organisation: OrganisationId) -> OrganisationRecord:
        found = stored.get(session, organisation)
        if found is None or self._reach.organisation not in (None, organisation):
            raise NotFound(f"organisation {organisation}: there is none with this id")
        return found

    def _check_tiers(self, organisation: OrganisationRecord) -> None:
        if unknown := [tier for tier in organisation.tiers if tier not in self._rulebook.policy.tiers]:
            raise Invalid(f"organisation {organisation.id}: there is no tier {unknown[0]}")
