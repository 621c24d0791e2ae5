"""The request space: all taps that the rules of some policies can tell apart, each class with a tap to show it by.

The vocabulary of rules is finite (DOMAIN section 3.9), so the classes can be counted and each be asked about. Several
sites are looked at together: two taps of a class are decided alike by each of the sites, and that is what makes the
comparison of two sites exact. What no policy says is left out: badges and people that are expired, suspended or
unknown are refused everywhere, and temporary grants are theirs who have them.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from policies.analysis.taps.cast import Cast
from policies.analysis.taps.entrance import Entrance, World
from policies.analysis.taps.moments import Clock
from policies.analysis.taps.standings import Standings
from policies.engine import Engine
from policies.ids import DoorId, ScheduleId
from policies.loader import Site
from policies.request import Direction
from policies.roster import Roster
from policies.scenarios import ANYONE, Who


class Space:
    """The request space of one or more sites, which may differ in everything."""

    def __init__(self, sites: Sequence[Site], after: datetime | None = None) -> None:
        """Look at `sites` together; instants are shown by their first quarter-hour from the day after `after` on."""
        self.sites = tuple(sites)
        policies = [site.policy for site in sites]
        standings = Standings(policies)
        self.world = World(standings, Clock(policies, after), Cast())
        nobody = Roster({}, {})
        self._engines = tuple(Engine(site.policy, site.building, nobody) for site in sites)
        self.doors = tuple(
            dict.fromkeys(
                reader.door
                for site in sites
                for reader in site.building.readers.values()
                if reader.direction is Direction.ENTRY
            )
        )

    def entrance(self, door: DoorId, who: Who = ANYONE, watched: Sequence[ScheduleId] = ()) -> Entrance:
        """Return what makes a difference at `door`; the instants are told apart by the `watched` schedules as well."""
        return Entrance(door, self.sites, self.world, who, watched)

    def entrances(self) -> Iterator[Entrance]:
        """Yield all ways in by a reader, in the order of the buildings."""
        return map(self.entrance, self.doors)

    def roster(self) -> Roster:
        """Return everybody that taps were made of until now; it grows when more are made."""
        return self.world.cast.roster()

    def engines(self, entrances: Iterable[Entrance]) -> tuple[Engine, ...]:
        """Return an engine for each site that knows everybody who can come to the entrances."""
        for entrance in entrances:
            entrance.enlist()
        for person, badges in self.world.cast.newcomers():
            for engine in self._engines:
                engine.put_person(person)
                for badge in badges:
                    engine.put_badge(badge)
        return self._engines
