"""Decisions for readers without a door computer: from memory, kept in the authorizer's own journal.

It decides by the same engine as every door, over everybody and with the site's view of who is where. A decision is
kept before it is told. Where the door has no contact the entry counts at once (ARCHITECTURE, "Who decides", point 3).
One lock around all: calls come from the threads of the API, and one decision takes microseconds.
"""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from threading import Lock
from typing import Protocol

from sqlalchemy.exc import SQLAlchemyError

from access.errors import Invalid
from access.services import Services
from access.services.decisions import Answer, Question
from access.services.outbox import RightsChanged
from access.store import events
from policies.building import Door
from policies.decision import Decision, Effect, Reason, message
from policies.engine import Engine
from policies.ids import SourceId
from policies.presence import Passage, Presence
from policies.request import AccessRequest, LiveState
from policies.roster import BadgeKind, Roster, is_random_uid
from readers.wire.events import Draft, Event, EventType, Inputs, Sealed, parse

_log = logging.getLogger(__name__)

AUTHORIZER = SourceId("authorizer")
"""The source that decisions for foreign controllers are reported by."""

_MOST_UNSTORED = 10_000
"""Of the lines that a stop left unstored, so many are looked at for entries at the next start."""


class Journal(Protocol):
    """The authorizer's own record, as `readers.ports.Journal`."""

    def append(self, draft: Draft) -> Sealed:
        """Keep an event before returning."""
        ...

    def pending(self, limit: int) -> list[bytes]:
        """Return the oldest lines of one epoch that are not acknowledged."""
        ...

    def acknowledge(self, epoch: int, seq: int) -> None:
        """Note how far the server has stored."""
        ...

    def prune(self, keep_after: datetime) -> list[int]:
        """Delete acknowledged files that hold nothing since then."""
        ...

    def rewind(self, epoch: int, seq: int) -> bool:
        """Take back what the server has lost again."""
        ...


class Authorizer:
    """Answers for one site. Follows the services' news: changed rights, and passages as they are stored."""

    def __init__(self, services: Services, journal: Journal) -> None:
        self._services, self._journal = services, journal
        self.on_kept: Callable[[], None] = _to_nobody
        """Called, in the thread that decides, whenever the journal has grown."""
        self._lock = Lock()
        self._presence = Presence(services.building)
        self._roster, self._engine = self._load()
        self._is_stale = False
        services.rights.listen(self._outdate)
        services.news.listen(self._follow)
        with services.database.reading() as session:
            self._follow(events.oldest_first(session, (EventType.PASSAGE,)))
        for line in journal.pending(_MOST_UNSTORED):
            self._take(line)

    def decide(self, question: Question, at: datetime, *, record: bool = True) -> Answer:
        """Answer one tap; raise `Invalid` for a reader that the building does not have."""
        if question.reader not in self._services.building.readers:
            raise Invalid(f"reader {question.reader}: there is no such reader")
        with self._lock:
            self._refresh()
            decision = self._decide(question, at)
            event = self._keep(question, decision, at) if record else None
        granted = decision.effect is Effect.GRANT
        return Answer(
            decision.effect,
            decision.reason,
            decision.rules,
            self._unlock_ms(decision) if granted else 0,
            message(decision.reason),
            event,
        )

    def oldest(self, limit: int) -> list[bytes]:
        """Return the oldest lines that are not stored yet."""
        with self._lock:
            return self._journal.pending(limit)

    def stored(self, epoch: int, seq: int) -> None:
        """Note how far the server has stored: less than before, if it was restored from a copy."""
        with self._lock:
            if not self._journal.rewind(epoch, seq):
                self._journal.acknowledge(epoch, seq)

    def prune(self, keep_after: datetime) -> list[int]:
        """Delete what is stored and older; return the journal's epochs that are gone."""
        with self._lock:
            return self._journal.prune(keep_after)

    def _decide(self, question: Question, at: datetime) -> Decision:
        badge = self._roster.badges.get(question.badge)
        if question.kind is BadgeKind.UID and is_random_uid(question.badge):
            return self._unidentified(question, Reason.AUTHENTICATION_FACTOR_ERROR)
        if badge is not None and badge.kind is not question.kind:
            return self._unidentified(question, Reason.UNKNOWN_CREDENTIAL)
        request = AccessRequest(at, question.reader, question.badge, question.proven)
        state = LiveState(counts=self._presence.counts(), inside=self._presence.inside)
        return self._engine.decide(request, state)

    def _unidentified(self, question: Question, reason: Reason) -> Decision:
        building = self._services.building
        side, reached = building.readers[question.reader], building.passage(question.reader)[1]
        return Decision(Effect.DENY, reason, door=side.door, space=reached)

    def _keep(self, question: Question, decision: Decision, at: datetime) -> str:
        kept = self._journal.append(_decided(question, decision, at, self._services.policy.version))
        if decision.effect is Effect.GRANT and not self._door(decision).contact:
            origin, target = self._services.building.passage(question.reader)
            passage = Draft(
                at,
                EventType.PASSAGE,
                decision.door,
                question.reader,
                target,
                origin,
                kept.id,
                person=decision.person,
                badge=question.badge,
            )
            self._take(self._journal.append(passage).line)
        self.on_kept()
        return kept.id

    def _take(self, line: bytes) -> None:
        """Count an own entry at once: the next to ask must not be given the same seat."""
        passage = self._passage(parse(line))
        if passage is not None:
            self._presence.add([passage])

    def _door(self, decision: Decision) -> Door:
        if decision.door is None:
            raise ValueError("a decision without a door cannot be kept")
        return self._services.building.doors[decision.door]

    def _unlock_ms(self, decision: Decision) -> int:
        door, person = self._door(decision), decision.person
        longer = person is not None and self._roster.people[person].extended_opening
        return round(1000 * (door.extended_strike_time_s if longer else door.strike_time_s))

    def _outdate(self, _news: RightsChanged) -> None:
        self._is_stale = True

    def _refresh(self) -> None:
        """Take up changed rights; while the store cannot be read, decide from those known."""
        if self._is_stale:
            self._is_stale = False
            try:
                self._roster, self._engine = self._load()
            except SQLAlchemyError as error:
                self._is_stale = True
                _log.error("rights-not-read", extra={"fault": type(error).__name__})

    def _load(self) -> tuple[Roster, Engine]:
        services = self._services
        roster = services.publisher.roster()
        return roster, Engine(services.policy, services.building, roster)

    def _follow(self, news: Iterable[Event]) -> None:
        passages = [passage for event in news if (passage := self._passage(event))]
        if passages:
            with self._lock:
                self._presence.add(passages)

    def _passage(self, event: Event) -> Passage | None:
        spaces, door = self._services.building.spaces, event.door
        if event.type is not EventType.PASSAGE or door is None:
            return None
        if event.origin not in spaces or event.space not in spaces:
            return None
        return Passage(
            event.at, event.source, event.epoch, event.seq, door, event.origin, event.space, event.person
        )


def _to_nobody() -> None:
    """Tell nobody that the journal has grown."""


def _decided(question: Question, decision: Decision, at: datetime, policy_version: str) -> Draft:
    return Draft(
        at,
        EventType.DECISION,
        decision.door,
        question.reader,
        decision.space,
        effect=decision.effect,
        reason=decision.reason,
        inwards=decision.inwards,
        rules=decision.rules,
        flags=decision.flags,
        policy_version=policy_version,
        inputs=Inputs(question.proven),
        person=decision.person,
        badge=question.badge,
    )
