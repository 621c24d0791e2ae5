"""Who is where: a pure fold of passages. Any order, doubles and late arrivals give the same answer.

People count where a passage last took them; a person is in one leaf at a time. Some passages have no person (a
handle, an exit button): they move one of the counted people, nobody knows whom, until the person shows up
elsewhere and explains them. So counts can be right while the roll-call is honest. Never a running counter that
grants push up: an entry counts when the door opened (ARCHITECTURE, "Who decides", point 3).
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import msgspec

from policies.building import Building, SpaceKind
from policies.ids import DoorId, PersonId, SourceId, SpaceId


class Passage(msgspec.Struct, frozen=True, order=True):
    """Somebody went through a door. Ordered by (time, source, epoch, sequence), the order of the fold.

    `at` is the event's time corrected by the source's clock offset; `person` is None where nobody was identified.
    """

    at: datetime
    source: SourceId
    epoch: int
    seq: int
    door: DoorId
    origin: SpaceId
    target: SpaceId
    person: PersonId | None = None

    @property
    def key(self) -> tuple[SourceId, int, int]:
        """Return what makes the passage the same passage, wherever it arrives twice."""
        return self.source, self.epoch, self.seq


_STRIDE = 128
"""A state is kept every so many passages: sources overtake each other by seconds, so a late passage rarely reaches
back further than a few of them."""

_STATES_KEPT = 32
"""Later than these, everything is folded again from the first passage."""


class _State(msgspec.Struct, frozen=True):
    """The fold after the first `passages` of the log."""

    passages: int
    inside: dict[PersonId, SpaceId]
    unexplained: Counter[tuple[SpaceId, SpaceId]]


class Presence:
    """The fold, kept up to date passage by passage; equal to folding them all again in order."""

    def __init__(self, building: Building) -> None:
        self._building = building
        self._log: list[Passage] = []
        self._seen: set[tuple[SourceId, int, int]] = set()
        self._states = [_State(0, {}, Counter())]
        self._applied = 0
        self._inside: dict[PersonId, SpaceId] = {}
        self._unexplained: Counter[tuple[SpaceId, SpaceId]] = Counter()

    def add(self, passages: Iterable[Passage]) -> None:
        """Take in passages in any order; those already seen change nothing."""
        stands = self._applied
        for passage in passages:
            if passage.key in self._seen:
                continue
            self._seen.add(passage.key)
            if self._log and passage < self._log[-1]:
                position = bisect_right(self._log, passage)
                self._log.insert(position, passage)
                stands = min(stands, position)
            else:
                self._log.append(passage)
        if stands < self._applied:
            self._rewind(stands)
        for passage in self._log[self._applied :]:
            self._apply(passage)
            self._applied += 1
            if self._applied % _STRIDE == 0:
                self._remember()

    def _rewind(self, passages: int) -> None:
        """Go back to the newest kept state that stands on no more than the first `passages` of the log."""
        while self._states[-1].passages > passages:
            self._states.pop()
        state = self._states[-1]
        self._applied = state.passages
        self._inside, self._unexplained = dict(state.inside), Counter(state.unexplained)

    def _remember(self) -> None:
        self._states.append(_State(self._applied, dict(self._inside), Counter(self._unexplained)))
        if len(self._states) > _STATES_KEPT:
            del self._states[1]  # the first, before any passage, stays

    def _apply(self, passage: Passage) -> None:
        if passage.person is None:
            self._unexplained[passage.origin, passage.target] += 1
            return
        recorded = self._inside.get(passage.person)
        if recorded is not None and recorded != passage.origin:
            self._explain(recorded, passage.origin)
        if self._is_outside(passage.target):
            self._inside.pop(passage.person, None)
        else:
            self._inside[passage.person] = passage.target

    def _explain(self, left: SpaceId, found: SpaceId) -> None:
        """Take back the nameless passages that brought somebody from `left` to `found`, as far as there are any."""
        step = left
        visited = {left}
        while step != found:
            onward = [
                pair
                for pair, n in sorted(self._unexplained.items())
                if n > 0 and pair[0] == step and pair[1] not in visited
            ]
            if not onward:
                return
            pair = next((pair for pair in onward if pair[1] == found), onward[0])
            self._unexplained[pair] -= 1
            step = pair[1]
            visited.add(step)

    def _is_outside(self, space: SpaceId) -> bool:
        return self._building.spaces[space].kind is SpaceKind.OUTSIDE

    @property
    def inside(self) -> dict[PersonId, SpaceId]:
        """Return the leaf space of everybody who is inside, by the last passage that named them."""
        return dict(self._inside)

    def counts(self) -> dict[SpaceId, int]:
        """Return how many people are in every space, rolled up the tree; never negative."""
        leaves = Counter(self._inside.values())
        for (origin, target), number in self._unexplained.items():
            leaves[origin] -= number
            leaves[target] += number
        totals = dict.fromkeys(self._building.spaces, 0)
        for leaf in self._building.leaves():
            number = max(leaves[leaf.id], 0)
            for step in self._building.path_up(leaf.id):
                totals[step] += number
        return totals


def fold(building: Building, passages: Iterable[Passage]) -> Presence:
    """Return the presence after all `passages`, whatever their order."""
    presence = Presence(building)
    presence.add(sorted(passages))
    return presence
