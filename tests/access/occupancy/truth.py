"""Days of KM0 with flaws, counted as they were told and held against the truth, as tests and the soak do it."""

from collections import deque
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from heapq import heappop, heappush
from pathlib import Path

import msgspec

from access.occupancy.quality import Estimate, Estimator
from emulators.people.footfall import Flaws, Footfall, Step
from emulators.people.population import population
from emulators.people.truth import Truth
from policies.ids import DoorId, PersonId, SpaceId
from policies.loader import load
from policies.presence import Expiry, Passage, Presence, dwell_limit
from policies.presence.passage import Place
from policies.roster import ResidentType

KM0 = Path(__file__).parents[3] / "policies" / "km0"
FIRST = date(2026, 9, 14)
"""A Monday."""

LOOK_EVERY = timedelta(minutes=5)
ROOMS_OF_30 = (SpaceId("seminar-a"), SpaceId("seminar-b"))
SITE, OUTSIDE = SpaceId("fonderie"), SpaceId("outside")


class Error(msgspec.Struct):
    """What estimates came to beside the truth."""

    looks: int = 0
    covered: int = 0
    wrong: float = 0.0
    peak: int = 0
    naive_wrong: float = 0.0

    def take(self, estimate: Estimate, truth: int, naive: int) -> None:
        self.looks += 1
        self.covered += estimate.low <= truth <= estimate.high
        self.wrong += abs(estimate.count - truth)
        self.naive_wrong += abs(naive - truth)
        self.peak = max(self.peak, truth)

    @property
    def coverage(self) -> float:
        return self.covered / self.looks

    @property
    def mean(self) -> float:
        return self.wrong / self.looks

    @property
    def naive_mean(self) -> float:
        return self.naive_wrong / self.looks


class Naive:
    """The counter that every product sells: one up for each way in, one down for each way out, nothing else."""

    def __init__(self, paths: dict[SpaceId, tuple[SpaceId, ...]]) -> None:
        self.counts = dict.fromkeys(paths, 0)
        self._paths = paths

    def take(self, passage) -> None:
        if passage.taken:
            for step in self._paths[passage.origin]:
                self.counts[step] -= 1
            for step in self._paths[passage.target]:
                self.counts[step] += 1


class Unconfirmed(msgspec.Struct):
    """A morning's people: on the roll-call as not confirmed out, counted inside, truly inside, last told to come in."""

    doubts: set[PersonId]
    inside: set[PersonId]
    truly: set[PersonId]
    told_in: set[PersonId]


class Outcome(msgspec.Struct):
    """Errors by space at every look, those of working hours, and what stood at six in the morning."""

    spaces: dict[SpaceId, Error]
    by_day: Error
    mornings: list[tuple[datetime, dict[SpaceId, Estimate], dict[SpaceId, int]]]
    unconfirmed: list["Unconfirmed"]
    presence: Presence

    @property
    def all(self) -> Error:
        every = Error()
        for error in self.spaces.values():
            every.looks += error.looks
            every.covered += error.covered
        return every


