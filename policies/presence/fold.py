"""Who is where: a pure fold of passages. Any order, doubles and late arrivals give the same answer.

`Presence` keeps the entries of the last while in their order. One that comes late takes the steps after it back and
makes them again: a few seconds' lateness costs a few steps, a day's lateness is made up from a kept state. What a
step means is `state.py`.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice

from policies.building import Building
from policies.ids import DoorId, PersonId, SpaceId
from policies.presence.expiry import Expiry
from policies.presence.freeze import Freeze
from policies.presence.passage import Doubt, Entry, Inference, Passage, Place, Tally
from policies.presence.reversible import Undo
from policies.presence.state import State
from policies.presence.ways import Ways

_STEPS_BACK = 2_048
"""So many steps can be taken back one by one."""

_STATE_EVERY = 2_048
_STATES_KEPT = 24
_PEOPLE_KEPT = 400_000
"""People in all kept states together: a city's presence keeps few states, a building's as many as it likes."""

_FORGET_AT_ONCE = 4_096

_MINUTE = timedelta(minutes=1)

Watcher = Callable[[datetime, State], None]


class Presence:
    """The fold, kept up to date entry by entry; equal to folding them all again in order.

    With `keep`, entries older than that before the newest are forgotten, and who comes later still is counted in
    `too_late`. `watch` is called at every whole minute with the state then, again after what came late.
    """

    def __init__(
        self,
        building: Building,
        expiry: Expiry | None = None,
        keep: timedelta | None = None,
        watch: Watcher | None = None,
    ) -> None:
        self._ways = Ways(building)
        self._expiry, self._keep, self._watch = expiry, keep, watch
        self._spaces = tuple(building.spaces)
        self._log: list[Entry] = []
        self._base = State(self._ways, expiry)
        self._base_at: Place | None = None
        self._kept: list[tuple[int, State, datetime | None]] = []
        self._state = self._base.copy()
        self._applied = 0
        self._steps: deque[tuple[list[Undo], datetime | None]] = deque(maxlen=_STEPS_BACK)
        self._tail: tuple[list[Undo], datetime | None] | None = None
        self._minute: datetime | None = None
        self._base_minute: datetime | None = None
        self.too_late = 0

    def restore(self, tallies: Iterable[Tally], doubts: Mapping[PersonId, Doubt]) -> None:
        """Go on from what an earlier life knew of past days and of people not confirmed out; before any entry."""
        self._base.restore(tallies, doubts)
        self._state = self._base.copy()

    # ---- taking in

    def add(self, entries: Iterable[Entry]) -> None:
        """Take in entries in any order; those already seen change nothing."""
        first = len(self._log)
        for entry in entries:
            first = min(first, self._place(entry))
        self._untail()
        if first < self._applied:
            self._rewind(first)
        while self._applied < len(self._log):
            self._step(self._log[self._applied])
        self._forget()

    def advance(self, to: datetime) -> None:
        """Let everything expire that is due by `to`, until something comes that was before it."""
        if self._tail is None:
            self._tail = [], self._minute
        self._state.undo = self._tail[0]
        self._look(to)
        self._state.advance(to)

    def _place(self, entry: Entry) -> int:
        """Put an entry where it belongs; return its place, or the log's end for one that changes nothing."""
        log = self._log
        if not log or entry.at > log[-1].at:
            if self._base_at is not None and not log and entry.place <= self._base_at:
                self.too_late += 1
                return len(log)
            log.append(entry)
            return len(log) - 1
        place = entry.place
        if self._base_at is not None and place <= self._base_at:
            self.too_late += 1
            return len(log)
        position = bisect_left(log, place, key=_place_of)
        if position < len(log) and log[position].place == place:
            return len(log)
        log.insert(position, entry)
        return position

    def _step(self, entry: Entry) -> None:
        minute = self._minute
        undo: list[Undo] = []
        self._state.undo = undo
        self._look(entry.at)
        self._state.apply(entry)
        self._steps.append((undo, minute))
        self._applied += 1
        if self._applied % _STATE_EVERY == 0:
            self._remember()

    def _look(self, to: datetime) -> None:
        """Let time run to `to`, and be watched at each whole minute on the way."""
        if self._watch is None:
            return
        minute = self._minute
        if minute is None:
            minute = to.replace(second=0, microsecond=0) + _MINUTE
        while minute <= to:
            self._state.advance(minute)
            self._watch(minute, self._state)
            minute += _MINUTE
        self._minute = minute

    # ---- going back

    def _untail(self) -> None:
        """Take back what expired after the last entry: entries may come that were before it."""
        if self._tail is not None:
            undo, self._minute = self._tail
            self._state.step_back(undo)
            self._tail = None

    def _rewind(self, position: int) -> None:
        """Go back to the state after the first `position` entries, or to a kept one before it."""
        if self._applied - position <= len(self._steps):
            while self._applied > position:
                undo, self._minute = self._steps.pop()
                self._state.step_back(undo)
                self._applied -= 1
            self._kept = [kept for kept in self._kept if kept[0] <= position]
            return
        while self._kept and self._kept[-1][0] > position:
            self._kept.pop()
        applied, state, minute = self._kept[-1] if self._kept else (0, self._base, self._base_minute)
        self._state, self._applied, self._minute = state.copy(), applied, minute
        self._steps.clear()

    def _remember(self) -> None:
        people = max(len(self._state.inside), 1)
        while self._kept and (len(self._kept) + 1) * people > _PEOPLE_KEPT:
            self._kept.pop(0)
        if people > _PEOPLE_KEPT:
            return
        self._kept.append((self._applied, self._state.copy(), self._minute))
        if len(self._kept) > _STATES_KEPT:
            del self._kept[1 : _STATES_KEPT // 2 : 2]  # the older, the farther apart

    def _forget(self) -> None:
        """Move the base up to what need not be kept any more, many entries at a time."""
        if self._keep is None or not self._log:
            return
        until = self._log[-1].at - self._keep
        if len(self._log) <= _FORGET_AT_ONCE or self._log[_FORGET_AT_ONCE].at >= until:
            return
        old = bisect_left(self._log, until, key=_time_of)
        self._base_minute = self._rebase(self._log[:old])
        self._base_at = self._log[old - 1].place
        del self._log[:old]
        self._applied -= old
        self._kept = [(applied - old, state, at) for applied, state, at in self._kept if applied >= old]
        while len(self._steps) > self._applied:
            self._steps.popleft()

    def _rebase(self, entries: list[Entry]) -> datetime | None:
        for entry in entries:
            self._base.apply(entry)
        if self._watch is None:
            return None
        return entries[-1].at.replace(second=0, microsecond=0) + _MINUTE

    # ---- what is believed

    @property
    def state(self) -> State:
        """Return the state after everything taken in; to be looked at, never changed."""
        return self._state

    @property
    def ways(self) -> Ways:
        """Return the building's ways."""
        return self._ways

    @property
    def inside(self) -> Mapping[PersonId, SpaceId]:
        """Return the leaf space of everybody who is inside, by the last passage that named them; a live view."""
        return _Where(self._state.inside)

    @property
    def stays(self) -> Mapping[PersonId, Passage]:
        """Return the passage that took everybody inside to where they are; a live view."""
        return self._state.inside

    @property
    def doubts(self) -> Mapping[PersonId, Doubt]:
        """Return who is only inferred to have left; a live view."""
        return self._state.doubts

    @property
    def freeze(self) -> Freeze | None:
        """Return the presence as it was when the release that lasts began; None while no door is released."""
        return self._state.freeze

    @property
    def released(self) -> Mapping[DoorId | None, datetime]:
        """Return the doors whose release lasts, and since when; a live view."""
        return self._state.released

    @property
    def inferences(self) -> tuple[Inference, ...]:
        """Return the corrections that the fold made by itself lately, the oldest first."""
        return tuple(self._state.inferences)

    @property
    def tallies(self) -> tuple[Tally, ...]:
        """Return what passed on the last days, from quiet hour to quiet hour."""
        return tuple(self._state.tallies)

    def entries(self, since: datetime) -> Iterator[Entry]:
        """Yield the entries kept from `since` on, in their order."""
        return islice(self._log, bisect_left(self._log, since, key=_time_of), None)

    def counts(self) -> dict[SpaceId, int]:
        """Return how many people are in every space, rolled up the tree; never negative."""
        return counts(self._state, self._ways, self._spaces)


class _Where(Mapping[PersonId, SpaceId]):
    """Everybody's space, seen through their last passages."""

    def __init__(self, stays: dict[PersonId, Passage]) -> None:
        self._stays = stays

    def __getitem__(self, person: PersonId) -> SpaceId:
        return self._stays[person].target

    def __iter__(self) -> Iterator[PersonId]:
        return iter(self._stays)

    def __len__(self) -> int:
        return len(self._stays)


def counts(state: State, ways: Ways, spaces: Iterable[SpaceId]) -> dict[SpaceId, int]:
    """Return the state's counts of all `spaces`, rolled up the tree."""
    totals = dict.fromkeys(spaces, 0)
    for leaf in ways.leaves:
        number = state.leaf(leaf)
        if number:
            for step in ways.paths_up[leaf]:
                totals[step] += number
    return totals


def fold(building: Building, entries: Iterable[Entry], expiry: Expiry | None = None) -> Presence:
    """Return the presence after all `entries`, whatever their order."""
    presence = Presence(building, expiry)
    presence.add(sorted(entries, key=_place_of))
    return presence


def stream(building: Building, entries: Iterable[Entry], expiry: Expiry | None = None) -> State:
    """Return the state after `entries` that come in their order, keeping none of them."""
    state = State(Ways(building), expiry)
    for entry in entries:
        state.apply(entry)
    return state


def _place_of(entry: Entry) -> Place:
    return entry.place


def _time_of(entry: Entry) -> datetime:
    return entry.at
