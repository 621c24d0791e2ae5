"""Weeks before the emulated building opened, invented, so that its history has something to show: counts, no events."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from access.occupancy.history import Page
from access.services import Services
from emulators.people import Resident
from emulators.people.footfall import PERFECT, Footfall, Step
from policies.building import Building, SpaceKind
from policies.ids import SpaceId
from policies.schedule import MINUTES_PER_DAY, Calendar

WEEKS = 5


def invent(services: Services, residents: Sequence[Resident], seed: int, today: date) -> None:
    """Write the weeks before `today`, day by day, unless something is written of them. Slow: give it a thread."""
    bounds = services.counting.bounds()
    if bounds is not None and bounds[0] < today:
        return
    for pages in _days(services.building, services.policy.calendar, residents, seed, today):
        services.counting.write(pages)


def _days(
    building: Building, calendar: Calendar, residents: Sequence[Resident], seed: int, today: date
) -> Iterator[list[Page]]:
    footfall = Footfall(building, calendar, residents, PERFECT, seed)
    up = {
        space.id: () if space.kind is SpaceKind.OUTSIDE else building.path_up(space.id)
        for space in building.spaces.values()
    }
    inside: dict[SpaceId, int] = dict.fromkeys(building.spaces, 0)
    late: list[Step] = []
    for number in range(7 * WEEKS, 0, -1):
        day = today - timedelta(days=number)
        steps = sorted([*late, *footfall.day(day)], key=lambda step: step.at)
        late = [step for step in steps if calendar.local(step.at).day > day]
        yield _pages(
            day, [step for step in steps if calendar.local(step.at).day <= day], calendar, up, inside
        )


def _pages(
    day: date,
    steps: Sequence[Step],
    calendar: Calendar,
    up: dict[SpaceId, tuple[SpaceId, ...]],
    inside: dict[SpaceId, int],
) -> list[Page]:
    pages = {space: Page(space, day) for space, above in up.items() if above}
    changed: dict[int, list[Step]] = {}
    for step in steps:
        changed.setdefault(_minute(step.at, calendar), []).append(step)
    for minute in range(MINUTES_PER_DAY):
        for step in changed.get(minute, ()):
            for space in up[step.origin]:
                inside[space] -= 1
                pages[space].exits[minute // 60] += space not in up[step.target]
            for space in up[step.target]:
                inside[space] += 1
                pages[space].entries[minute // 60] += space not in up[step.origin]
        for space, page in pages.items():
            page.counts[minute] = inside[space]
    for page in pages.values():
        for quarter in range(len(page.lows)):
            known = page.counts[15 * quarter : 15 * quarter + 15]
            page.lows[quarter], page.highs[quarter], page.inferred[quarter] = min(known), max(known), 0
    return list(pages.values())


def _minute(at: datetime, calendar: Calendar) -> int:
    return calendar.local(at).minute
