"""What is odd about a policy: rules that do nothing, and what does it in their stead; doors and tiers nobody wants.

Exact, without a solver. At every door, all kinds of people and all moments that rules can tell apart are looked at,
each as the set of rules that then bear on somebody. What such a rule still asks (trainings, proof, an escort, a second
person, a full space) only ever narrows it. So a permit does nothing where another bears that asks for no more, or a
forbid that always holds; if that is so everywhere, it can go and no decision changes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import NamedTuple

import msgspec

from policies.analysis.questions.approach import shut_ways
from policies.analysis.taps.entrance import Entrance
from policies.analysis.taps.space import Space
from policies.analysis.taps.standings import FLAGS
from policies.ids import DoorId, RuleId
from policies.loader import Site
from policies.masks import bits, mask_of
from policies.policy import Policy, Rule, RuleEffect
from policies.request import Assurance, DoorMode
from policies.roster import ResidentType
from policies.schedule import Schedule
from policies.ways import only_by_release, unreachable, without_way_out


class Oddity(Enum):
    """What can be odd."""

    DEAD = "dead"
    NEVER = "never"
    ALWAYS = "always"
    SHADOWED = "shadowed"
    OVERRIDDEN = "overridden"
    LAPSES = "lapses"
    GUARD_LAPSES = "guard-lapses"
    NOBODY = "nobody"
    NOTHING = "nothing"
    UNUSED = "unused"
    SHUT_WAY = "shut-way"
    NO_WAY_IN = "no-way-in"
    NO_WAY_OUT = "no-way-out"


class Remark(msgspec.Struct, frozen=True):
    """One oddity: of the rule, door, tier, space or name `what`; `by` are the rules that do its work or undo it."""

    oddity: Oddity
    what: str
    by: tuple[RuleId, ...] = ()


class _Bearing(NamedTuple):
    """The rules that bear on somebody at some moment and door, as a mask; and what is asked there of everybody.

    No badge is accepted with less than its `proof`. Where nobody `pairs` for a rule's sake, as all do or none has to,
    a rule that asks for a second person asks for no more than others.
    """

    mode: DoorMode
    mask: int
    proof: Assurance
    pairs: bool


def lint(site: Site) -> tuple[Remark, ...]:
    """Return everything odd about the site, rules first, in the order of the files."""
    space, policy = Space([site]), site.policy
    bearings = {entrance.door: _bearings(space, entrance) for entrance in space.entrances()}
    everywhere = frozenset().union(*bearings.values())
    return (
        *_of_rules(policy, everywhere),
        *(Remark(Oddity.SHUT_WAY, rule) for rule in shut_ways(site)),
        *_of_doors(policy, bearings),
        *(Remark(Oddity.GUARD_LAPSES, door) for door in _unguarded(site)),
        *_of_people(space, policy),
        *(Remark(Oddity.UNUSED, name) for name in _unused(site)),
        *(Remark(Oddity.NO_WAY_IN, space) for space in unreachable(site.building)),
        *(Remark(Oddity.NO_WAY_OUT, space) for space in without_way_out(site.building)),
        *(Remark(Oddity.NO_WAY_OUT, space) for space in only_by_release(site.building)),
    )


def _bearings(space: Space, entrance: Entrance) -> frozenset[_Bearing]:
    """Return which sets of rules can bear on one person at a door, in which mode: those about them that are open.

    A permit that asks for an escort does not where there can be none; nothing does on whom a lockdown keeps out.
    """
    proof = max(Assurance.UID, *(door.proof for door in entrance.doors))
    alone = not any(door.two_person for door in entrance.doors)
    is_exempt, is_responder = (
        1 << space.world.standings.count + FLAGS.index(flag) for flag in ("exempt", "responder")
    )
    return frozenset(
        _Bearing(mode, kind.about & is_open, proof, alone and not kind.about & is_responder)
        for mode, kinds in entrance.kinds.items()
        for is_open in _bearable_at(space, entrance, mode)
        for kind in kinds
        if mode is not DoorMode.LOCKDOWN or kind.about & is_exempt
    )


def _bearable_at(space: Space, entrance: Entrance, mode: DoorMode) -> set[int]:
    """Return which rules at a door can bear on people together: open ones, with an escort there if they ask for one."""
    escorted = mask_of(
        index in entrance.rules and entrance.rules[index].escorted
        for index in range(space.world.standings.count)
    )
    return {
        is_open if not is_open & escorted or entrance.lets_anybody_in(is_open, mode) else is_open & ~escorted
        for is_open in _open_at(space, entrance, mode)
    }


def _open_at(space: Space, entrance: Entrance, mode: DoorMode) -> set[int]:
    """Return which rules at a door can be open together."""
    columns = {index: space.world.clock.column(0, rule.schedule) for index, rule in entrance.rules.items()}
    return {
        sum(1 << index for index, column in columns.items() if column is None or moment.open >> column & 1)
        for moment in entrance.moments[mode]
    }


def _of_rules(policy: Policy, bearings: frozenset[_Bearing]) -> Iterator[Remark]:
    """Yield what is odd about each rule."""
    met = 0
    for each in bearings:
        met |= each.mask
    for index, rule in enumerate(policy.rules):
        if not met >> index & 1:
            schedule = policy.schedules.get(rule.schedule) if rule.schedule else None
            is_never = schedule is not None and not (schedule.windows or schedule.exceptions)
            yield Remark(Oddity.NEVER if is_never else Oddity.DEAD, rule.id)
            continue
        where = [each for each in bearings if each.mask >> index & 1]
        yield from _of_rule(policy, index, where)


def _of_rule(policy: Policy, index: int, where: list[_Bearing]) -> Iterator[Remark]:
    rule, rules = policy.rules[index], policy.rules
    is_permit = rule.effect is RuleEffect.PERMIT
    closing = mask_of(each.effect is RuleEffect.FORBID and not each.full for each in rules)
    left = [each for each in where if not (is_permit and each.mask & closing)]
    by = {each: each.mask & _no_more_asked(policy, index, each) for each in left}
    if not left:
        yield Remark(Oddity.OVERRIDDEN, rule.id, _names(policy, [each.mask & closing for each in where]))
    elif all(by.values()):
        yield Remark(Oddity.SHADOWED, rule.id, _names(policy, by.values()))
    elif is_permit and _is_for_everybody(rule):
        yield Remark(Oddity.ALWAYS, rule.id)
    if not is_permit and rule.schedule and _lapses(policy.schedules[rule.schedule]):
        yield Remark(Oddity.LAPSES, rule.id)


def _no_more_asked(policy: Policy, index: int, there: _Bearing) -> int:
    """Return the other rules of the same effect that hold wherever this one does, once both bear on somebody there."""
    rule = policy.rules[index]
    return mask_of(
        number != index and other.effect is rule.effect and _asks_no_more(other, rule, there)
        for number, other in enumerate(policy.rules)
    )


def _asks_no_more(other: Rule, rule: Rule, there: _Bearing) -> bool:
    return (
        set(other.certifications) <= set(rule.certifications)
        and other.assurance <= max(rule.assurance, there.proof)
        and (rule.escorted or not other.escorted)
        and (rule.accompanied or rule.escorted or not other.accompanied or not there.pairs)
        and (rule.full or not other.full)
    )


def _names(policy: Policy, masks: Iterable[int]) -> tuple[RuleId, ...]:
    """Return some of the rules, one at least of each mask; the busiest are taken first."""
    left, chosen = list(masks), 0
    while left:
        counts = Counter(index for mask in left for index in bits(mask))
        busiest = max(sorted(counts), key=lambda index: counts[index])
        chosen |= 1 << busiest
        left = [mask for mask in left if not mask >> busiest & 1]
    return tuple(policy.rules[index].id for index in bits(chosen))


def _is_for_everybody(rule: Rule) -> bool:
    asks = rule.certifications or rule.escorted or rule.accompanied or rule.assurance or rule.modes
    return not (rule.types or rule.tiers or rule.organisations or rule.schedule or asks)


def _lapses(schedule: Schedule) -> bool:
    """Return whether there are days on which what has this schedule is off though its weekday has a window."""
    return not (schedule.on_holidays and schedule.on_closures) or bool(schedule.closed_on)


def _unguarded(site: Site) -> Iterator[DoorId]:
    """Yield the doors that on some days are not locked, or ask for no PIN, though the weekday has a window for it."""
    for door in site.building.doors.values():
        guards = {each.schedule for each in door.modes if each.mode is DoorMode.LOCKED}
        if door.card_pin is not None and not door.pin:
            guards.add(door.card_pin)
        schedules = (site.policy.schedules.get(name) for name in guards)
        if any(schedule is not None and _lapses(schedule) for schedule in schedules):
            yield door.id


def _of_doors(policy: Policy, bearings: dict[DoorId, frozenset[_Bearing]]) -> Iterator[Remark]:
    """Yield the doors with an entry reader that open to nobody who holds no temporary grant."""
    for door, where in bearings.items():
        if not any(each.mode is DoorMode.NORMAL and _opens(policy, each.mask) for each in where):
            yield Remark(Oddity.NOBODY, door)


def _opens(policy: Policy, mask: int) -> bool:
    rules = [policy.rules[index] for index in bits(mask & (1 << len(policy.rules)) - 1)]
    return any(rule.effect is RuleEffect.PERMIT for rule in rules) and not any(
        rule.effect is RuleEffect.FORBID and not rule.full for rule in rules
    )


def _of_people(space: Space, policy: Policy) -> Iterator[Remark]:
    """Yield the tiers that no rule names and that bring no flag, and the types that open no door with any tiers."""
    named = {tier for rule in policy.rules for tier in rule.tiers}
    for name in policy.tiers:
        held = policy.held((name,))
        flags = any(
            getattr(policy.tiers[tier], flag)
            for tier in held
            if tier in policy.tiers
            for flag in (*FLAGS, "degraded")
        )
        if not (flags or named & set(held)):
            yield Remark(Oddity.NOTHING, name)
    closed_out = set(ResidentType)
    for entrance in space.entrances():
        if not closed_out:
            return
        open_at = _bearable_at(space, entrance, DoorMode.NORMAL)
        for kind in entrance.kinds[DoorMode.NORMAL]:
            types = {each for group in kind.groups for each in group.types} & closed_out
            if types and any(_opens(policy, kind.about & is_open) for is_open in open_at):
                closed_out -= types
    yield from (Remark(Oddity.NOTHING, each.value) for each in ResidentType if each in closed_out)


def _unused(site: Site) -> Iterator[str]:
    """Yield what is declared and never named: schedules, days, organisations, certifications, uses."""
    policy, building = site.policy, site.building
    rules, doors = policy.rules, building.doors.values()
    schedules = {rule.schedule for rule in rules} | {door.card_pin for door in doors}
    schedules |= {scheduled.schedule for door in doors for scheduled in door.modes}
    yield from (name for name in policy.schedules if name not in schedules)
    days = {name for schedule in policy.schedules.values() for name in schedule.closed_on}
    yield from (name for name in policy.calendar.days if name not in days)
    organisations = {name for rule in rules for name in rule.organisations}
    yield from (name for name in policy.organisations if name not in organisations)
    certifications = {name for rule in rules for name in rule.certifications}
    yield from (name for name in policy.certifications if name not in certifications)
