"""Each rule and each of its conditions, for one tap: hit, miss, or may where live state or something not given decides.

Only conditions that a rule sets are there. What they mean is conditions.py; nothing here decides.
"""

from collections.abc import Iterator

import msgspec

from policies import conditions as on
from policies.analysis.explanation.inquiry import Look
from policies.analysis.explanation.verdicts import Check, Condition, Verdict, verdict_of
from policies.conditions import Situation
from policies.ids import RuleId
from policies.policy import Rule, RuleEffect
from policies.request import Assurance
from policies.roster import Grant, Person, within


class RuleReading(msgspec.Struct, frozen=True):
    """One rule, or one temporary grant, for one tap. `reaches` says that it is about this door.

    It `concerns` the tap if it is about the person, the door and its mode; one that `cannot_tell` then refuses.
    """

    id: RuleId
    effect: RuleEffect
    verdict: Verdict
    checks: tuple[Check, ...]
    reaches: bool
    concerns: bool
    cannot_tell: bool = False
    accompanied: bool = False


def read_rules(look: Look, person: Person, escort: Verdict) -> tuple[RuleReading, ...]:
    """Read every rule of the policy and every temporary grant of the person, in their order.

    `escort` says whether somebody is beside them who may escort them.
    """
    rules = (_read_rule(look, rule, person, escort) for rule in look.now.policy.rules)
    return (*rules, *(_read_grant(look, grant) for grant in person.grants))


def _read_rule(look: Look, rule: Rule, person: Person, escort: Verdict) -> RuleReading:
    place = _place(look.now, rule)
    checks = (*_who(look.now, rule, person), place, *_how(look, rule, person, escort))
    return RuleReading(
        rule.id,
        rule.effect,
        verdict_of(checks),
        checks,
        place.verdict is Verdict.HIT,
        look.now.applies(rule, person),
        not look.now.can_tell(rule),
        rule.accompanied,
    )


def _read_grant(look: Look, grant: Grant) -> RuleReading:
    building, door, at = look.now.building, look.now.door, look.now.request.at
    reaches = on.permit_covers(grant.doors, grant.spaces, building, door.id)
    dates = grant.valid_from.isoformat(), grant.valid_until.isoformat()
    in_force = within(at, grant.valid_from, grant.valid_until)
    checks = [
        Check(Condition.PLACE, Verdict.of(holds=reaches), (*grant.spaces, *grant.doors), _path(look.now)),
        Check(Condition.DATES, Verdict.of(holds=in_force), dates, (at.isoformat(),)),
    ]
    if door.proof:
        checks.append(_proof(look, door.proof))
    whole = tuple(checks)
    return RuleReading(
        on.grant_rule(grant), RuleEffect.PERMIT, verdict_of(whole), whole, reaches, concerns=reaches
    )


def _who(now: Situation, rule: Rule, person: Person) -> Iterator[Check]:
    if rule.types:
        wanted = tuple(each.value for each in rule.types)
        yield Check(Condition.TYPE, Verdict.of(holds=person.type in rule.types), wanted, (person.type.value,))
    if rule.tiers:
        held = now.policy.held(person.tiers)
        hit = any(tier in rule.tiers for tier in held)
        yield Check(Condition.TIER, Verdict.of(holds=hit), rule.tiers, held)
    if rule.organisations:
        own = () if person.organisation is None else (person.organisation,)
        hit = person.organisation in rule.organisations
        yield Check(Condition.ORGANISATION, Verdict.of(holds=hit), rule.organisations, own)


def _place(now: Situation, rule: Rule) -> Check:
    covers = on.forbid_covers if rule.effect is RuleEffect.FORBID else on.rule_permit_covers
    hit = covers(rule, now.building, now.door.id)
    wanted = (*rule.spaces, *rule.doors, *rule.uses)
    return Check(Condition.PLACE, Verdict.of(holds=hit), wanted, _path(now))


def _path(now: Situation) -> tuple[str, ...]:
    return now.door.id, *now.building.path_up(now.space.id)


def _how(look: Look, rule: Rule, person: Person, escort: Verdict) -> Iterator[Check]:
    now = look.now
    if rule.modes:
        hit = Verdict.MAY if look.inquiry.state is None else Verdict.of(holds=now.mode in rule.modes)
        yield Check(Condition.MODE, hit, tuple(mode.value for mode in rule.modes), (now.mode.value,))
    if rule.schedule is not None:
        hit = Verdict.of(holds=now.can_tell(rule) and now.is_in_hours(rule))
        yield Check(Condition.SCHEDULE, hit, (rule.schedule,), (now.request.at.isoformat(),))
    if rule.certifications:
        held = tuple(each.id for each in person.certifications if within(now.request.at, None, each.until))
        yield Check(
            Condition.CERTIFICATION,
            Verdict.of(holds=now.is_certified(rule, person)),
            rule.certifications,
            held,
        )
    if rule.effect is RuleEffect.PERMIT and (proof := max(rule.assurance, now.door.proof)):
        yield _proof(look, proof)
    if rule.escorted:
        yield _escort(look, person, escort)
    if rule.full:
        yield _full(now, person)


def _proof(look: Look, wanted: Assurance) -> Check:
    given = look.now.request.assurance.name.lower()
    return Check(Condition.PROOF, look.proves(wanted), (wanted.name.lower(),), (given,))


def _escort(look: Look, person: Person, escort: Verdict) -> Check:
    """Return what is known of the host, who is supposed to be there where it is not said who is."""
    host = () if person.host is None else (person.host,)
    beside = look.inquiry.companions
    supposed = host if escort is Verdict.MISS else ()
    return Check(Condition.ESCORT, escort, host, supposed if beside is None else beside)


def _full(now: Situation, person: Person) -> Check:
    counted, counts = on.newly_counted(now.building, now.door.id), now.state.counts
    if now.has(person, "responder"):
        return Check(Condition.FULL, Verdict.MISS, counted)
    if counts is None:
        return Check(Condition.FULL, Verdict.MAY if counted else Verdict.MISS, counted)
    full = tuple(space for space in counted if now.is_at_capacity(space))
    return Check(Condition.FULL, Verdict.of(holds=bool(full)), counted, full)
