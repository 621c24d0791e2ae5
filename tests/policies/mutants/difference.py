"""Whether two sites decide any tap differently: every class of taps that their rules can tell apart, none left out.

People about whom both sites have the same rules, in force at the same hours, with the same flags, at the same door,
are decided alike; only the others are asked about.
"""

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

import msgspec

from policies.analysis.taps.entrance import Case, Entrance
from policies.analysis.taps.flips import Outcome, Tap, outcome, told
from policies.analysis.taps.space import Space
from policies.analysis.taps.standings import FLAGS, Kind
from policies.decision import Decision
from policies.engine import Engine
from policies.loader import Site
from policies.masks import bits
from policies.policy import Rule
from policies.request import DoorMode

_WHO_WHERE_WHEN = {
    "types": (),
    "tiers": (),
    "organisations": (),
    "spaces": (),
    "doors": (),
    "uses": (),
    "schedule": None,
}
"""What a rule asks for that the classes of people and instants at a door have an answer to already."""


class Degree(IntEnum):
    """How much two decisions of one tap differ, the least first."""

    NONE = 0
    RULES = 1
    REASON = 2
    EFFECT = 3


class Difference(NamedTuple):
    """The greatest difference that two sites make of a tap, with the tap and both outcomes; or none."""

    degree: Degree = Degree.NONE
    tap: Tap | None = None
    outcomes: tuple[Outcome, ...] = ()


def difference(old: Site, new: Site) -> Difference:
    """Return the greatest difference between two sites with the same doors and readers."""
    space, most = Space([old, new]), Difference()
    for entrance in space.entrances():
        engines: tuple[Engine, ...] = ()
        for case in _Same(space, entrance).others():
            engines = engines or space.engines([entrance])  # they know everybody who can come to the entrance
            taps = [entrance.tap(case, side) for side in range(len(engines))]
            decisions = [engine.decide(*tap) for engine, tap in zip(engines, taps, strict=True)]
            degree = _between(*decisions)
            if degree > most.degree:
                tap = told(entrance, case, taps[0][0], space.roster())
                most = Difference(degree, tap, tuple(map(outcome, decisions)))
            if degree is Degree.EFFECT:
                return most
    return most


def _between(one: Decision, other: Decision) -> Degree:
    if one.effect is not other.effect:
        return Degree.EFFECT
    if one.reason is not other.reason:
        return Degree.REASON
    return Degree.NONE if one == other else Degree.RULES


class _Same:
    """What two sites have in common at an entrance."""

    def __init__(self, space: Space, entrance: Entrance) -> None:
        self._entrance, self._clock, self._count = entrance, space.world.clock, space.world.standings.count
        self._is_same_door = _place(space.sites[0], entrance) == _place(space.sites[1], entrance)
        self._asks = {index: self._asked(index, rule) for index, rule in entrance.rules.items()}
        self._known: dict[int, bool] = {}

    def others(self) -> Iterator[Case]:
        """Yield the classes of taps that are not the same for want of anything that tells the sites apart."""
        kinds = {
            mode: [each for each in self._entrance.kinds[mode] if not self._is_same(each)]
            for mode in DoorMode
        }
        modes = [mode for mode in DoorMode if kinds[mode]]
        for case in self._entrance.cases(modes=modes):
            if self._entrance.is_paired or not self._is_same(case.kind):
                yield case

    def _is_same(self, kind: Kind) -> bool:
        known = self._known.get(kind.about)
        if known is None:
            one, other = (self._meaning(kind, side) for side in (0, 1))
            known = self._known[kind.about] = self._is_same_door and one == other
        return known

    def _meaning(self, kind: Kind, side: int) -> tuple[object, ...]:
        """Return what the kind is to one of the sites: the rules about it, and the flags."""
        rules = kind.about & ((1 << self._count) - 1)
        about = [self._asks[index] for index in bits(rules) if self._entrance.side_of(index) == side]
        return about, kind.about >> self._count >> side * len(FLAGS) & ((1 << len(FLAGS)) - 1)

    def _asked(self, index: int, rule: Rule) -> tuple[Rule, int | None]:
        hours = self._clock.column(self._entrance.side_of(index), rule.schedule)
        return msgspec.structs.replace(rule, **_WHO_WHERE_WHEN), hours


def _place(site: Site, entrance: Entrance) -> list[object]:
    door = site.building.doors[entrance.door]
    return [door, *(site.building.spaces[step] for step in site.building.path_up(door.inner))]
