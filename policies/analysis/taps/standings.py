"""Whom the rules at a door can tell apart: types, organisations and tiers, as few of each as make a difference.

Rules ask three independent things of a person, so each is looked at alone: two types on which the same rules at a
door bear are alike there. Of tiers somebody can hold any number. Yet a grant needs one permit, a refusal one forbid
or none, and a flag one tier: what can be done or refused with any set of tiers is done or refused with one of at
most four among them (one for the permit, one for the forbid, two for flags), so these sets are what is enumerated.
"""

from collections.abc import Container, Hashable, Iterator, Mapping, Sequence
from itertools import chain, combinations, product
from typing import TypeVar

import msgspec

from policies.conditions import concerns
from policies.ids import OrganisationId, PersonId, TierId
from policies.masks import mask_of
from policies.policy import Policy, Rule, RuleEffect
from policies.roster import Person, ResidentType
from policies.scenarios import ANYONE, Who

FLAGS = ("exempt", "responder", "passback_exempt")
"""The flags of tiers that `Engine.decide` looks at."""

_ValueT = TypeVar("_ValueT", bound=Hashable)
_Sets = dict[int, list[tuple[TierId, ...]]]


class Group(msgspec.Struct, frozen=True, order=True):
    """Everybody of one of the types, in one of the organisations (None: in none that is named), who holds the tiers.

    `tiers` are alternatives, each a set that is held whole.
    """

    types: tuple[ResidentType, ...]
    organisations: tuple[OrganisationId | None, ...]
    tiers: tuple[tuple[TierId, ...], ...]

    def witness(self, name: PersonId) -> Person:
        """Return one of them."""
        return Person(name, self.types[0], self.organisations[0], self.tiers[0])


class Kind(msgspec.Struct, frozen=True):
    """People on whom the same rules bear at a door, with the same flags: the groups of them, the plainest first.

    Bit n of `about` stands for the n-th rule of all the policies' rules, one policy after the other; flags follow.
    """

    about: int
    groups: tuple[Group, ...]


class Standings:
    """What the rules of some policies, taken together, ask about people."""

    def __init__(self, policies: Sequence[Policy]) -> None:
        rules = [(rule, policy) for policy in policies for rule in policy.rules]
        self._policies, self.count = policies, len(rules)
        organisations = dict.fromkeys(chain.from_iterable(rule.organisations for rule, _ in rules))
        known, asked = (policy.tiers for policy in policies), (rule.tiers for rule, _ in rules)
        tiers = dict.fromkeys(chain(chain.from_iterable(known), chain.from_iterable(asked)))
        self._types = {
            each: mask_of(not rule.types or each in rule.types for rule, _ in rules) for each in ResidentType
        }
        self._within = {
            each: mask_of(not rule.organisations or each in rule.organisations for rule, _ in rules)
            for each in (None, *organisations)
        }
        self._untiered = mask_of(not rule.tiers for rule, _ in rules)
        self._forbids = mask_of(rule.effect is RuleEffect.FORBID for rule, _ in rules)
        self._tiers = {
            tier: mask_of(bool(rule.tiers) and _bears(rule, policy, tier) for rule, policy in rules)
            | self._flags(tier) << self.count
            for tier in tiers
        }

    def _flags(self, tier: TierId) -> int:
        held = [
            [policy.tiers[each] for each in policy.held((tier,)) if each in policy.tiers]
            for policy in self._policies
        ]
        return mask_of(any(getattr(each, flag) for each in tiers) for tiers in held for flag in FLAGS)

    def kinds(self, covering: int, flags: Container[str] = FLAGS, who: Who = ANYONE) -> tuple[Kind, ...]:
        """Return the kinds among `who` at a door that the rules `covering` reach, where `flags` make a difference."""
        counted = mask_of(flag in flags for _ in self._policies for flag in FLAGS) << self.count
        types = {
            each: mask
            for each, mask in self._types.items()
            if (not who.types or each in who.types) and each not in who.except_types
        }
        within: Mapping[OrganisationId | None, int] = self._within
        if who.organisations:
            within = {each: self._within.get(each, self._within[None]) for each in who.organisations}
        parts = product(
            _alike(types, covering), _alike(within, covering), self._holding(covering, counted, who)
        )
        found: dict[int, list[Group]] = {}
        for (of_type, alike), (of_organisation, organisations), (of_tiers, tiers) in parts:
            about = of_type & of_organisation & (self._untiered | of_tiers) & covering | of_tiers & counted
            found.setdefault(about, []).append(Group(alike, organisations, tiers))
        return tuple(Kind(about, tuple(groups)) for about, groups in found.items())

    def _holding(
        self, covering: int, counted: int, who: Who
    ) -> Iterator[tuple[int, tuple[tuple[TierId, ...], ...]]]:
        """Yield the masks of the sets of tiers to look at, each with the smallest sets that come to it."""
        allowed = {
            tier: mask for tier, mask in self._tiers.items() if not self._is_held(tier, who.except_tiers)
        }
        held = _held(_alike(allowed, covering | counted), self._forbids & covering, counted)
        if not who.tiers:
            yield from held
        for base in (tier for tier in allowed if self._is_held(tier, who.tiers)):
            for mask, sets in held:
                yield (
                    self._tiers[base] | mask,
                    tuple((base, *more) for more in sets if base not in more) or ((base,),),
                )

    def _is_held(self, tier: TierId, among: tuple[TierId, ...]) -> bool:
        """Return whether who has the tier holds one of the others, as some policy has it."""
        return any(each in among for policy in self._policies for each in policy.held((tier,)))


