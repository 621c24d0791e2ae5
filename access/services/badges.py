"""Badges: issue, read, and the verbs of their life. A badge that was revoked or replaced never opens again."""

import re
from collections import Counter
from collections.abc import Callable, Container, Iterable, Sequence
from datetime import datetime, timedelta

import msgspec
from sqlalchemy.orm import Session

from access.errors import Conflict, Invalid, NotFound, Outdated
from access.services.badge_life import BadgeVerb, replaced, said
from access.services.delegation import expect_delegated_badge
from access.services.outbox import Outbox, RightsChanged
from access.services.rights import EVERYWHERE, Reach
from access.store import audit, changes, people, site, visits
from access.store import badges as stored
from access.store.badges import BadgeFilter, BadgeRecord
from access.store.database import Database
from access.store.listing import FIRST, Listing
from policies.ids import BadgeId, PersonId
from policies.roster import BadgeKind, BadgeStatus, is_random_uid

__all__ = ["BadgeFilter", "BadgeRecord", "BadgeVerb", "Badges"]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
_UID = re.compile(r"[0-9a-f]{8}|[0-9a-f]{14}|[0-9a-f]{20}")
"""4, 7 or 10 bytes (ISO/IEC 14443-3, section 6.5.4), as readers report them."""


_ALL = BadgeFilter()


