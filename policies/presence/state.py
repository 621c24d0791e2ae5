"""Who is where after some entries, and what has to be believed for it. One step at a time, each can be taken back.

Three layers make a count. *Named*: people stand where a passage last took them. *Flows*: passages that nobody made (a
handle, an exit button) moved one of them, nobody knows whom, until somebody shows up elsewhere and explains them.
*Hidden*: passages that nobody reported but that must have been (somebody behind another's back); they correct who is
named where, and are tallied, so that a drift model learns how many more there are.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from policies.ids import DoorId, PersonId, SpaceId
from policies.presence.expiry import GRID, Expiry, first_tick_after
from policies.presence.freeze import LASTS, Freeze
from policies.presence.passage import (
    AT_CLOSE,
    Act,
    Cause,
    Correction,
    Doubt,
    Entry,
    Inference,
    Passage,
    Tally,
    Way,
)
from policies.presence.reversible import Reversible, Undo
from policies.presence.ways import Ways

DEAD_AFTER = 5
"""So many permits in a row after which a contact said nothing: people do not turn away that often, contacts die."""

TALLIES_KEPT = 60
INFERENCES_KEPT = 2_000

_TWO_DAYS = timedelta(days=1, hours=12)
"""Two quiet hours are a day apart, give or take the hour of a clock change."""


class State(Reversible):
    """The fold after some entries, to be given in their order. `undo`, while it is a list, takes up how to go back."""

    def __init__(self, ways: Ways, expiry: Expiry | None) -> None:
        super().__init__()
        self._ways, self._expiry = ways, expiry
        self.inside: dict[PersonId, Passage] = {}
        self.doubts: dict[PersonId, Doubt] = {}
        self.named: dict[SpaceId, int] = {}
        self.flows: dict[Way, int] = {}
        self.balance: dict[SpaceId, int] = {}
        self.seen: dict[tuple[DoorId, SpaceId, int], int] = {}
        self.hidden: dict[Way, int] = {}
        self.found: dict[tuple[Way, int], int] = {}
        """The hidden passages by the hour in which they were found out."""
        self.silence: dict[DoorId, int] = {}
        self.dead: dict[Way, bool] = {}
        """Ways by a door whose contact was dead since the last tally; True while it still is."""
        self.released: dict[DoorId | None, datetime] = {}
        """Doors that are released, and since when; None is an alarm that came by no door."""
        self.tallies: deque[Tally] = deque()
        self.inferences: deque[Inference] = deque()
        self.marks: dict[str, Any] = {}
        self._look_at: datetime | None = None

    def copy(self) -> "State":
        """Return the same state, to go on independently."""
        twin = State(self._ways, self._expiry)
        for name in (
            "inside",
            "doubts",
            "named",
            "flows",
            "balance",
            "seen",
            "hidden",
            "found",
            "silence",
            "dead",
            "released",
            "marks",
        ):
            setattr(twin, name, dict(getattr(self, name)))
        twin.tallies, twin.inferences = deque(self.tallies), deque(self.inferences)
        return twin

    def restore(self, tallies: Iterable[Tally], doubts: Mapping[PersonId, Doubt]) -> None:
        """Go on from what an earlier life knew, before the first entry."""
        self.tallies.extend(tallies)
        self.doubts.update(doubts)
        if self.tallies:
            self.marks["tallied"] = self.tallies[-1].until

    # ---- what is believed

    def leaf(self, space: SpaceId) -> int:
        """Return how many people are in a space without spaces inside it; never negative."""
        return max(self.named.get(space, 0) + self.balance.get(space, 0), 0)

    def here(self, person: PersonId) -> SpaceId | None:
        """Return where somebody is counted; None for outside."""
        last = self.inside.get(person)
        return last.target if last is not None else None

    @property
    def is_frozen(self) -> bool:
        """Return whether an alarm keeps everything from expiring."""
        return bool(self.released)

    @property
    def freeze(self) -> Freeze | None:
        """Return the presence as it was when the alarm began; None without an alarm."""
        found: Freeze | None = self.marks.get("freeze")
        return found

    # ---- time and entries

    def apply(self, entry: Entry) -> None:
        """Take the next entry; time runs up to it first."""
        tick = self.marks.get("tick")
        if tick is None or tick <= entry.at:
            self.advance(entry.at)
        if isinstance(entry, Passage):
            if entry.taken:
                self._pass(entry)
            else:
                self._not_taken(entry)
        else:
            _ACTS[entry.act](self, entry)

    def advance(self, to: datetime) -> None:
        """Let everything expire that is due up to and with `to`."""
        if self._expiry is None:
            return
        tick = self.marks.get("tick")
        if tick is None:
            self._put(self.marks, "tick", first_tick_after(to))
            return
        while tick <= to:
            for door in [door for door, since in self.released.items() if since + LASTS <= tick]:
                self._thaw(door)
            if not self.is_frozen:
                self._tick(tick, self._expiry)
            tick += GRID
            self._put(self.marks, "tick", tick)

    def step_back(self, undo: list[Undo]) -> None:
        """Take back the step that wrote `undo`."""
        super().step_back(undo)
        self._look_at = None

    # ---- passages

    def _pass(self, passage: Passage) -> None:
        origin, target = passage.origin, passage.target
        if self.silence and passage.door in self.silence:
            self._wake(passage)
        self._add(self.seen, (passage.door, target, passage.at.hour), 1)
        if passage.person is None:
            self._flow((origin, target), 1)
            self._settle(origin, passage.at)
        else:
            self._move(passage.person, passage)

    def _not_taken(self, passage: Passage) -> None:
        """Count a permit without a passage, once the door's contact must be dead."""
        self._add(self.silence, passage.door, 1)
        if self.silence[passage.door] >= DEAD_AFTER and passage.person is not None:
            self._add(self.seen, (passage.door, passage.target, passage.at.hour), 1)
            self._infer(passage.at, Cause.CONTACT_DEAD, passage.target)
            for way in ((passage.origin, passage.target), (passage.target, passage.origin)):
                self._put(self.dead, way, True)  # noqa: FBT003  (a value like any)
            self._move(passage.person, passage)

    def _wake(self, passage: Passage) -> None:
        """Believe a contact again that speaks."""
        self._drop(self.silence, passage.door)
        for way in ((passage.origin, passage.target), (passage.target, passage.origin)):
            if way in self.dead:
                self._put(self.dead, way, False)  # noqa: FBT003  (as above)

    def _move(self, person: PersonId, passage: Passage) -> None:
        origin, target = passage.origin, passage.target
        last = self.inside.get(person)
        if self.doubts and person in self.doubts:
            self._drop(self.doubts, person)
        if last is not None:
            left = last.target
            if left != origin:
                self._explain(left, origin, passage.at, Cause.SEEN_ELSEWHERE)
            self._add(self.named, left, -1)
        elif origin not in self._ways.outside:
            self._explain(self._ways.outdoors, origin, passage.at, Cause.CAME_UNSEEN)
        if target in self._ways.outside:
            if last is not None:
                self._drop(self.inside, person)
        else:
            self._put(self.inside, person, passage)
            self._add(self.named, target, 1)
        if last is not None:
            self._settle(last.target, passage.at)

    def _explain(self, left: SpaceId, found: SpaceId, at: datetime, cause: Cause) -> None:
        """Account for a way that somebody made without a name, and say so where some of it was not seen at all."""
        if not self._account(left, found, at.hour):
            self._infer(at, cause, left if cause is Cause.SEEN_ELSEWHERE else found)

    def _account(self, left: SpaceId, found: SpaceId, hour: int) -> bool:
        """Take a way from the flows as far as there are any, else note it as hidden; return whether all was seen."""
        along = self._ways.along(self.flows, left, found)
        if along:
            for way in along:
                self._flow(way, -1)
            return True
        for way in self._ways.between(left, found):
            if way in self.flows:
                self._flow(way, -1)
            else:
                self._hide(way, hour)
        return False

    def _settle(self, space: SpaceId, at: datetime) -> None:
        """Take back nameless ways out of a space that nobody is left to have made: they had come in unseen."""
        if space in self._ways.outside:
            return
        while self.named.get(space, 0) + self.balance.get(space, 0) < 0:
            onward = [way for way in self.flows if way[0] == space]
            if not onward:
                return
            way = min(onward)
            self._flow(way, -1)
            self._hide((way[1], space), at.hour)
            self._infer(at, Cause.MORE_LEFT_THAN_CAME, space)

    # ---- what expires

    def _tick(self, at: datetime, expiry: Expiry) -> None:
        if expiry.is_quiet(at):
            self._fall_quiet(at, expiry)
        if self._look_at is not None and at < self._look_at:
            return
        due = {person: stay.at + expiry.limit_of(person) for person, stay in self.inside.items()}
        for person in sorted(person for person, until in due.items() if until <= at):
            self._doubt(person, at, Cause.DWELT_TOO_LONG, at.hour)
            del due[person]
        # Whoever comes from now on stays at least for the shortest limit.
        self._look_at = min(due.values(), default=at + expiry.shortest)
        self._look_at = min(self._look_at, at + expiry.shortest)

    def _fall_quiet(self, at: datetime, expiry: Expiry) -> None:
        """Empty every space that is not always open of those who were not heard lately, and begin a new tally."""
        heard_after = at - expiry.quiet_for
        gone = [
            person
            for person, stay in self.inside.items()
            if stay.at <= heard_after and stay.target not in self._ways.restless
        ]
        for person in sorted(gone):
            self._doubt(person, at, Cause.QUIET_HOUR, AT_CLOSE)
        for way in sorted(self.flows):
            self._close(way)
        last, dead = self.marks.get("tallied"), tuple(sorted(self.dead))
        if last is None or at > last:  # else it was restored, and is better known than by what came since
            whole = last is not None and at - last < _TWO_DAYS
            tally = Tally(at, dict(self.seen), dict(self.hidden), dead, whole, dict(self.found))
            self._push(self.tallies, tally, TALLIES_KEPT)
            self._put(self.marks, "tallied", at)
        for way in dead:
            if not self.dead[way]:
                self._drop(self.dead, way)
        for counted in (self.seen, self.hidden, self.found):
            for key in list(counted):
                self._drop(counted, key)

    def _close(self, way: Way) -> None:
        """End a flow at the quiet hour: whoever made it and was not seen since had come the same way unseen."""
        number = self.flows[way]
        self._flow(way, -number)
        if way[0] not in self._ways.outside:
            self._hide((way[1], way[0]), AT_CLOSE, number)

    def _doubt(self, person: PersonId, at: datetime, cause: Cause, hour: int) -> None:
        """Stop counting somebody; they stay to be accounted for. They left by nameless ways, or unseen."""
        stay = self.inside[person]
        self._drop(self.inside, person)
        self._put(self.doubts, person, Doubt(stay, at, cause))
        self._account(stay.target, self._ways.outdoors, hour)
        self._add(self.named, stay.target, -1)
        self._infer(at, cause, stay.target)

    # ---- what operators say

    def _set_count(self, said: Correction) -> None:
        space = said.space
        if space is None:
            return
        if said.number == 0:
            there = [person for person, stay in self.inside.items() if stay.target == space]
            for person in sorted(there):
                self._doubt(person, said.at, Cause.COUNT_SET, said.at.hour)
            for way in [way for way in self.flows if space in way]:
                self._flow(way, -self.flows[way])
        more = said.number - self.named.get(space, 0) - self.balance.get(space, 0)
        outside = self._ways.outdoors
        if more:
            self._flow((outside, space) if more > 0 else (space, outside), abs(more))

    def _remove(self, said: Correction) -> None:
        if said.person is None:
            return
        stay = self.inside.get(said.person)
        if stay is not None:
            self._drop(self.inside, said.person)
            self._add(self.named, stay.target, -1)
            self._settle(stay.target, said.at)
        if said.person in self.doubts:
            self._drop(self.doubts, said.person)

    # ---- alarms

    def _freeze(self, said: Correction) -> None:
        if not self.released:
            self._put(self.marks, "freeze", Freeze(said.at, dict(self.inside), dict(self.doubts)))
        if said.door not in self.released:
            self._put(self.released, said.door, said.at)

    def _end_freeze(self, said: Correction) -> None:
        self._thaw(said.door)

    def _thaw(self, door: DoorId | None) -> None:
        self._drop(self.released, door)
        if not self.released:
            self._drop(self.marks, "freeze")

    # ---- what several of these do

    def _flow(self, way: Way, number: int) -> None:
        self._add(self.flows, way, number)
        self._add(self.balance, way[0], -number)
        self._add(self.balance, way[1], number)

    def _hide(self, way: Way, hour: int, number: int = 1) -> None:
        self._add(self.hidden, way, number)
        self._add(self.found, (way, hour), number)

    def _infer(self, at: datetime, cause: Cause, space: SpaceId) -> None:
        self._push(self.inferences, Inference(at, cause, space), INFERENCES_KEPT)


_ACTS: dict[Act, Callable[[State, Correction], None]] = {
    Act.COUNT_SET: State._set_count,  # noqa: SLF001  (the table of this class)
    Act.PERSON_REMOVED: State._remove,  # noqa: SLF001  (as above)
    Act.MUSTERED: State._remove,  # noqa: SLF001  (as above)
    Act.ALARM_BEGAN: State._freeze,  # noqa: SLF001  (as above)
    Act.ALARM_ENDED: State._end_freeze,  # noqa: SLF001  (as above)
}
