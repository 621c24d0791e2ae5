"""Doors as the engine holds them: for every reader, the rules that reach its door, as integers.

The rules that name a space, a door or a use are collected once; a door then takes those of the spaces on its path,
so that ten thousand doors are compiled in a fraction of a second. What covering means is in conditions.py.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from policies import conditions as on
from policies.building import Building, Passback
from policies.compiled import Compiled
from policies.holders import Standing
from policies.ids import DoorId, ReaderId, SpaceId, UseId
from policies.policy import Policy, Rule, RuleEffect
from policies.request import Assurance, Direction, DoorMode

_NameT = TypeVar("_NameT", SpaceId, DoorId, UseId)
_SameT = TypeVar("_SameT", int, tuple[int, ...])


class Everyday:
    """What an everyday tap looks at of a portal: slots of a base come first, so these share a line of the cache.

    `everyday` has, by the proof of the badge, the permits that such a door gives by type, tiers, organisation and
    hour alone.
    """

    __slots__ = ("door", "everyday", "forbids", "inner", "is_plain")


class Portal(Everyday):
    """A reader's side of a door with everything about it that does not change from tap to tap.

    `is_plain`: an entry that asks for nothing but rights, with no PIN, no second person and no counts.
    """

    __slots__ = (
        "card_pin", "counted", "enforced", "full_forbids", "is_exit", "is_shared", "passback", "passback_s",
        "permits", "pin", "pins", "proof", "reached", "two_person",
    )  # fmt: skip  # a table

    def __init__(self, reader: ReaderId, building: Building, reach: "Reach", rules: Compiled) -> None:
        side = building.readers[reader]
        door = building.doors[side.door]
        self.door, self.inner = door.id, door.inner
        self.reached = building.passage(reader)[1]
        self.is_exit = side.direction is Direction.EXIT
        self.pin, self.card_pin, self.proof = door.pin, door.card_pin, door.proof
        self.pins = door.pin or door.card_pin is not None
        self.passback, self.passback_s, self.two_person = door.passback, door.passback_s, door.two_person
        self.counted = on.newly_counted(building, side.door)
        self.enforced = on.newly_enforced(building, side.door)
        self.permits = reach.permits(door.id)
        forbids = reach.forbids(door.id)
        self.forbids, self.full_forbids = reach.one_of(forbids & ~reach.full), forbids & reach.full
        asks_for_second = bool(door.two_person or self.permits & rules.accompanied)
        self.is_shared = bool(self.enforced or asks_for_second or door.passback is not Passback.OFF)
        is_soft = door.passback in {Passback.OFF, Passback.SOFT}
        asks_more = self.is_exit or self.pins or self.enforced or self.full_forbids or asks_for_second
        self.is_plain = is_soft and not asks_more and not rules.broken
        simple = self.permits & rules.in_mode[DoorMode.NORMAL] & ~rules.conditional
        self.everyday = reach.one_of(
            tuple(simple & rules.proven[proof] if proof >= door.proof else 0 for proof in Assurance)
        )

    def covering(self, standing: Standing) -> int:
        """Return every rule that reaches this door for people of this standing; none over counts for responders."""
        return self.permits | self.forbids | (0 if standing.responder else self.full_forbids)


class Reach:
    """Which rules reach a door, from the names that they have."""

    def __init__(self, policy: Policy, building: Building) -> None:
        rules = list(enumerate(policy.rules))
        self._building = building
        self._permits = _Names([each for each in rules if each[1].effect is RuleEffect.PERMIT])
        self._forbids = _Names([each for each in rules if each[1].effect is RuleEffect.FORBID])
        self._known: dict[int | tuple[int, ...], int | tuple[int, ...]] = {}
        self.full = sum(1 << index for index, rule in rules if rule.full)

    def permits(self, door: DoorId) -> int:
        """Return the permits that reach a door: they descend, but into a restricted space only by its name."""
        mask, names = self._permits.doors.get(door, 0), self._permits
        for step in self._building.path_up(self._building.doors[door].inner):
            space = self._building.spaces[step]
            mask |= names.spaces.get(step, 0)
            if space.restricted:
                break
            mask |= names.uses.get(space.use, 0) if space.use else 0
        return self.one_of(mask)

    def forbids(self, door: DoorId) -> int:
        """Return the forbids that reach a door: they descend into everything."""
        mask, names = self._forbids.doors.get(door, 0), self._forbids
        for step in self._building.path_up(self._building.doors[door].inner):
            use = self._building.spaces[step].use
            mask |= names.spaces.get(step, 0) | (names.uses.get(use, 0) if use else 0)
        return self.one_of(mask)

    def one_of(self, same: _SameT) -> _SameT:
        """Return the one object of all that are equal to `same`: a city's doors then share what a cache can hold."""
        known: _SameT = self._known.setdefault(same, same)  # type: ignore[assignment]  # equal, so of its type
        return known


class _Names:
    """By space, door and use: the rules that name it."""

    def __init__(self, rules: Iterable[tuple[int, Rule]]) -> None:
        kept = list(rules)
        self.spaces: Mapping[SpaceId, int] = _index((index, rule.spaces) for index, rule in kept)
        self.doors: Mapping[DoorId, int] = _index((index, rule.doors) for index, rule in kept)
        self.uses: Mapping[UseId, int] = _index((index, rule.uses) for index, rule in kept)


def _index(named: Iterable[tuple[int, Iterable[_NameT]]]) -> dict[_NameT, int]:
    masks: dict[_NameT, int] = {}
    for index, names in named:
        for name in names:
            masks[name] = masks.get(name, 0) | 1 << index
    return masks
