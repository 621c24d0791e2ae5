"""How long visits take, by kind of resident: from the first way in to the last way out, in quarter-hours. No names."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from policies.ids import PersonId, SpaceId
from policies.presence import Entry, Passage

BIN = timedelta(minutes=15)
BINS = 24 * 4
FEWEST = 11
"""Visits that a quartile needs before it is told (docs/domain.md, 6)."""


class Dwell(msgspec.Struct, frozen=True):
    """The quartiles of some visits, in minutes; None where they are too few to be told."""

    kind: str
    visits: int | None
    quartiles: tuple[int, int, int] | None


def lengths(
    entries: Iterable[Entry],
    since: datetime,
    until: datetime,
    outside: Container[SpaceId],
    kind_of: Callable[[PersonId], str],
) -> dict[str, list[int]]:
    """Return a histogram by kind of the visits that ended from `since` to `until`, by the entries in their order."""
    came: dict[PersonId, datetime] = {}
    found: dict[str, list[int]] = {}
    for entry in entries:
        if not isinstance(entry, Passage) or entry.person is None or not entry.taken:
            continue
        if entry.origin in outside:
            came[entry.person] = entry.at
        elif entry.target in outside and entry.person in came:
            stay = entry.at - came.pop(entry.person)
            if since <= entry.at < until:
                histogram = found.setdefault(kind_of(entry.person), [0] * BINS)
                histogram[min(stay // BIN, BINS - 1)] += 1
    return found


def quartiles(histograms: Mapping[str, Sequence[int]]) -> list[Dwell]:
    """Return every kind's quartiles; kinds with fewer than `FEWEST` visits are named without numbers."""
    return [_quartiles(kind, histogram) for kind, histogram in sorted(histograms.items())]


def _quartiles(kind: str, histogram: Sequence[int]) -> Dwell:
    visits = sum(histogram)
    if visits < FEWEST:
        return Dwell(kind, None, None)
    first, second, third = (_at(histogram, visits * quarter / 4) for quarter in (1, 2, 3))
    return Dwell(kind, visits, (first, second, third))


def _at(histogram: Sequence[int], rank: float) -> int:
    """Return the length in minutes below which `rank` visits lie, to the middle of its quarter-hour."""
    below = 0
    for place, number in enumerate(histogram):
        below += number
        if below >= rank:
            return place * 15 + 7
    return BINS * 15
