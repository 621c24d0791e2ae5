"""What every entry asks, in the order of reasons (DOMAIN section 3.3), each on its own: none hides the next.

An entry is granted exactly where all of them are hits, or where the door stands free and those up to the forbids are.
"""

from collections.abc import Iterator

from policies import conditions as on
from policies.analysis.explanation.checks import RuleReading, read_rules
from policies.analysis.explanation.inquiry import Look
from policies.analysis.explanation.verdicts import Check, Condition, Verdict, verdict_of, verdict_of_all
from policies.building import Passback
from policies.policy import RuleEffect
from policies.request import DoorMode
from policies.roster import BadgeStatus, Person, within


def read_gates(look: Look, person: Person | None, rules: tuple[RuleReading, ...]) -> tuple[Check, ...]:
    """Return what an entry with the tap's badge asks; nothing about rights where the badge is nobody's."""
    if look.badge is None:
        return (Check(Condition.BADGE, Verdict.MISS, (BadgeStatus.ACTIVE.value,)),)
    badge = _badge(look)
    if person is None:
        return (*badge, Check(Condition.PERSON, Verdict.MISS))
    if look.now.mode is DoorMode.FREE:
        return (*badge, *_rights(look, person, rules))
    return (*badge, *_rights(look, person, rules), *_over_live_state(look, person, rules))


def escort_of(look: Look, person: Person) -> Verdict:
    """Return whether the person's host is beside them and may enter, beside another who may where it takes two."""
    others, host = look.inquiry.companions, look.now.roster.people.get(person.host) if person.host else None
    if host is None or host.id == person.id or (others is not None and host.id not in others):
        return Verdict.MISS
    own = look.of_a_companion()
    rules = read_rules(own, host, Verdict.MISS)
    takes_two = Verdict.MISS if own.now.has(host, "responder") else _takes_two(own, rules)
    rights = verdict_of(tuple(_rights(own, host, rules)))
    found = verdict_of_all((rights, _beside(look, takes_two, host)))
    return Verdict.MAY if others is None and found is Verdict.HIT else found


def _badge(look: Look) -> tuple[Check, ...]:
    if look.badge is None:
        return ()
    at, badge = look.now.request.at, look.badge
    limits = tuple(limit.isoformat() for limit in (badge.valid_from, badge.valid_until) if limit is not None)
    is_active = badge.status is BadgeStatus.ACTIVE and within(at, badge.valid_from, badge.valid_until)
    proof = badge.kind.least_proof
    return (
        Check(
            Condition.BADGE,
            Verdict.of(holds=is_active),
            (BadgeStatus.ACTIVE.value,),
            (badge.status.value, *limits),
        ),
        Check(
            Condition.PROOF,
            look.proves(proof),
            (proof.name.lower(),),
            (look.now.request.assurance.name.lower(),),
        ),
    )


def _rights(look: Look, person: Person, rules: tuple[RuleReading, ...]) -> Iterator[Check]:
    """Yield what the person must have the right to, whichever badge they come with."""
    now = look.now
    limits = tuple(
        limit.isoformat() for limit in (person.valid_from, person.valid_until) if limit is not None
    )
    given = ("suspended", *limits) if person.suspended else limits
    refusal = on.person_refusal(person, now.request.at)
    yield Check(Condition.PERSON, Verdict.of(holds=refusal is None), given=given)
    yield _mode(look, person)
    about = [rule for rule in rules if rule.concerns]
    broken = tuple(rule.id for rule in about if rule.cannot_tell)
    yield Check(Condition.EVALUABLE, Verdict.of(holds=not broken), given=broken)
    forbids = [
        rule for rule in rules if rule.effect is RuleEffect.FORBID and rule.verdict is not Verdict.MISS
    ]
    certain = any(rule.verdict is Verdict.HIT for rule in forbids)
    against = Verdict.MISS if certain else Verdict.MAY if forbids else Verdict.HIT
    yield Check(Condition.FORBIDS, against, given=tuple(rule.id for rule in forbids))
    if now.mode is not DoorMode.FREE:
        yield _permits(rules)


def _mode(look: Look, person: Person) -> Check:
    mode = look.now.mode
    is_exempt = mode is DoorMode.LOCKDOWN and look.now.has(person, "exempt")
    hit = is_exempt or mode in {DoorMode.NORMAL, DoorMode.FREE}
    verdict = Verdict.MAY if look.inquiry.state is None else Verdict.of(holds=hit)
    return Check(Condition.DOOR_MODE, verdict, given=(mode.value,))


