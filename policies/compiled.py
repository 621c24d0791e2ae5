"""The rules themselves as integers: which ask for what, hold in which mode, need which proof, are open at which hour.

A set of rules is one integer, bit n standing for the n-th rule of the policy.
"""

from datetime import datetime

from policies.conditions import is_whole
from policies.ids import RuleId
from policies.masks import bits, mask_of
from policies.policy import Policy
from policies.request import Assurance, DoorMode
from policies.schedule import GRID_MINUTES, is_open_on_the_wall

QUARTER_S = GRID_MINUTES * 60

_QUARTERS_KEPT = 1024
"""Ten days of quarter-hours: what a search for the next grant passes through."""

_NAMES_KEPT = 4096
"""Sets of determining rules; a building has a few hundred that ever occur together."""


class Compiled:
    """One policy's rules. `broken` cannot be evaluated; `conditional` ask for a certification or an escort."""

    def __init__(self, policy: Policy) -> None:
        rules, schedules = policy.rules, policy.schedules
        whole = {name for name, schedule in schedules.items() if is_whole(schedule, policy)}
        self._policy = policy
        self.broken = mask_of(rule.schedule is not None and rule.schedule not in whole for rule in rules)
        self.conditional = mask_of(bool(rule.certifications) or rule.escorted for rule in rules)
        self.accompanied = mask_of(rule.accompanied for rule in rules)
        self.in_mode = {
            mode: mask_of(not rule.modes or mode in rule.modes for rule in rules) for mode in DoorMode
        }
        self.proven = {proof: mask_of(proof >= rule.assurance for rule in rules) for proof in Assurance}
        self._always = mask_of(rule.schedule is None for rule in rules)
        self._by_schedule = [
            (schedule, mask_of(rule.schedule == name for rule in rules) & ~self.broken)
            for name, schedule in schedules.items()
        ]
        self._open_masks: dict[int, int] = {}
        self.known_names: dict[int, tuple[RuleId, ...]] = {0: ()}

    def open_mask(self, at: datetime) -> int:
        """Return the rules that are open in the quarter-hour of `at`, whomever and whatever they are about."""
        quarter = int(at.timestamp()) // QUARTER_S
        mask = self._open_masks.get(quarter)
        if mask is None:
            calendar = self._policy.calendar
            now = calendar.local(at)
            mask = self._always
            for schedule, rules in self._by_schedule:
                if rules and is_open_on_the_wall(schedule, calendar, now):
                    mask |= rules
            if len(self._open_masks) >= _QUARTERS_KEPT:
                self._open_masks.clear()
            self._open_masks[quarter] = mask
        return mask

    def names(self, mask: int) -> tuple[RuleId, ...]:
        """Return the ids of a set of rules, in the policy's order; sets that occurred are in `known_names`."""
        names = self.known_names.get(mask)
        if names is None:
            rules = self._policy.rules
            names = tuple(rules[index].id for index in bits(mask))
            if len(self.known_names) >= _NAMES_KEPT:
                self.known_names.clear()
            self.known_names[mask] = names
        return names
