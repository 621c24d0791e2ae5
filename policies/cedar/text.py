"""The rules as Cedar policies, one a rule, named by `@id`: what rules.py says of permits and forbids, in Cedar's words.

Badges, people's validity, door modes, temporary grants, anti-passback, enforced capacity and who comes second are the
host's part, judged before or after (docs/domain.md, 3.3); question.py says what it tells Cedar. Cedar skips what errs,
a door must not: a rule that cannot be evaluated is written as a forbid.
"""

import json
from collections.abc import Iterable, Iterator

from policies.conditions import is_whole
from policies.policy import Policy, Rule, RuleEffect
from policies.request import Assurance

_HEAD = """\
// Policy {version}, exported: one policy a rule. The tree of Space is for forbids, which descend everywhere; that of
// Reach is for permits, which do not descend into a restricted space. Proof: 0 none, 1 uid, 2 sun, 3 authenticated.
"""


def policies_text(policy: Policy) -> str:
    """Return the rules as the text of one Cedar policy set, in the policy's order."""
    return "\n".join(
        (_HEAD.format(version=policy.version), *(_policy(rule, policy) for rule in policy.rules))
    )


def _policy(rule: Rule, policy: Policy) -> str:
    head = [f"@id({_text(rule.id)})"]
    effect, conditions = rule.effect, [*_about(rule, policy)]
    if can_be_evaluated(rule, policy):
        conditions += _further(rule)
    else:
        head.append('@note("cannot be evaluated, its schedule or days are missing: so it denies")')
        effect = RuleEffect.FORBID
    body = " &&\n  ".join(filter(None, conditions)) or "true"
    return "\n".join(
        (
            *head,
            f'{effect.value} (principal, action == Action::"enter", resource)',
            f"when {{\n  {body}\n}};\n",
        )
    )


def can_be_evaluated(rule: Rule, policy: Policy) -> bool:
    """Return whether the rule's schedule is there with all its days."""
    schedule = policy.schedules.get(rule.schedule) if rule.schedule else None
    return rule.schedule is None or (schedule is not None and is_whole(schedule, policy))


def _about(rule: Rule, policy: Policy) -> Iterator[str]:
    """Yield whom, where and in which modes the rule is about."""
    yield _principal("Type", (kind.value for kind in rule.types))
    yield _principal("Tier", rule.tiers)
    yield _principal("Organisation", rule.organisations)
    yield _place(rule)
    if rule.modes:
        yield f"[{', '.join(_text(mode.value) for mode in rule.modes)}].contains(context.mode)"
    responders = [tier.id for tier in policy.tiers.values() if tier.responder]
    if rule.full and responders:
        yield f"!({_principal('Tier', responders)})"


def _further(rule: Rule) -> Iterator[str]:
    """Yield what else must hold: hours, proofs, company, fullness."""
    if rule.schedule:
        yield f"context.open.contains({_text(rule.schedule)})"
    for name in rule.certifications:
        yield f"context.certified.contains({_text(name)})"
    if rule.effect is RuleEffect.PERMIT:
        yield "context.proof >= resource.proof"
    if rule.assurance is not Assurance.NONE:
        yield f"context.proof >= {int(rule.assurance)}"
    for flag in ("escorted", "accompanied", "full"):
        if getattr(rule, flag):
            yield f"context.{flag}"


def _place(rule: Rule) -> str:
    space, use = ("Reach", "ReachUse") if rule.effect is RuleEffect.PERMIT else ("Space", "Use")
    tests = [
        _in("resource", space, rule.spaces),
        _in("resource", "Door", rule.doors),
        _in("resource", use, rule.uses),
    ]
    given = list(filter(None, tests))
    return f"({' || '.join(given)})" if len(given) > 1 else "".join(given) or "false"


def _principal(kind: str, names: Iterable[str]) -> str:
    return _in("principal", kind, names)


def _in(subject: str, kind: str, names: Iterable[str]) -> str:
    """Return the test whether `subject` is or lies in one of the entities; empty for none."""
    entities = [f"{kind}::{_text(name)}" for name in names]
    if not entities:
        return ""
    many = f"[{', '.join(entities)}]"
    return f"{subject} in {entities[0] if len(entities) == 1 else many}"


def _text(name: str) -> str:
    return json.dumps(name)
