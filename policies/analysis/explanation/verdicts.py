"""Hit, miss or may: the words in which a tap is explained, condition by condition."""

from collections.abc import Iterable
from enum import Enum

import msgspec


class Verdict(Enum):
    """Whether a condition holds; `may` is not known from what was given."""

    HIT = "hit"
    MISS = "miss"
    MAY = "may"

    @classmethod
    def of(cls, *, holds: bool) -> "Verdict":
        """Return what is known for sure."""
        return cls.HIT if holds else cls.MISS


class Condition(Enum):
    """What is looked at: first what a rule can ask, then what every entry asks, in the order of reasons."""

    TYPE = "type"
    TIER = "tier"
    ORGANISATION = "organisation"
    PLACE = "place"
    MODE = "mode"
    SCHEDULE = "schedule"
    DATES = "dates"
    CERTIFICATION = "certification"
    PROOF = "proof"
    ESCORT = "escort"
    FULL = "full"

    BADGE = "badge"
    PERSON = "person"
    DOOR_MODE = "door-mode"
    EVALUABLE = "evaluable"
    FORBIDS = "forbids"
    PERMITS = "permits"
    PIN = "pin"
    PASSBACK = "passback"
    CAPACITY = "capacity"
    SECOND = "second-person"


class Check(msgspec.Struct, frozen=True):
    """One condition: what is wanted, what is there, and whether that is enough."""

    of: Condition
    verdict: Verdict
    wanted: tuple[str, ...] = ()
    given: tuple[str, ...] = ()


def verdict_of(checks: tuple[Check, ...]) -> Verdict:
    """Return whether all of them hold."""
    return verdict_of_all(check.verdict for check in checks)


def verdict_of_all(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the least certain of the verdicts, a miss before all."""
    verdicts = {*verdicts}
    return next((each for each in (Verdict.MISS, Verdict.MAY) if each in verdicts), Verdict.HIT)