def _permits(rules: tuple[RuleReading, ...]) -> Check:
    permits = [
        rule for rule in rules if rule.effect is RuleEffect.PERMIT and rule.verdict is not Verdict.MISS
    ]
    certain = any(rule.verdict is Verdict.HIT for rule in permits)
    verdict = Verdict.HIT if certain else Verdict.MAY if permits else Verdict.MISS
    return Check(Condition.PERMITS, verdict, given=tuple(rule.id for rule in permits))


def _over_live_state(look: Look, person: Person, rules: tuple[RuleReading, ...]) -> Iterator[Check]:
    yield _pin(look)
    if not look.now.has(person, "responder"):
        yield _passback(look, person)
        yield _capacity(look)
        yield _second(look, rules)


def _pin(look: Look) -> Check:
    if not look.now.asks_for_pin:
        return Check(Condition.PIN, Verdict.HIT)
    given = look.inquiry.pin_ok
    return Check(Condition.PIN, Verdict.MAY if given is None else Verdict.of(holds=given), ("pin",))


def _passback(look: Look, person: Person) -> Check:
    now = look.now
    kind, inside = now.door.passback, now.state.inside
    if kind in {Passback.OFF, Passback.SOFT} or now.has(person, "passback_exempt"):
        return Check(Condition.PASSBACK, Verdict.HIT, (kind.value,))
    if inside is None:
        return Check(Condition.PASSBACK, Verdict.MAY, (kind.value,))
    where = inside.get(person.id)
    since = (now.state.since or {}).get(person.id)
    is_over = kind is Passback.TIMED and (
        since is None or (now.request.at - since).total_seconds() >= now.door.passback_s
    )
    given = () if where is None else (where,)
    return Check(Condition.PASSBACK, Verdict.of(holds=where != now.space.id or is_over), (kind.value,), given)


def _capacity(look: Look) -> Check:
    now = look.now
    if not now.enforced:
        return Check(Condition.CAPACITY, Verdict.HIT)
    if now.state.counts is None:
        return Check(Condition.CAPACITY, Verdict.MAY, now.enforced)
    full = tuple(space for space in now.enforced if now.is_at_capacity(space))
    return Check(Condition.CAPACITY, Verdict.of(holds=not full), now.enforced, full)


def _second(look: Look, rules: tuple[RuleReading, ...]) -> Check:
    takes_two = _takes_two(look, rules)
    if takes_two is Verdict.MISS:
        return Check(Condition.SECOND, Verdict.HIT)
    if look.inquiry.companions is None:
        return Check(Condition.SECOND, Verdict.MAY)
    return Check(Condition.SECOND, _beside(look, takes_two), ("second-person",), tuple(look.now.others))


def _beside(look: Look, takes_two: Verdict, but: Person | None = None) -> Verdict:
    """Return whether another who may enter is there if it `takes_two`, not counting somebody."""
    if takes_two is Verdict.MISS:
        return Verdict.HIT
    if look.inquiry.companions is None:
        return Verdict.MAY
    others = (look.now.roster.people.get(name) for name in look.now.others if but is None or name != but.id)
    verdicts = {_may_enter(look, other) for other in others}
    found = next((each for each in (Verdict.HIT, Verdict.MAY) if each in verdicts), Verdict.MISS)
    return found if takes_two is Verdict.HIT or found is Verdict.HIT else Verdict.MAY


def _takes_two(look: Look, rules: tuple[RuleReading, ...]) -> Verdict:
    """Return whether the door, or every permit that holds, asks for a second person."""
    if look.now.door.two_person:
        return Verdict.HIT
    alone = {rule.verdict for rule in rules if rule.effect is RuleEffect.PERMIT and not rule.accompanied}
    if Verdict.HIT in alone:
        return Verdict.MISS
    together = {rule.verdict for rule in rules if rule.effect is RuleEffect.PERMIT and rule.accompanied}
    if Verdict.HIT in together:
        return Verdict.MAY if Verdict.MAY in alone else Verdict.HIT
    return Verdict.MAY if Verdict.MAY in together else Verdict.MISS


def _may_enter(look: Look, companion: Person | None) -> Verdict:
    """Return whether the companion has the right to enter here without an escort."""
    if companion is None:
        return Verdict.MISS
    own = look.of_a_companion()
    return verdict_of(tuple(_rights(own, companion, read_rules(own, companion, Verdict.MISS))))
