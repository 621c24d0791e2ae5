"""Trainings: give, renew, revoke, and see in time which ones end (DOMAIN section 7)."""

from datetime import datetime, timedelta
from enum import Enum

import msgspec
from sqlalchemy.orm import Session

from access.errors import Invalid, NotFound
from access.services.changing import Changing
from access.services.delegation import expect_the_building
from access.services.outbox import Outbox, RightsChanged
from access.services.rights import EVERYWHERE, Reach
from access.services.rulebook import Rulebook
from access.store import certifications as stored
from access.store import people
from access.store.certifications import CertificationFilter, CertificationRecord, Level
from access.store.database import Database
from access.store.listing import Listing
from policies.ids import CertificationId, PersonId

__all__ = ["CertificationFilter", "CertificationRecord", "Certifications", "Level", "Warned", "warning"]

EVERY = CertificationFilter()

_SOON, _IMMINENT = timedelta(days=30), timedelta(days=7)
_REASON = 300

BY_PERSON = Listing(sort="person")


class Warned(Enum):
    """How near the end of a training is."""

    SOON = "soon"
    IMMINENT = "imminent"
    EXPIRED = "expired"


def warning(until: datetime | None, at: datetime) -> Warned | None:
    """Return the warning that is due: 30 days and 7 days before the end, and after it; None before."""
    if until is None or until - at > _SOON:
        return None
    if until <= at:
        return Warned.EXPIRED
    return Warned.IMMINENT if until - at <= _IMMINENT else Warned.SOON


class Certifications:
    """The use cases around trainings. `actor` is who does it, for the record; `at` is when."""

    def __init__(
        self,
        database: Database,
        rulebook: Rulebook,
        outbox: Outbox[RightsChanged],
        reach: Reach = EVERYWHERE,
    ) -> None:
        self._database, self._rulebook, self._outbox = database, rulebook, outbox
        self._changing, self._reach = Changing(database, outbox), reach

    def within(self, reach: Reach) -> "Certifications":
        """Return the same use cases for whoever's rights hold only there: nobody else's training exists for them."""
        return Certifications(self._database, self._rulebook, self._outbox, reach)

    def give(self, new: CertificationRecord, actor: str, at: datetime) -> CertificationRecord:
        """Give somebody a training, or renew the one they hold: its end and level become the new ones."""
        expect_the_building("gives a training", self._reach)
        asked = {name for rule in self._rulebook.policy.rules for name in rule.certifications}
        if new.id not in asked:
            raise Invalid(f"certification {new.id}: no rule asks for it; expected one of {sorted(asked)}")
        if new.until is not None and new.until <= at:
            raise Invalid(f"certification {new.id}: it would be over already; expected an end to come")
        given = msgspec.structs.replace(new, granted_by=actor, granted_at=at)
        with self._changing.by(actor, at) as change:
            if not people.existing(change.session, [new.person]):
                raise NotFound(f"person {new.person}: there is nobody with this id")
            stored.drop(change.session, new.person, new.id)
            stored.put(change.session, [given])
            people.touch(change.session, new.person)
            change.note("certification-given", new.person)
            change.people.append(new.person)
        return given

    def revoke(
        self, person: PersonId, certification: CertificationId, reason: str, actor: str, at: datetime
    ) -> None:
        """Take a training from somebody; raise `NotFound` if they do not hold it, `Invalid` without a reason."""
        expect_the_building("takes a training back", self._reach)
        reason = " ".join(reason.split())
        if not reason or len(reason) > _REASON:
            raise Invalid(f"reason: expected why the training is revoked, in up to {_REASON} characters")
        with self._changing.by(actor, at) as change:
            self._known(change.session, person, certification)
            stored.drop(change.session, person, certification)
            people.touch(change.session, person)
            change.note("certification-revoked", person)
            change.note("certification-revoked-because", reason)
            change.people.append(person)

    def get(self, person: PersonId, certification: CertificationId) -> CertificationRecord:
        """Return one training; raise `NotFound`."""
        with self._database.reading() as session:
            return self._known(session, person, certification)

    def page(
        self, chosen: CertificationFilter = EVERY, listing: Listing = BY_PERSON
    ) -> list[CertificationRecord]:
        """Return a piece of the list of trainings."""
        with self._database.reading() as session:
            return stored.page(session, chosen, listing, self._reach.organisation)

    def _known(
        self, session: Session, person: PersonId, certification: CertificationId
    ) -> CertificationRecord:
        found = stored.get(session, person, certification)
        if found is None or not people.existing(session, [person], self._reach.organisation):
            raise NotFound(f"certification {certification}: {person} does not hold it")
        return found
