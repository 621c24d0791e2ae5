"""A site with one thing changed, and how to change one thing: the tools that all mutants are made with."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

import msgspec

from policies.ids import ScheduleId
from policies.loader import Site
from policies.policy import Policy, Rule
from policies.schedule import Schedule

_T = TypeVar("_T")


class Mutant(NamedTuple):
    """A wrong site, and what is wrong with it."""

    name: str
    site: Site


def with_rule(site: Site, rule: Rule, *changed: Rule) -> Site:
    """Return the site with `changed` in the place of `rule`; without it if there is none."""
    rules = tuple(new for old in site.policy.rules for new in (changed if old is rule else (old,)))
    return with_policy(site, rules=rules)


def with_schedule(site: Site, name: ScheduleId, **changes: object) -> Site:
    """Return the site with another schedule of that name."""
    schedule: Schedule = msgspec.structs.replace(site.policy.schedules[name], **changes)
    return with_policy(site, schedules=site.policy.schedules | {name: schedule})


def with_policy(site: Site, **changes: object) -> Site:
    policy: Policy = msgspec.structs.replace(site.policy, **changes)
    return Site(site.building, policy)


def less_one(values: Sequence[_T]) -> Iterator[tuple[_T, tuple[_T, ...]]]:
    """Yield each value with all the others, where there are others."""
    if len(values) > 1:
        for number, value in enumerate(values):
            yield value, (*values[:number], *values[number + 1 :])


def other_one(values: Sequence[_T], everything: Iterable[_T]) -> _T | None:
    """Return the value that comes after the last of `values` and is none of them: what a slip of the hand takes."""
    around = list(everything)
    start = around.index(values[-1]) + 1
    return next((each for each in (*around[start:], *around[:start]) if each not in values), None)
