"""Many differences in a few lines: how many, where, what they come from, which first, whom of a roster they concern.

For people to read: what is left out here is in the differences themselves (diff.py).
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec

from policies.analysis.changes.diff import Difference
from policies.analysis.changes.doorways import Turn
from policies.analysis.phrases import COMMA, glued, joined, plain
from policies.analysis.taps.space import Space
from policies.analysis.taps.standings import Group
from policies.decision import Message, Reason
from policies.ids import DoorId, OrganisationId, PersonId, RuleId
from policies.policy import Policy
from policies.request import DoorMode
from policies.roster import Person
from policies.schedule import is_open

_MODES, _TURNS = list(DoorMode), list(Turn)
_SIGNS = {Turn.GAINS: Message("+", "+"), Turn.LOSES: Message("−", "-")}


def plainest_first(differences: Iterable[Difference]) -> list[Difference]:
    """Return the differences as people read them: normal mode and people without many tiers first, then many doors."""
    return sorted(differences, key=_rarity)


def _rarity(difference: Difference) -> tuple[int, int, int, int]:
    tiers = min(len(each) for group in difference.groups for each in group.tiers)
    mode, turn = _MODES.index(difference.modes[0]), _TURNS.index(difference.turn)
    return mode, tiers, turn, -len(difference.doors)


class Summary(msgspec.Struct, frozen=True):
    """How many differences there are, at how many doors, and which way people turn."""

    differences: int
    doors: int
    losses: int
    gains: int


def summary(differences: Sequence[Difference]) -> Summary:
    """Count the differences."""
    doors = len({door for each in differences for door in each.doors})
    losses = sum(each.turn is Turn.LOSES for each in differences)
    return Summary(len(differences), doors, losses, len(differences) - losses)


def summary_told(differences: Sequence[Difference], space: Space) -> Message:
    """Return a line on all of them, and a line a closure, schedule or rule that they come from."""
    whole = summary(differences)
    first = Message(
        f"{_number(whole.differences, 'différence')} à {_number(whole.doors, 'porte')} : "
        f"{_number(whole.losses, 'perte')}, {_number(whole.gains, 'gain')}",
        f"{_number(whole.differences, 'difference')} at {_number(whole.doors, 'door')}: "
        f"{_number(whole.losses, 'loss', 'losses')}, {_number(whole.gains, 'gain')}",
    )
    return joined([first, *_causes(differences, space)], plain("\n"))


def _causes(differences: Iterable[Difference], space: Space) -> Iterator[Message]:
    found: dict[tuple[Turn, tuple[Message, ...]], list[DoorId]] = {}
    for each in differences:
        found.setdefault((each.turn, _roots(each, space)), []).extend(each.doors)
    for (turn, roots), doors in sorted(found.items(), key=lambda each: -len(set(each[1]))):
        number, by = len(set(doors)), joined(roots, COMMA)
        told = Message(
            f" {_number(number, 'porte')}, par {by.fr}" if roots else f" {_number(number, 'porte')}",
            f" {_number(number, 'door')}, by {by.en}" if roots else f" {_number(number, 'door')}",
        )
        yield glued(plain("  "), _SIGNS[turn], told)


def _roots(difference: Difference, space: Space) -> tuple[Message, ...]:
    """Return what was edited: for a rule that stayed as it was, the closure or schedule that cuts or opens it now."""
    old, new = (site.policy for site in space.sites)
    at = difference.tap.at
    each = (root for rule in _cause(difference) for root in _edited(rule, old, new, at))
    return tuple(dict.fromkeys(each))


def _edited(name: RuleId, old: Policy, new: Policy, at: datetime) -> tuple[Message, ...]:
    before, after = (next((rule for rule in each.rules if rule.id == name), None) for each in (old, new))
    itself = (plain(name),)
    if before is None or before != after or before.schedule is None:
        return itself
    was, now = old.schedules[before.schedule], new.schedules[before.schedule]
    if is_open(was, old.calendar, at) is is_open(now, new.calendar, at):
        return itself
    if was != now:
        return (Message(f"l’horaire {now.id}", f"the schedule {now.id}"),)
    changed = {*old.calendar.closures} ^ {*new.calendar.closures}
    wall = new.calendar.local(at)
    names = sorted({closure.id for closure in changed if closure.covers(wall)})
    return tuple(Message(f"la fermeture {each}", f"the closure {each}") for each in names) or itself


def _cause(difference: Difference) -> tuple[RuleId, ...]:
    """Return the rules that it comes from: a forbid where there is one, else the permits that let in."""
    shut, let_in = difference.old, difference.new
    if difference.turn is Turn.LOSES:
        shut, let_in = let_in, shut
    return shut.rules if shut.reason is Reason.FORBIDDEN else let_in.rules


def concerned(difference: Difference, people: Iterable[Person], space: Space) -> list[PersonId]:
    """Return who of `people` is of the groups of a difference, or holds more tiers than they say."""
    policies = [site.policy for site in space.sites]
    named = {name for policy in policies for rule in policy.rules for name in rule.organisations}
    return [
        person.id
        for person in people
        if any(_is_in(person, group, policies, named) for group in difference.groups)
    ]


def _is_in(person: Person, group: Group, policies: Iterable[Policy], named: set[OrganisationId]) -> bool:
    organisation = person.organisation if person.organisation in named else None
    held = {tier for policy in policies for tier in policy.held(person.tiers)}
    return (
        person.type in group.types
        and organisation in group.organisations
        and any(held.issuperset(tiers) for tiers in group.tiers)
    )


def _number(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or f'{one}s'}"
