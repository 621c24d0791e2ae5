"""Near misses: the least that would have made a refusal a grant, and they are true: with it, the tap is granted.

One is a set of needs, perhaps with a time to wait for. None of them has a need too many, and none is beaten by
another that asks for no more and opens no later. Only what the tap's own permits ask for is tried: meeting a need
never closes a door, so that what is lacking for one permit, and nothing else, makes it hold.
"""

from collections.abc import Iterator
from datetime import datetime
from itertools import combinations

import msgspec

from policies.analysis.needs import Case, Kind, Need, Needs, in_order, met, needs_of
from policies.analysis.when import moments
from policies.building import Building
from policies.conditions import Situation
from policies.decision import Decision
from policies.engine import Engine
from policies.ids import RuleId
from policies.policy import Policy, RuleEffect
from policies.request import AccessRequest, Direction, LiveState
from policies.roster import Roster
from policies.timetable import completed

_PASSING = frozenset({Kind.PIN, Kind.SECOND, Kind.ROOM, Kind.LEAVE})
"""What is needed now and may not be later: a PIN or room by schedule, a companion whose hours begin, a timed
anti-passback."""


class NearMiss(msgspec.Struct, frozen=True):
    """What is needed, the time first, and the rules that would then let the person in."""

    needs: tuple[Need, ...]
    rules: tuple[RuleId, ...]

    @property
    def at(self) -> datetime | None:
        """Return the time to wait for; None if nobody has to wait."""
        return next((need.at for need in self.needs if need.at is not None), None)


def near_misses(
    policy: Policy, building: Building, roster: Roster, request: AccessRequest, state: LiveState
) -> tuple[NearMiss, ...]:
    """Return the near misses of an entry that is refused or waits, the easiest first; none where nothing would help."""
    badge = roster.badges.get(request.badge)
    person = roster.people.get(badge.person) if badge and badge.person else None
    if badge is None or person is None or building.readers[request.reader].direction is Direction.EXIT:
        return ()
    scene = _Scene(policy, building, roster, Case(badge, person, request, state))
    return () if scene.decide(frozenset()).grants else scene.near_misses()


class _Scene:
    """One door and the few people at it, to try out what would be."""

    def __init__(self, policy: Policy, building: Building, roster: Roster, case: Case) -> None:
        self._policy, self._building, self._case = policy, building, case
        self._situation = Situation(policy, building, roster, case.request, case.state)
        names = [case.person.id, *case.request.companions]
        if case.person.host is not None:
            names.append(case.person.host)
        there = [roster.people[name] for name in names if name in roster.people]
        door = building.readers[case.request.reader].door
        self._engine = Engine(policy, building.subset([door]), Roster.of(there, [case.badge]))
        everybody = msgspec.structs.replace(case.request, companions=tuple(names[1:]))
        self._moments = moments(self._engine, everybody, case.state)

    def near_misses(self) -> tuple[NearMiss, ...]:
        found = {miss for needs in self._candidates() if (miss := self._least(needs)) is not None}
        best = [needs for needs in found if not any(_beats(other, needs) for other in found)]
        misses = [NearMiss(in_order(needs), self.decide(needs).rules) for needs in best]
        return tuple(sorted(misses, key=_ease))

    def _candidates(self) -> Iterator[Needs]:
        """Yield for each permit of this person here what it may lack, also without what time may do away with."""
        permits = [
            rule
            for rule in self._policy.rules
            if rule.effect is RuleEffect.PERMIT and self._situation.applies(rule, self._case.person)
        ]
        for rule in (None, *permits):
            needs = needs_of(rule, self._case, self._building)
            passing = [need for need in needs if need.kind in _PASSING]
            for size in range(len(passing) + 1):
                for dropped in combinations(passing, size):
                    yield needs.difference(dropped)

    def _least(self, needs: Needs) -> Needs | None:
        """Return those of `needs` that are needed at the first instant at which they are enough, with the wait."""
        if not self.decide(needs).grants:
            waits = (Need(Kind.TIME, at=at) for at in self._moments)
            wait = next((wait for wait in waits if self.decide(needs | {wait}).grants), None)
            if wait is None:
                return None
            needs |= {wait}
        for need in in_order(needs):
            if need.kind is not Kind.TIME and self.decide(needs - {need}).grants:
                needs -= {need}
        return needs

    def decide(self, needs: Needs) -> Decision:
        """Decide the tap as it would be with `needs` met."""
        case = met(needs, self._case, self._building)
        self._engine.put_person(case.person)
        if case.second is not None:
            self._engine.put_person(case.second)
        scheduled = completed(
            case.state, self._engine.building.doors.values(), self._engine.policy, case.request.at
        )
        return self._engine.decide(case.request, scheduled)


def _beats(other: Needs, needs: Needs) -> bool:
    """Return whether `other` asks for no more than `needs`, waits no longer, and is not the same."""
    if other == needs or not _without_time(other) <= _without_time(needs):
        return False
    wait, longest = _wait(other), _wait(needs)
    return wait is None or (longest is not None and wait <= longest)


def _without_time(needs: Needs) -> Needs:
    return frozenset(need for need in needs if need.kind is not Kind.TIME)


def _wait(needs: Needs) -> datetime | None:
    return next((need.at for need in needs if need.kind is Kind.TIME), None)


def _ease(miss: NearMiss) -> tuple[bool, bool, int, float, list[str]]:
    """Return what sorts near misses: what can be had on the spot, by waiting, by training; then by number."""
    needs_training = any(need.kind is Kind.CERTIFICATION for need in miss.needs)
    waits = miss.at.timestamp() if miss.at is not None else 0.0
    words = [f"{need.kind.value} {need.what}" for need in miss.needs]
    return needs_training, miss.at is not None, len(miss.needs), waits, words
