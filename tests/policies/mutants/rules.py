"""Wrong rules: dropped, turned around, with a value missing or one too many, with a condition dropped or weakened."""

from collections.abc import Iterator

import msgspec

from policies.loader import Site
from policies.policy import Rule, RuleEffect
from policies.request import Assurance, DoorMode
from policies.roster import ResidentType
from tests.policies.mutants.sites import Mutant, less_one, other_one, with_rule

_SETS = ("types", "tiers", "organisations", "spaces", "doors", "uses", "certifications", "modes")
_PLACES = ("spaces", "doors", "uses")
_FLAGS = ("escorted", "accompanied", "full")


def wrong_rules(site: Site) -> Iterator[Mutant]:
    """Yield every mutant of every rule."""
    for rule in site.policy.rules:
        yield Mutant(f"{rule.id}: dropped", with_rule(site, rule))
        for what, changed in (*_turned(rule), *_sets(site, rule), *_conditions(site, rule)):
            yield Mutant(f"{rule.id}: {what}", with_rule(site, rule, changed))


def _turned(rule: Rule) -> Iterator[tuple[str, Rule]]:
    """Yield the opposite of the rule; a forbid asks for no proof, as the loader sees to."""
    opposite = RuleEffect.FORBID if rule.effect is RuleEffect.PERMIT else RuleEffect.PERMIT
    bare = {
        "certifications": (),
        "assurance": Assurance.NONE,
        "escorted": False,
        "accompanied": False,
        "full": False,
    }
    yield f"made {opposite.value}", msgspec.structs.replace(rule, effect=opposite, **bare)


def _sets(site: Site, rule: Rule) -> Iterator[tuple[str, Rule]]:
    vocabulary = _vocabulary(site)
    for key in _SETS:
        values = getattr(rule, key)
        if not values:
            continue
        for value, others in less_one(values):
            yield f"{key} without {_word(value)}", msgspec.structs.replace(rule, **{key: others})
        other = other_one(values, vocabulary[key])
        if other is not None:
            yield f"{key} with {_word(other)}", msgspec.structs.replace(rule, **{key: (*values, other)})
        if key not in _PLACES:
            yield f"{key} dropped", msgspec.structs.replace(rule, **{key: ()})


def _conditions(site: Site, rule: Rule) -> Iterator[tuple[str, Rule]]:
    if rule.schedule is not None:
        yield "at any hour", msgspec.structs.replace(rule, schedule=None)
        other = other_one((rule.schedule,), site.policy.schedules)
        yield f"in {other}", msgspec.structs.replace(rule, schedule=other)
    for flag in _FLAGS:
        if getattr(rule, flag):
            yield f"{flag} dropped", msgspec.structs.replace(rule, **{flag: False})
    if rule.assurance > Assurance.UID:
        yield "proof lowered", msgspec.structs.replace(rule, assurance=Assurance(rule.assurance - 1))


def _vocabulary(site: Site) -> dict[str, list[object]]:
    """Return what could stand in each set of a rule."""
    policy, building = site.policy, site.building
    uses = dict.fromkeys(space.use for space in building.spaces.values() if space.use)
    return {
        "types": [*ResidentType],
        "tiers": [*policy.tiers],
        "organisations": [*policy.organisations],
        "spaces": [*building.spaces],
        "doors": [*building.doors],
        "uses": [*uses],
        "certifications": [*policy.certifications],
        "modes": [*DoorMode],
    }


def _word(value: object) -> str:
    return str(getattr(value, "value", value))