class Days:
    """KM0 from a Monday on, told by its doors, looked at every five minutes as a screen would."""

    def __init__(self, seed: int, flaws: Flaws) -> None:
        building, policy = load(KM0)
        residents = population(building, policy, seed=seed)
        kinds = {resident.person.id: resident.person.type for resident in residents}
        self._flaws, self._calendar = flaws, policy.calendar
        self._footfall = Footfall(building, policy.calendar, residents, flaws, seed)
        self._presence = Presence(
            building, Expiry(policy.calendar, limit_of=_limits(kinds)), keep=timedelta(hours=36)
        )
        self._estimator = Estimator(building, self._presence.ways)
        self._truth = Truth(building)
        paths = {space: building.path_up(space) for space in building.spaces}
        self._naive = Naive(paths)
        self._last_told: dict[PersonId, SpaceId] = {}
        self._told: list[tuple[datetime, Place, Passage]] = []
        self._pending: deque[Step] = deque()
        self._now = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)
        spaces = {space: Error() for space in paths if space != "outside"}
        self.outcome = Outcome(spaces, Error(), [], [], self._presence)

    def live(self, day: date, *, is_judged: bool) -> None:
        steps = self._footfall.day(day)
        for passage in self._footfall.unused(day, steps):
            heappush(self._told, (passage.at, passage.place, passage))
        self._pending = deque(sorted([*self._pending, *steps], key=lambda step: (step.at, step.person)))
        end = self._now + timedelta(days=1)
        while self._now < end:
            self._walk()
            self._presence.add(self._heard())
            self._presence.advance(self._now)
            cuts = self._flaws.offline.items()
            silent = {door: cut[0] for door, cut in cuts if cut[0] <= self._now < cut[1]}
            self._judge(
                self._estimator.estimate(self._presence.state, self._now, silent), is_judged=is_judged
            )
            self._now += LOOK_EVERY

    def _walk(self) -> None:
        while self._pending and self._pending[0].at <= self._now:
            step = self._pending.popleft()
            self._truth.move(step.person, step.target)
            if step.report is not None:
                heappush(self._told, (step.told_at, step.report.place, step.report))

    def _heard(self) -> list[Passage]:
        arrived = []
        while self._told and self._told[0][0] <= self._now:
            arrived.append(heappop(self._told)[2])
            self._naive.take(arrived[-1])
            if arrived[-1].person is not None and arrived[-1].taken:
                self._last_told[arrived[-1].person] = arrived[-1].target
        return arrived

    def _judge(self, estimates: dict[SpaceId, Estimate], *, is_judged: bool) -> None:
        truth, outcome = self._truth.counts, self.outcome
        minute = self._calendar.local(self._now).minute
        for space, estimate in estimates.items() if is_judged else ():
            outcome.spaces[space].take(estimate, truth[space], self._naive.counts[space])
            if 7 * 60 <= minute < 20 * 60:
                outcome.by_day.take(estimate, truth[space], self._naive.counts[space])
        if minute == 6 * 60:
            outcome.mornings.append((self._now, estimates, dict(truth)))
            told_in = {person for person, space in self._last_told.items() if space != OUTSIDE}
            people = set(self._presence.doubts), set(self._presence.inside), set(self._truth.inside)
            outcome.unconfirmed.append(Unconfirmed(*people, told_in))


def live(days: int, seed: int, flaws: Flaws) -> Outcome:
    """Live so many days; the first teaches and is not judged."""
    life = Days(seed, flaws)
    for number in range(days):
        life.live(FIRST + timedelta(days=number), is_judged=number > 0)
    return life.outcome


def _limits(kinds: dict[PersonId, ResidentType]) -> Callable[[PersonId], timedelta]:
    return lambda person: dwell_limit(kinds.get(person))


def flaws(days: int) -> Flaws:
    """Return the flaws of the issue: tailgating, missed exits, a contact that dies, a reader offline for six hours."""
    monday = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)
    return Flaws(
        tailgating=0.03,
        missed_exits=0.02,
        dead_contacts={DoorId("epitech-lab"): monday + timedelta(days=1, hours=9)},
        offline={
            DoorId("main-b23"): (
                monday + timedelta(days=min(days - 1, 2), hours=6),
                monday + timedelta(days=min(days - 1, 2), hours=12),
            )
        },
    )


def report(outcome: Outcome) -> str:
    """Return what a person wants to read of it."""
    site = outcome.spaces[SITE]
    lines = [
        f"coverage {outcome.all.coverage:.3f}, by day {outcome.by_day.coverage:.3f}, site {site.coverage:.3f}",
        f"site mae {site.mean:.1f} of peak {site.peak} = {site.mean / site.peak:.3%}",
        f"site mae without correction {site.naive_mean:.1f}",
    ]
    lines += [
        f"{space:18} mae {error.mean:6.2f} cover {error.coverage:.3f} peak {error.peak:5} naive {error.naive_mean:6.2f}"
        for space, error in outcome.spaces.items()
    ]
    return "\n".join(lines)
