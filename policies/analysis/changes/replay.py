"""Which past decisions would be others under a new policy: every tap is decided again, by the old rules and the new.

A tap is decided from what its event kept: time, reader, badge, proof, PIN and mode of the door. Who stood beside it,
who was inside and how full it was are not kept; so what depends on them alone is alike on both sides, and no flip.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from policies.decision import Effect, Reason
from policies.engine import Engine
from policies.holders import NOBODY, Standing
from policies.ids import BadgeId, PersonId, ReaderId
from policies.loader import Site
from policies.masks import bits
from policies.request import AccessRequest, Assurance, DoorMode, LiveState
from policies.roster import Roster


class Past(msgspec.Struct, frozen=True, gc=False):
    """What an event kept of a tap."""

    id: str
    at: datetime
    reader: ReaderId
    badge: BadgeId
    assurance: Assurance
    pin_ok: bool = False
    mode: DoorMode = DoorMode.NORMAL


class Outcome(msgspec.Struct, frozen=True):
    """An effect and its reason; both are None where the building has no such reader."""

    effect: Effect | None
    reason: Reason | None


class Flip(msgspec.Struct, frozen=True):
    """A tap that the two policies decide differently. `person` is whose badge it is now."""

    id: str
    at: datetime
    reader: ReaderId
    person: PersonId | None
    old: Outcome
    new: Outcome


class Replay:
    """Two policies over one roster; `decided` counts the taps that were asked about.

    Of those, `unknown` are by badges that the roster does not have: no policy can tell whose they were.

    Most taps need no decision: where the rules about somebody at a door are the same in both, so are the answers.
    """

    def __init__(self, old: Site, new: Site, roster: Roster) -> None:
        self._old = Engine(old.policy, old.building, roster)
        self._new = Engine(new.policy, new.building, roster)
        self._is_one_calendar = old.policy.calendar == new.policy.calendar
        self._same: dict[tuple[ReaderId, int, int], bool] = {}
        self.decided = 0
        self.unknown = 0

    def flips(self, taps: Iterable[Past]) -> Iterator[Flip]:
        """Yield the taps that flip, in the order given."""
        old_cards, new_cards, same = self._old.holders.cards, self._new.holders.cards, self._same
        for tap in taps:
            self.decided += 1
            before, after = old_cards.get(tap.badge), new_cards.get(tap.badge)
            if before is None:
                self.unknown += 1
            about = before.holder.standing if before else NOBODY
            now_about = after.holder.standing if after else NOBODY
            key = tap.reader, id(about), id(now_about)
            is_same = same.get(key)
            if is_same is None:
                is_same = same[key] = self._reads_the_same(tap.reader, about, now_about)
            if is_same:
                continue
            request = AccessRequest(tap.at, tap.reader, tap.badge, tap.assurance, tap.pin_ok)
            old, new = _outcome(self._old, request, tap.mode), _outcome(self._new, request, tap.mode)
            if old != new:
                yield Flip(tap.id, tap.at, tap.reader, before.holder.id if before else None, old, new)

    def _reads_the_same(self, reader: ReaderId, about: Standing, now_about: Standing) -> bool:
        """Return whether both policies say the same of people of a standing at a reader."""
        sides = [engine.building.readers.get(reader) for engine in (self._old, self._new)]
        if None in sides or sides[0] != sides[1] or not self._is_one_calendar:
            return sides == [None, None]
        return _said(self._old, reader, about) == _said(self._new, reader, now_about)


def _said(engine: Engine, reader: ReaderId, about: Standing) -> tuple[object, ...]:
    """Return all that a decision depends on, people's own dates and trainings and the calendar aside."""
    building, policy, portal = engine.building, engine.policy, engine.portals[reader]
    door = building.doors[portal.door]
    covering = portal.permits | portal.forbids | portal.full_forbids
    rules = [policy.rules[index] for index in bits(covering & about.mask)]
    named = [*(rule.schedule for rule in rules), door.card_pin]
    schedules = [policy.schedules.get(name) for name in named if name is not None]
    spaces = [building.spaces[step] for side in (door.inner, door.outer) for step in building.path_up(side)]
    flags = about.exempt, about.responder, about.passback_exempt, about is NOBODY
    return door, spaces, rules, schedules, flags


def _outcome(engine: Engine, request: AccessRequest, mode: DoorMode) -> Outcome:
    side = engine.building.readers.get(request.reader)
    if side is None:
        return Outcome(None, None)
    modes = {} if mode is DoorMode.NORMAL else {side.door: mode}
    decision = engine.decide(request, LiveState(modes))
    return Outcome(decision.effect, decision.reason)