def _bears(rule: Rule, policy: Policy, tier: TierId) -> bool:
    """Return whether the tier alone meets what the rule asks of tiers."""
    asks = msgspec.structs.replace(rule, types=(), organisations=())
    return concerns(asks, Person(PersonId(""), ResidentType.STARTUP, tiers=(tier,)), policy)


def _alike(masks: Mapping[_ValueT, int], covering: int) -> list[tuple[int, tuple[_ValueT, ...]]]:
    """Return the values by what they come to at a door, each mask with those that share it."""
    shared: dict[int, list[_ValueT]] = {}
    for value, mask in masks.items():
        shared.setdefault(mask & covering, []).append(value)
    return [(mask, tuple(values)) for mask, values in shared.items()]


def _held(
    tiers: Sequence[tuple[int, tuple[TierId, ...]]], forbids: int, flags: int
) -> list[tuple[int, tuple[tuple[TierId, ...], ...]]]:
    """Return the masks of the sets of tiers to look at, each with the smallest sets that come to it."""
    known: _Sets = {0: [()]}
    singles = [(mask, names) for mask, names in tiers if mask]
    for mask, names in singles:
        known[mask] = [(name,) for name in names]
    closing = [part for part in singles if part[0] & forbids]
    flagged = [part for part in singles if part[0] & flags]
    more = [
        parts
        for one, other, two in product([*_up_to(1, singles)], [*_up_to(1, closing)], [*_up_to(2, flagged)])
        if len(parts := list(dict.fromkeys((*one, *other, *two)))) > 1
    ]
    for parts in sorted(more, key=len):
        _add(known, parts)
    return [(mask, tuple(sets)) for mask, sets in known.items()]


def _add(known: _Sets, parts: Sequence[tuple[int, tuple[TierId, ...]]]) -> None:
    """Add what the parts come to together, unless fewer tiers come to the same."""
    whole = 0
    for mask, _ in parts:
        whole |= mask
    sets = known.setdefault(whole, [])
    if not sets or len(sets[0]) == len(parts):
        new = (tuple(names) for names in product(*(names for _, names in parts)))
        sets += (each for each in new if each not in sets)


def _up_to(most: int, parts: Sequence[_ValueT]) -> Iterator[tuple[_ValueT, ...]]:
    for size in range(most + 1):
        yield from combinations(parts, size)
