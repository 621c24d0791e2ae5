"""Whether people get to a door at all: a right to a room is worth nothing to whom no door on the way there opens.

Whoever is inside can leave, so every door is a way outwards. A door that is free by schedule is one for everybody.
"""

from collections.abc import Collection, Iterator
from itertools import product

from policies.building import Building
from policies.conditions import concerns, rule_permit_covers
from policies.ids import DoorId, PersonId, RuleId
from policies.loader import Site
from policies.policy import Rule, RuleEffect
from policies.request import Direction, DoorMode
from policies.roster import Person, ResidentType
from policies.ways import reached


def cut_off(building: Building, opened: Collection[DoorId]) -> tuple[DoorId, ...]:
    """Return those of the doors that open to somebody of which the outer side is out of their reach."""
    steps = [(door.inner, door.outer) for door in building.doors.values()]
    steps += [
        (door.outer, door.inner)
        for door in building.doors.values()
        if door.id in opened or any(each.mode is DoorMode.FREE for each in door.modes)
    ]
    there = reached(building, steps)
    return tuple(door for door in opened if building.doors[door].outer not in there)


def shut_ways(site: Site) -> Iterator[RuleId]:
    """Yield the permits to doors that nobody gets to who has no more than the permit asks for, of whatever type."""
    permits = [rule for rule in site.policy.rules if rule.effect is RuleEffect.PERMIT]
    covered = {rule.id: _covered(rule, site.building) for rule in permits}
    known: dict[Person, frozenset[DoorId]] = {}
    for rule in permits:
        if not covered[rule.id]:
            continue
        for person in _least(rule):
            if person not in known:
                about = [each.id for each in permits if concerns(each, person, site.policy)]
                known[person] = frozenset().union(*(covered[each] for each in about))
            if not covered[rule.id] <= {*cut_off(site.building, known[person])}:
                break
        else:
            yield rule.id


def _covered(rule: Rule, building: Building) -> frozenset[DoorId]:
    entered = {each.door for each in building.readers.values() if each.direction is Direction.ENTRY}
    return frozenset(door for door in entered if rule_permit_covers(rule, building, door))


def _least(rule: Rule) -> Iterator[Person]:
    """Yield people with one of each that the rule asks for, and nothing else."""
    types, organisations = rule.types or tuple(ResidentType), rule.organisations or (None,)
    for of_type, organisation, tier in product(types, organisations, rule.tiers or (None,)):
        yield Person(PersonId(""), of_type, organisation, () if tier is None else (tier,))
