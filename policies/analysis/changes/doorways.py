"""One door in two sites: which people, at which moments and in which modes, are decided otherwise, and by which tap.

Somebody is decided otherwise only where rules bear on them that the other site does not have, so only there both
sites are asked; where the door itself is built otherwise, everywhere.
"""

from collections.abc import Iterator
from enum import Enum
from functools import cached_property
from itertools import product
from typing import NamedTuple

import msgspec

from policies.analysis.taps.entrance import Case, Entrance
from policies.analysis.taps.flips import NO_WAY
from policies.analysis.taps.moments import Moment
from policies.analysis.taps.space import Space
from policies.analysis.taps.standings import FLAGS, Kind
from policies.building import Passback
from policies.conditions import newly_counted
from policies.decision import Decision, Effect
from policies.engine import Engine
from policies.ids import RuleId
from policies.masks import bits, mask_of
from policies.request import DoorMode

_RANK = {Effect.DENY: 0, Effect.PENDING: 1, Effect.GRANT: 2}


class Turn(Enum):
    """Which way a decision turns; from refused to waiting is a gain as well."""

    LOSES = "loses"
    GAINS = "gains"


class Example(NamedTuple):
    """One class that turns, and what becomes of it. Why is another matter: that depends on rules out of their hours."""

    case: Case
    old: Effect
    new: Effect


class Turning(NamedTuple):
    """People who turn at one door in one mode, and when."""

    turn: Turn
    mode: DoorMode
    kind: Kind
    quarters: int
    example: Example


class Doorway:
    """One door of both sites: which people and moments are decided otherwise."""

    def __init__(self, space: Space, entrance: Entrance) -> None:
        self._space, self.entrance = space, entrance
        self._clock, self._count = space.world.clock, space.world.standings.count
        self._names = {index: self._name(index) for index in entrance.rules}
        self._escorted = mask_of(
            index in entrance.rules and entrance.rules[index].escorted for index in range(self._count)
        )
        self._is_rebuilt = self._built(0) != self._built(1)
        self._has_other_mates = self._are_other_rules()
        self._same: dict[int, bool] = {}
        self._known: dict[object, dict[Turn, Example]] = {}

    @cached_property
    def _engines(self) -> tuple[Engine, ...]:
        return self._space.engines([self.entrance])

    def turned(self) -> Iterator[Turning]:
        """Yield who turns when, and in which mode."""
        for mode in DoorMode:
            found: dict[tuple[Turn, int], Turning] = {}
            for moment in self.entrance.moments[mode]:
                is_open = self.entrance.open_at(moment)
                for number, kind in enumerate(self.entrance.kinds[mode]):
                    bearing = kind.about & is_open
                    if not self._is_asked(bearing):
                        continue
                    for turn, example in self._examples(mode, bearing, Case(kind, moment, mode)).items():
                        known = found.get((turn, number), Turning(turn, mode, kind, 0, example))
                        found[turn, number] = known._replace(quarters=known.quarters | moment.quarters)
            yield from found.values()

    def _is_asked(self, bearing: int) -> bool:
        """Return whether somebody may turn here on whom the rules bear, or who depends on somebody beside them."""
        beside = self._has_other_mates and (self.entrance.is_paired or bool(bearing & self._escorted))
        return self._is_rebuilt or beside or not self._is_same(bearing)

    def _are_other_rules(self) -> bool:
        """Return whether anything else bears on anybody here, and so perhaps on whoever is beside somebody."""
        sides = [{self._names[n] for n in self._names if self.entrance.side_of(n) == side} for side in (0, 1)]
        tiers = [site.policy.tiers for site in self._space.sites]
        return sides[0] != sides[1] or tiers[0] != tiers[1]

    def _name(self, index: int) -> object:
        """Return what a rule says at this door, whatever it and its schedule are called."""
        rule = self.entrance.rules[index]
        asked = msgspec.structs.replace(rule, id=RuleId(""), schedule=None, spaces=(), doors=(), uses=())
        return asked, rule.schedule is None, self.entrance.column(index)

    def _is_same(self, bearing: int) -> bool:
        """Return whether the same rules bear on them in both sites, with the same flags."""
        known = self._same.get(bearing)
        if known is None:
            sides: tuple[set[object], set[object]] = set(), set()
            for index in bits(bearing & (1 << self._count) - 1):
                sides[self.entrance.side_of(index)].add(self._names[index])
            flags, each = bearing >> self._count, (1 << len(FLAGS)) - 1
            known = self._same[bearing] = sides[0] == sides[1] and flags & each == flags >> len(FLAGS)
        return known

    def _built(self, side: int) -> object:
        """Return what the door itself asks in a site, None if there is no way in; times make no difference."""
        site, name = self._space.sites[side], self.entrance.door
        if self.entrance.readers[side] is None:
            return None
        door, spaces = site.building.doors[name], site.building.spaces
        counted = [spaces[space] for space in newly_counted(site.building, name)]
        return (
            door.inner,
            door.proof,
            door.pin,
            self._clock.column(side, door.card_pin),
            door.two_person,
            door.passback if door.passback in {Passback.HARD, Passback.TIMED} else None,
            door.passback_s if door.passback is Passback.TIMED else None,
            tuple((space.id, space.capacity, space.enforced) for space in counted),
        )

    def _examples(self, mode: DoorMode, bearing: int, case: Case) -> dict[Turn, Example]:
        """Return which ways people turn on whom the same bears, each way by the plainest tap of all."""
        pins = (self._is_pin_asked(side, case.moment) for side in range(len(self._space.sites)))
        depends = self.entrance.is_paired or bearing & self._escorted
        key = mode, bearing, case.moment.open if depends else 0, *pins
        if key not in self._known:
            found: dict[Turn, Example] = {}
            for variant in self._variants(case):
                old, new = self.decisions(variant)
                if gain := _RANK[new.effect] - _RANK[old.effect]:
                    found.setdefault(
                        Turn.GAINS if gain > 0 else Turn.LOSES, Example(variant, old.effect, new.effect)
                    )
            self._known[key] = found
        known = self._known[key]
        return {
            turn: each._replace(case=msgspec.structs.replace(each.case, kind=case.kind, moment=case.moment))
            for turn, each in known.items()
        }

    def _is_pin_asked(self, side: int, moment: Moment) -> bool:
        if self.entrance.readers[side] is None:
            return False
        door = self._space.sites[side].building.doors[self.entrance.door]
        column = self._clock.column(side, door.card_pin)
        return door.pin or (column is not None and bool(moment.open >> column & 1))

    def _variants(self, case: Case) -> Iterator[Case]:
        """Yield all ways to come, those that need nothing more first."""
        at = self.entrance
        ways = product(at.fillings, at.insides, at.companies, at.trainings, at.proofs[::-1], at.pins)
        for filling, inside, company, trained, proof, pin_ok in ways:
            yield msgspec.structs.replace(
                case,
                filling=filling,
                inside=inside,
                company=company,
                trained=trained,
                proof=proof,
                pin_ok=pin_ok,
            )

    def decisions(self, case: Case) -> tuple[Decision, Decision]:
        """Decide a tap of the class in both sites."""
        old, new = (
            engine.decide(*self.entrance.tap(case, side)) if self.entrance.readers[side] else NO_WAY
            for side, engine in enumerate(self._engines)
        )
        return old, new
