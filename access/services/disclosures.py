"""Past days as companies may see them: the disclosure of each, and what follows from it. No small groups, no person."""

from collections.abc import Iterator, Sequence
from datetime import date

from access.errors import Invalid
from access.occupancy.disclosure import DisclosedDay, DisclosedTotal, disclose_day, sum_up
from access.occupancy.visits import FEWEST, Dwell, quartiles
from access.store import occupancy as stored
from access.store.database import Database
from policies.building import Building, SpaceKind
from policies.ids import SpaceId

MOST_DISCLOSED_DAYS = 93
"""In one answer: each is made from the minutes of every space. A quarter of a year."""


class Disclosures:
    """The reading side of past disclosures."""

    def __init__(self, database: Database, building: Building) -> None:
        self._database, self._building = database, building
        self._spaces = [one.id for one in building.spaces.values() if one.kind is not SpaceKind.OUTSIDE]

    def days(self, space: SpaceId, since: date, until: date) -> list[DisclosedDay]:
        """Return a space's days, in order; raise `Invalid` for too many."""
        return [day[space] for day in self._disclosed(since, until)]

    def totals(self, since: date, until: date) -> list[DisclosedTotal]:
        """Return every space over some days; raise `Invalid` for too many."""
        days = (one for day in self._disclosed(since, until) for one in day.values())
        return list(sum_up(days).values())

    def days_and_totals(
        self, space: SpaceId, since: date, until: date, earlier: date
    ) -> tuple[list[DisclosedDay], list[DisclosedTotal]]:
        """Return a space's days from `earlier` on, and every space's totals from `since` on, in one reading."""
        disclosed = list(self._disclosed(earlier, until))
        inside = (one for day in disclosed for one in day.values() if one.day >= since)
        return [day[space] for day in disclosed], list(sum_up(inside).values())

    def dwell(self, since: date, until: date) -> Sequence[Dwell]:
        """Return the quartiles of visits, of days on which a kind made eleven or more: no two spans differ by fewer."""
        with self._database.reading() as session:
            return quartiles(stored.visits(session, since, until, FEWEST))

    def _disclosed(self, since: date, until: date) -> Iterator[dict[SpaceId, DisclosedDay]]:
        if (until - since).days >= MOST_DISCLOSED_DAYS:
            raise Invalid(f"from {since} to {until}: expected at most {MOST_DISCLOSED_DAYS} days")
        with self._database.reading() as session:
            for day, minutes in stored.minutes_by_day(session, self._spaces, since, until):
                yield disclose_day(self._building, day, minutes)
