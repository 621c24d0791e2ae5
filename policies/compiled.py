"""The rules themselves as integers: which ask for what, hold in which mode, need which proof, are open at which hour.

A set of rules is one integer, bit n standing for the n-th rule of the policy.
"""

from datetime import date, datetime, timedelta

from policies.conditions import is_whole
from policies.ids import RuleId
from policies.masks import bits, mask_of
from policies.policy import Policy
from policies.request import Assurance, DoorMode
from policies.schedule import GRID_MINUTES, MINUTES_PER_DAY, LocalTime, windows_of

QUARTER_S = GRID_MINUTES * 60

_QUARTERS_KEPT = 1024
"""Ten days of quarter-hours: what a search for the next grant passes through."""

_DAYS_KEPT = 64

_Window = tuple[int, int, int]
"""Begin and end in minutes since midnight of the day it begins on, and the rules."""

_NAMES_KEPT = 4096
"""Sets of determining rules; a building has a few hundred that ever occur together."""


class Compiled:
    """One policy's rules. `broken` cannot be evaluated; `conditional` ask for a certification or an escort."""

    def __init__(self, policy: Policy) -> None:
        rules, schedules = policy.rules, policy.schedules
        whole = {name for name, schedule in schedules.items() if is_whole(schedule, policy)}
        self._policy = policy
        self.broken = mask_of(rule.schedule is not None and rule.schedule not in whole for rule in rules)
        self.certified = mask_of(bool(rule.certifications) for rule in rules)
        self.escorted = mask_of(rule.escorted for rule in rules)
        self.conditional = self.certified | self.escorted
        self.accompanied = mask_of(rule.accompanied for rule in rules)
        self.in_mode = {
            mode: mask_of(not rule.modes or mode in rule.modes for rule in rules) for mode in DoorMode
        }
        self.proven = {proof: mask_of(proof >= rule.assurance for rule in rules) for proof in Assurance}
        self._always = mask_of(rule.schedule is None for rule in rules)
        named = (
            (schedule, mask_of(rule.schedule == name for rule in rules) & ~self.broken)
            for name, schedule in schedules.items()
        )
        self._by_schedule = [(schedule, rules_of_it) for schedule, rules_of_it in named if rules_of_it]
        self._on_closures = sum(named for schedule, named in self._by_schedule if schedule.on_closures)
        self._days: dict[date, tuple[_Window, ...]] = {}
        self._open_masks: dict[int, int] = {}
        self.known_names: dict[int, tuple[RuleId, ...]] = {0: ()}

    def open_mask(self, at: datetime) -> int:
        """Return the rules that are open in the quarter-hour of `at`, whomever and whatever they are about."""
        quarter = int(at.timestamp() // QUARTER_S)
        mask = self._open_masks.get(quarter)
        if mask is None:
            mask = self._open_on_the_wall(self._policy.calendar.local(at))
            if len(self._open_masks) >= _QUARTERS_KEPT:
                self._open_masks.clear()
            self._open_masks[quarter] = mask
        return mask

    def _open_on_the_wall(self, now: LocalTime) -> int:
        """Return the rules open when the wall shows `now`, as `schedule.is_open_on_the_wall` says of each schedule."""
        mask, over_midnight = 0, now.minute + MINUTES_PER_DAY
        for start, end, rules in self._windows(now.day):
            if start <= now.minute < end:
                mask |= rules
        for start, end, rules in self._windows(now.day - timedelta(days=1)):
            if start <= over_midnight < end:
                mask |= rules
        if any(closure.covers(now) for closure in self._policy.calendar.closures):
            mask &= self._on_closures
        return mask | self._always

    def _windows(self, day: date) -> tuple[_Window, ...]:
        """Return the windows that begin on a day, each with the rules of its schedule."""
        windows = self._days.get(day)
        if windows is None:
            calendar = self._policy.calendar
            windows = tuple(
                (window.start, window.end_after_start, rules)
                for schedule, rules in self._by_schedule
                for window in windows_of(schedule, calendar, day)
            )
            if len(self._days) >= _DAYS_KEPT:
                self._days.clear()
            self._days[day] = windows
        return windows

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
