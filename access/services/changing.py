"""How use cases write what doors must know: one transaction with its place in the outbox, told of after the commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy.orm import Session

from access.services.outbox import Outbox, RightsChanged
from access.store import audit, changes, site
from access.store.database import Database
from policies.ids import BadgeId, PersonId


class Change:
    """One transaction under way: its session, and whom and which badges doors must know anew at its end."""

    def __init__(self, session: Session, actor: str, at: datetime) -> None:
        self.session, self._actor, self._at = session, actor, at
        self.people: list[PersonId] = []
        self.badges: list[BadgeId] = []

    def note(self, action: str, *subjects: str) -> None:
        """Put into the audit that the actor did `action` to each subject."""
        audit.append(self.session, self._at, self._actor, action, subjects)


class Changing:
    """Where such transactions come from."""

    def __init__(self, database: Database, outbox: Outbox[RightsChanged]) -> None:
        self._database, self._outbox = database, outbox

    @contextmanager
    def by(self, actor: str, at: datetime) -> Iterator[Change]:
        """Open a transaction of `actor`; it holds the site's row, so that administrative writes queue."""
        version = None
        with self._database.writing() as session:
            site.locked(session)
            change = Change(session, actor, at)
            yield change
            if change.people or change.badges:
                version = changes.record(session, at, change.people, change.badges)
        if version is not None:
            self._outbox.tell(RightsChanged(version))
