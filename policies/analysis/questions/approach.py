"""Whether people get to a door at all: a right to a room is worth nothing to whom no door on the way there opens.

Whoever is inside can leave, so every door is a way outwards. A door that is free by schedule is one for everybody,
at the times that are asked about; where none is, as of permits by themselves, at any time.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from itertools import product

from policies.building import Building, Door
from policies.conditions import concerns, rule_permit_covers
from policies.ids import DoorId, PersonId, RuleId
from policies.loader import Site
from policies.policy import Policy, Rule, RuleEffect
from policies.request import Direction, DoorMode
from policies.roster import Person, ResidentType
from policies.schedule import quarters
from policies.timetable import scheduled_mode
from policies.ways import reached


def free_doors(site: Site, at: datetime, within: timedelta = timedelta()) -> frozenset[DoorId]:
    """Return the doors that by their schedules can be free at `at`, or somewhen until `within` has passed.

    One that waits for the first person counts: somebody may have come.
    """
    doors = (door for door in site.building.doors.values() if _is_ever_free(door))
    times = (at, *quarters(at, within))
    return frozenset(door.id for door in doors if any(_is_free(door, site.policy, each) for each in times))


def _is_free(door: Door, policy: Policy, at: datetime) -> bool:
    scheduled = scheduled_mode(door, policy, at)
    return scheduled is not None and scheduled.mode is DoorMode.FREE


def _is_ever_free(door: Door) -> bool:
    return any(each.mode is DoorMode.FREE for each in door.modes)


def cut_off(building: Building, opened: Collection[DoorId], free: Collection[DoorId]) -> tuple[DoorId, ...]:
    """Return those of the doors that open to somebody of which the outer side is out of their reach.

    The `free` doors open to everybody.
    """
    steps = [(door.inner, door.outer) for door in building.doors.values()]
    steps += [
        (door.outer, door.inner) for door in building.doors.values() if door.id in opened or door.id in free
    ]
    there = reached(building, steps)
    return tuple(door for door in opened if building.doors[door].outer not in there)


def shut_ways(site: Site) -> Iterator[RuleId]:
    """Yield the permits to doors that nobody gets to who has no more than the permit asks for, of whatever type."""
    permits = [rule for rule in site.policy.rules if rule.effect is RuleEffect.PERMIT]
    covered = {rule.id: _covered(rule, site.building) for rule in permits}
    known: dict[Person, frozenset[DoorId]] = {}
    free = [door.id for door in site.building.doors.values() if _is_ever_free(door)]
    for rule in permits:
        if not covered[rule.id]:
            continue
        for person in _least(rule):
            if person not in known:
                about = [each.id for each in permits if concerns(each, person, site.policy)]
                known[person] = frozenset().union(*(covered[each] for each in about))
            if not covered[rule.id] <= {*cut_off(site.building, known[person], free)}:
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
