"""What events say of badges and grants: the day a badge was last let in by, and how often a limited grant opened.

Of a badge only the day is kept, and only its last: enough to see that it lies in a drawer, and no trace of a person.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy.orm import Session

from access.services.outbox import Outbox, RightsChanged
from access.store import badges, changes, grants
from policies.decision import Effect
from policies.ids import BadgeId, GrantId
from readers.wire.events import Event, EventType

_GRANT = "grant:"
"""Before a grant's id, where a decision names it among its rules."""


class Usage:
    """Keeps count within the transaction that stores the events; `settle` once it is committed."""

    def __init__(self, outbox: Outbox[RightsChanged]) -> None:
        self._outbox = outbox
        self._noted: dict[BadgeId, date] = {}
        self._days: dict[BadgeId, date] = {}
        self._version: int | None = None

    def note(self, session: Session, events: Iterable[Event], at: datetime) -> None:
        """Write down what events stored for the first time tell."""
        self._days, self._version = {}, None
        uses = Counter[GrantId]()
        for event in events:
            if event.type is not EventType.DECISION or event.effect is not Effect.GRANT:
                continue
            if event.badge is not None:
                self._see(event.badge, event.at.date())
            if event.inwards is None:
                for rule in event.rules:
                    if rule.startswith(_GRANT):
                        uses[GrantId(rule.removeprefix(_GRANT))] += 1
        if self._days:
            badges.note_use(session, self._days)
        used_up = grants.count_uses(session, uses) if uses else []
        if used_up:
            self._version = changes.record(session, at, people=used_up)

    def settle(self) -> None:
        """Say to doors what was used up, now that it is committed."""
        self._noted |= self._days
        if self._version is not None:
            self._outbox.tell(RightsChanged(self._version))

    def _see(self, badge: BadgeId, day: date) -> None:
        known = self._days.get(badge) or self._noted.get(badge)
        if known is None or known < day:
            self._days[badge] = day