class Badges:
    """The use cases around badges. `actor` is who does it, for the record; `at` is when."""

    def __init__(self, database: Database, outbox: Outbox[RightsChanged], reach: Reach = EVERYWHERE) -> None:
        self._database, self._outbox, self._reach = database, outbox, reach

    def within(self, reach: Reach) -> "Badges":
        """Return the same use cases for whoever's rights hold only there: no other badge exists for them."""
        return Badges(self._database, self._outbox, reach)

    def add(self, badges: Iterable[BadgeRecord], actor: str, at: datetime) -> list[BadgeRecord]:
        """Issue badges, all or none of them."""
        new = [msgspec.structs.replace(badge, version=1, issued_at=at) for badge in badges]
        with self._database.writing() as session:
            self._issue(session, new, actor, at)
            version = changes.record(session, at, badges=(badge.id for badge in new))
        self._outbox.tell(RightsChanged(version))
        return new

    def get(self, badge: BadgeId) -> BadgeRecord:
        """Return one badge; raise `NotFound`."""
        with self._database.reading() as session:
            return self._known(session, badge)

    def page(self, chosen: BadgeFilter = _ALL, listing: Listing = FIRST) -> list[BadgeRecord]:
        """Return a piece of the list of badges."""
        with self._database.reading() as session:
            return stored.page(session, chosen, listing, self._reach.organisation)

    def change(
        self,
        badge: BadgeId,
        edit: Callable[[BadgeRecord], BadgeRecord],
        actor: str,
        at: datetime,
        expected_version: int | None = None,
    ) -> BadgeRecord:
        """Put `edit` of the badge in its place; its status changes by a verb only."""

        def keep_status(before: BadgeRecord) -> BadgeRecord:
            return msgspec.structs.replace(edit(before), id=badge, status=before.status, kind=before.kind)

        return self._replace(badge, keep_status, "badge-changed", actor, at, expected_version)

    def say(
        self, badge: BadgeId, verb: BadgeVerb, actor: str, at: datetime, expected_version: int | None = None
    ) -> BadgeRecord:
        """Do what the verb says; a badge that is so already stays as it is."""
        return self._replace(
            badge, lambda before: said(before, verb), f"badge-{verb.value}", actor, at, expected_version
        )

    def replace(
        self,
        badge: BadgeId,
        fresh: BadgeRecord,
        actor: str,
        at: datetime,
        expected_version: int | None = None,
    ) -> BadgeRecord:
        """Give the holder of a badge a `fresh` one; the old one is dead from the same moment on, whatever it was.

        In the place of one that is lent to a visitor, it is lent: for the same time, and the desk's again after it.
        """
        with self._database.writing() as session:
            site.locked(session)
            before = self._known(session, badge)
            _expect_version(before, expected_version)
            old = msgspec.structs.replace(replaced(before, fresh.id), version=before.version + 1)
            new = msgspec.structs.replace(fresh, person=before.person, version=1, issued_at=at)
            if visits.lend_instead(session, old.id, new.id):
                until = [each for each in (new.valid_until, before.valid_until) if each is not None]
                new = msgspec.structs.replace(new, valid_until=min(until, default=None))
            self._check(session, [(before, old)])
            self._issue(session, [new], actor, at)
            audit.append(session, at, actor, "badge-replaced", [badge])
            stored.replace(session, old)
            version = changes.record(session, at, badges=[old.id, new.id])
        self._outbox.tell(RightsChanged(version))
        return new

    def disable_idle(self, days: int, actor: str, at: datetime) -> list[BadgeId]:
        """Make the badges inactive that were neither used nor issued for so many days; return which."""
        since = at - timedelta(days=days)
        with self._database.writing() as session:
            site.locked(session)
            idle = stored.idle(session, since.date(), since)
            if not idle:
                return []
            audit.append(session, at, actor, "badge-idle", idle)
            for badge in stored.some(session, idle):
                status, version = BadgeStatus.INACTIVE, badge.version + 1
                stored.replace(session, msgspec.structs.replace(badge, status=status, version=version))
            version = changes.record(session, at, badges=idle)
        self._outbox.tell(RightsChanged(version))
        return idle

    def _issue(self, session: Session, new: Sequence[BadgeRecord], actor: str, at: datetime) -> None:
        audit.append(session, at, actor, "badge-added", (badge.id for badge in new))
        doubled = [name for name, number in Counter(badge.id for badge in new).items() if number > 1]
        if taken := sorted({*doubled, *stored.existing(session, (badge.id for badge in new))}):
            raise Conflict(f"badge {taken[0]}: the identifier is in use")
        _expect_readable(new)
        self._check(session, [(None, badge) for badge in new])
        stored.add(session, new)

    def _replace(
        self,
        badge: BadgeId,
        edit: Callable[[BadgeRecord], BadgeRecord],
        action: str,
        actor: str,
        at: datetime,
        expected_version: int | None,
    ) -> BadgeRecord:
        with self._database.writing() as session:
            site.locked(session)
            before = self._known(session, badge)
            _expect_version(before, expected_version)
            after = edit(before)
            if after == before:
                return before
            after = msgspec.structs.replace(after, version=before.version + 1)
            self._check(session, [(before, after)])
            audit.append(session, at, actor, action, [badge])
            stored.replace(session, after)
            version = changes.record(session, at, badges=[badge])
        self._outbox.tell(RightsChanged(version))
        return after

    def _known(self, session: Session, badge: BadgeId) -> BadgeRecord:
        found = stored.get(session, badge)
        if found is None or not self._is_theirs(session, found):
            raise NotFound(f"badge {badge}: there is no badge with this identifier")
        return found

    def _is_theirs(self, session: Session, badge: BadgeRecord) -> bool:
        organisation = self._reach.organisation
        if organisation is None:
            return True
        return badge.person is not None and bool(people.existing(session, [badge.person], organisation))

    def _check(self, session: Session, edits: Sequence[tuple[BadgeRecord | None, BadgeRecord]]) -> None:
        holders = {after.person for _, after in edits if after.person is not None}
        known = people.existing(session, holders, self._reach.organisation)
        for before, after in edits:
            _check(after, known)
            if not self._reach.is_everywhere:
                expect_delegated_badge(before, after)


def _expect_version(before: BadgeRecord, expected: int | None) -> None:
    if expected not in (None, before.version):
        raise Outdated(f"badge {before.id}: version {before.version}, expected {expected}")


def _expect_readable(new: Iterable[BadgeRecord]) -> None:
    """Raise `Invalid` for a spelling that never matches. One that is stored already must still be revocable."""
    for badge in new:
        if badge.kind is BadgeKind.UID and not _UID.fullmatch(badge.id):
            raise Invalid(f"badge {badge.id!r}: expected a serial number, 8, 14 or 20 lower-case hex digits")


def _check(badge: BadgeRecord, holders: Container[PersonId]) -> None:
    if not _ID.fullmatch(badge.id):
        raise Invalid(f"badge {badge.id!r}: expected an identifier of letters, digits, dots and hyphens")
    if badge.kind is BadgeKind.UID and is_random_uid(badge.id):
        raise Invalid(f"badge {badge.id}: a random number, made up anew at each tap, identifies nobody")
    if badge.person is not None and badge.person not in holders:
        raise Invalid(f"badge {badge.id}: there is no person {badge.person}")
    if badge.valid_from and badge.valid_until and badge.valid_from >= badge.valid_until:
        raise Invalid(f"badge {badge.id}: valid_until must come after valid_from")
