"""What a person may ask for: everything that is kept about them, and to be forgotten.

Who is erased is gone from people, badges are ended and nobody's, and in events a pseudonym stands in their place, so
that every count stays what it was. The hash of their id is kept: it makes a restored copy of the database, or a door
computer that sends old events again, forget them anew.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain

import msgspec
from sqlalchemy.orm import Session

from access.errors import Conflict, Invalid, NotFound
from access.services.changing import Change
from access.services.holds import binding
from access.services.outbox import Outbox, RightsChanged
from access.services.visits import Visits
from access.store import (
    audit,
    badges,
    certifications,
    changes,
    events,
    grants,
    holds,
    musters,
    people,
    pins,
    site,
    visits,
)
from access.store import privacy as stored
from access.store.audit import AuditEntry, AuditFilter
from access.store.badges import BadgeFilter, BadgeRecord
from access.store.certifications import CertificationFilter, CertificationRecord
from access.store.database import Database
from access.store.grants import GrantFilter, GrantRecord
from access.store.holds import Hold
from access.store.listing import Listing
from access.store.musters import Listed, Safe
from access.store.people import PersonRecord
from access.store.privacy import Erasure
from access.store.visits import VisitRecord, VisitState
from policies.ids import PersonId
from policies.roster import BadgeStatus
from readers.wire.events import Event

__all__ = ["Dossier", "Erasure", "Erasures"]

_MOST_REASON = 300
_MOST_EVENTS = 100_000
_MOST_ENTRIES = 10_000
_MOST_HELD = 1_000
_ACTOR = "erasure"


class RollCalled(msgspec.Struct, frozen=True):
    """A roll-call that somebody was on: where they were listed, and when and by whom they were marked safe."""

    muster: str
    opened_at: datetime
    listed: tuple[Listed, ...]
    safe: tuple[Safe, ...]


class Pin(msgspec.Struct, frozen=True):
    """Whether somebody has a PIN; its hash is handed out to nobody."""

    is_set: bool


class Dossier(msgspec.Struct, frozen=True):
    """Everything that is kept about somebody; visits are those they made and those they were the host of."""

    person: PersonRecord
    pin: Pin
    badges: tuple[BadgeRecord, ...]
    certifications: tuple[CertificationRecord, ...]
    grants: tuple[GrantRecord, ...]
    visits: tuple[VisitRecord, ...]
    rollcalls: tuple[RollCalled, ...]
    holds: tuple[Hold, ...]
    events: tuple[Event, ...]
    audit: tuple[AuditEntry, ...]


class Erasures:
    """The use cases around what a person may ask for."""

    def __init__(self, database: Database, site: str, outbox: Outbox[RightsChanged]) -> None:
        self._database, self._site, self._outbox = database, site, outbox

    def export(self, person: PersonId, reason: str, actor: str, at: datetime) -> Dossier:
        """Return everything that is kept about somebody; that it was handed out, and why, is kept too."""
        reason = _reason(reason)
        with self._database.writing() as session:
            found = _known(session, person)
            audit.append(session, at, actor, "person-exported", [person], purpose="request", reason=reason)
        with self._database.reading() as session:
            return Dossier(
                found,
                Pin(pins.is_set(session, person)),
                tuple(badges.page(session, BadgeFilter(person), Listing(_MOST_HELD))),
                tuple(
                    certifications.page(
                        session, CertificationFilter(person=person), Listing(_MOST_HELD, sort="person")
                    )
                ),
                tuple(grants.page(session, GrantFilter(person), Listing(_MOST_HELD))),
                tuple(visits.all_of(session, person)),
                _rollcalls(session, person),
                tuple(holds.page(session, person, Listing(_MOST_ENTRIES))),
                tuple(events.newest(session, events.Filter(person=person), None, _MOST_EVENTS)),
                _entries(session, person),
            )

    def erase(self, person: PersonId, reason: str, actor: str, at: datetime) -> str:
        """Forget somebody for good and return the pseudonym in their place; raise `Conflict` under a legal hold."""
        reason, pseudonym = _reason(reason), _fresh_pseudonym()
        with self._database.writing() as session:
            audit.append(session, at, actor, "person-erased", [person], reason=reason)
            _known(session, person)
            for hold in binding(holds.standing(session, at), at):
                if hold.person == person:
                    raise Conflict(f"person {person}: the legal hold {hold.id} keeps their events for now")
            version = self._remember_to_forget(session, {person: pseudonym}, at)
        self._outbox.tell(RightsChanged(version))
        return pseudonym

    def erase_some(
        self, chosen: Callable[[Session], Sequence[PersonId]], reason: str, actor: str, at: datetime
    ) -> list[str]:
        """Forget whoever is `chosen` while nobody changes them, for good; return the pseudonyms in their place."""
        with self._database.writing() as session:
            site.locked(session)
            names = {person: _fresh_pseudonym() for person in chosen(session)}
            if not names:
                return []
            audit.append(session, at, actor, "person-erased", names, reason=reason)
            version = self._remember_to_forget(session, names, at)
        self._outbox.tell(RightsChanged(version))
        return list(names.values())

    def ledger(self) -> list[Erasure]:
        """Return who was erased: what must outlive this database, so that a restored one forgets them again."""
        with self._database.reading() as session:
            return stored.erasures(session)

    def reapply(self, ledger: Iterable[Erasure], at: datetime) -> int:
        """Forget again whoever was erased and is back, from a copy or from a door's old events; return how many."""
        with self._database.writing() as session:
            stored.remember(session, ledger)
            gone = {each.digest: each.pseudonym for each in stored.erasures(session)}
            if not gone:
                return 0
            known = {person.id for person in people.everyone(session)}
            back = sorted(
                person
                for person in known.union(stored.people_in_events(session))
                if stored.digest_of(person, self._site) in gone
            )
            audit.append(session, at, _ACTOR, "person-erased", back, reason="back from a copy or a journal")
            names = {person: gone[stored.digest_of(person, self._site)] for person in back}
            version = self._forget(session, names, at) if names else None
        if version is not None:
            self._outbox.tell(RightsChanged(version))
        return len(back)

    def _remember_to_forget(self, session: Session, names: Mapping[PersonId, str], at: datetime) -> int:
        digests = {person: stored.digest_of(person, self._site) for person in names}
        stored.remember(session, [Erasure(digests[person], name, at) for person, name in names.items()])
        return self._forget(session, names, at)

    def _forget(self, session: Session, names: Mapping[PersonId, str], at: datetime) -> int:
        change = Change(session, _ACTOR, at)
        for person, pseudonym in names.items():
            _end_visits(change, person)
            _end_badges(change, person)
            audit.forget_subject(session, person, pseudonym)
            change.people.append(person)
        stored.rename(session, names)
        for person in names:
            people.remove(session, person)
        return changes.record(session, at, people=change.people, badges=change.badges)


