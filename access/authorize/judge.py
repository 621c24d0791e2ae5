"""Decide and reserve in one step, in memory: the rights, the site's view, and who stands at the doors.

No lock, no clock, no IO: its owner sees to it that nothing comes between `decide` and `reserve`.
"""

from datetime import datetime, timedelta

from msgspec.structs import replace

from access.authorize.companions import Companions
from access.authorize.pins import NOTHING_SHOWN, Shown
from access.authorize.rights import Rights
from access.authorize.view import SiteView
from access.services.decisions import Question
from policies.building import Building, Door
from policies.decision import Decision, Effect, Flag, Reason
from policies.ids import DoorId, PersonId, ReaderId
from policies.presence.companions import Leaning
from policies.request import AccessRequest, Direction
from policies.roster import BadgeKind, is_random_uid
from readers.wire.reservations import Reserve

_WAITS = Reason.AUTHORIZATION_DELAYED
_ABOUT_COMPANIONS = frozenset({_WAITS, Reason.NO_ACCOMPANIMENT})
"""The refusals that somebody beside the asker may turn into another answer: only then are they looked for."""


class Judge:
    """Answers for one building by the rights in force, `follow`ing others at any time."""

    def __init__(self, building: Building, rights: Rights, view: SiteView) -> None:
        self.view = view
        self.follow(rights)
        self._companions = Companions()
        self._building = building
        self._doors = {reader: building.doors[side.door] for reader, side in building.readers.items()}

    def follow(self, rights: Rights) -> None:
        """Put rights in force, in place of those before."""
        self.rights = rights
        self._leaning = Leaning(rights.engine.policy.rules)
        self.view.modes.policy, self.view.seated = rights.engine.policy, rights.seated

    def door_of(self, reader: ReaderId) -> Door:
        """Return the door of a reader; raise KeyError for one that the building does not have."""
        return self._doors[reader]

    def decide(self, question: Question, at: datetime, shown: Shown = NOTHING_SHOWN) -> Decision:
        """Decide one tap, changing nothing; raise KeyError for a reader that the building does not have.

        `shown` is what a PIN has shown; it takes no other part in the tap than to be asked for.
        """
        decision = self._decide(question, at, pin_ok=shown.pin_ok)
        if shown.refused is not None and decision.reason is Reason.VERIFICATION_REQUIRED:
            return replace(decision, effect=Effect.DENY, reason=shown.refused)
        if shown.duress and decision.effect is Effect.GRANT:
            return replace(decision, flags=(*decision.flags, Flag.DURESS))
        return decision

    def _decide(self, question: Question, at: datetime, *, pin_ok: bool) -> Decision:
        reader, badge = question.reader, question.badge
        door = self._doors[reader]
        if question.kind is BadgeKind.UID and is_random_uid(badge):
            return self._unidentified(question, Reason.AUTHENTICATION_FACTOR_ERROR)
        rights = self.rights
        card = rights.cards.get(badge)
        if card is not None and card.kind is not question.kind:
            return self._unidentified(question, Reason.UNKNOWN_CREDENTIAL)
        if reader in rights.seated:
            self.view.seats.expire(at)
            state = self.view.asked(door, card.owner if card is not None else None)
        else:
            state = self.view.plain
        decision = rights.engine.decide(AccessRequest(at, reader, badge, question.proven, pin_ok), state)
        if decision.reason in _ABOUT_COMPANIONS and (others := self._companions.of(door, at)):
            request = AccessRequest(at, reader, badge, question.proven, pin_ok, others)
            return rights.engine.decide(request, state)
        return decision

    def verdict(self, asked: Reserve, at: datetime) -> Decision:
        """Decide on a tap that its door computer would grant, with the site's view; raise KeyError as `decide` does."""
        door = self._doors[asked.reader]
        card = self.rights.cards.get(asked.badge)
        self.view.seats.expire(at)
        state = self.view.asked(door, card.owner if card is not None else None)
        request = AccessRequest(
            at, asked.reader, asked.badge, asked.assurance, asked.pin_ok, asked.companions
        )
        return self.rights.engine.decide(request, state)

    def seat(
        self, reader: ReaderId, decision: Decision, at: datetime, reservation: str
    ) -> tuple[PersonId, ...]:
        """Take the seat of the verdict `reservation`; its door computer sees to companions."""
        if decision.effect is not Effect.GRANT or decision.person is None:
            return ()
        self.view.seats.hold(decision.person, reader, at, reservation=reservation)
        return (decision.person,)

    def reserve(self, question: Question, decision: Decision, at: datetime) -> tuple[PersonId, ...]:
        """Take the seats that a decision gives; return who may pass by it, those who waited for them included."""
        person, reader = decision.person, question.reader
        if person is None:
            return ()
        if decision.effect is Effect.GRANT:
            passing: tuple[PersonId, ...] = (person,)
            if self._is_entry(reader) and not self._leaning.is_visitor(decision.rules):
                needed = self._leaning.needs_somebody(decision.rules)
                passing = self._companions.let_in(self._doors[reader], person, at, needed_somebody=needed)
            if reader in self.rights.seated:
                for who in passing:
                    self.view.seats.hold(who, reader, at)
            return passing
        if decision.reason is _WAITS:
            door = self._doors[reader]
            self._companions.wait(door, person, at)
            if reader in self.rights.seated:
                self.view.seats.hold(person, reader, at, timedelta(seconds=door.two_person_s))
        return ()

    def _is_entry(self, reader: ReaderId) -> bool:
        """Return whether one enters at a reader: whoever leaves has shown no right, and accompanies nobody inwards."""
        return self._building.readers[reader].direction is Direction.ENTRY

    def release(self, passing: tuple[PersonId, ...], door: DoorId, at: datetime) -> None:
        """Give back the seats that a tap at `at` took, of those who were not let pass by it after all."""
        for person in passing:
            self.view.seats.take_back(person, door, at)

    def unlock_ms(self, question: Question, decision: Decision) -> int:
        """Return how long to release the strike; 0 unless granted."""
        if decision.effect is not Effect.GRANT:
            return 0
        return self.opening_ms(question.reader, decision.person)

    def opening_ms(self, reader: ReaderId, person: PersonId | None) -> int:
        """Return how long a strike is released for somebody."""
        door, longer = self._doors[reader], self.rights.needs_longer(person)
        return round(1000 * (door.extended_strike_time_s if longer else door.strike_time_s))

    def _unidentified(self, question: Question, reason: Reason) -> Decision:
        reached = self._building.passage(question.reader)[1]
        return Decision(Effect.DENY, reason, door=self._doors[question.reader].id, space=reached)