def _end_badges(change: Change, person: PersonId) -> None:
    for badge in badges.page(change.session, BadgeFilter(person), Listing(_MOST_HELD)):
        ended = badge.status if badge.status is BadgeStatus.REPLACED else BadgeStatus.REVOKED
        nobodys = msgspec.structs.replace(badge, person=None, status=ended, version=badge.version + 1)
        badges.replace(change.session, nobodys)
        change.badges.append(badge.id)


def _end_visits(change: Change, person: PersonId) -> None:
    """Take back what a visit gave: the visit goes with either of its two, and nobody could end it later."""
    for visit in visits.open_of(change.session, person):
        if visit.state is VisitState.ARRIVED:
            Visits.end(change, visit)
            if visit.person != person:
                people.touch(change.session, visit.person)
                change.people.append(visit.person)


def _entries(session: Session, person: PersonId) -> tuple[AuditEntry, ...]:
    """Return what was done to somebody or to a badge of theirs, the newest first."""
    subjects = (
        person,
        *(badge.id for badge in badges.page(session, BadgeFilter(person), Listing(_MOST_HELD))),
    )
    found = (
        audit.listed(session, AuditFilter(subject=one), Listing(_MOST_ENTRIES, sort="-seq"))
        for one in subjects
    )
    return tuple(sorted(chain.from_iterable(found), key=lambda entry: -entry.seq))


def _rollcalls(session: Session, person: PersonId) -> tuple[RollCalled, ...]:
    called = (
        RollCalled(
            one.id,
            one.opened_at,
            tuple(listed for listed in one.people if listed.person == person),
            tuple(safe for safe in one.safe if safe.person == person),
        )
        for one in musters.newest(session, _MOST_ENTRIES)
    )
    return tuple(one for one in called if one.listed or one.safe)


def _known(session: Session, person: PersonId) -> PersonRecord:
    found = people.get(session, person)
    if found is None:
        raise NotFound(f"person {person}: there is nobody with this id")
    return found


def _fresh_pseudonym() -> str:
    return f"{audit.FORGOTTEN}{secrets.token_hex(8)}"


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not 1 <= len(reason) <= _MOST_REASON:
        raise Invalid(f"reason: expected 1 to {_MOST_REASON} characters")
    return reason
