"""Why a tap is answered as it is: every condition of it, what was near, and when it would be granted."""

from datetime import datetime

import msgspec

from policies.analysis.explanation.checks import RuleReading, read_rules
from policies.analysis.explanation.gates import escort_of, read_gates
from policies.analysis.explanation.inquiry import Inquiry, Look
from policies.analysis.explanation.near import NearMiss, near_misses
from policies.analysis.explanation.verdicts import Check
from policies.analysis.explanation.words import sentence
from policies.building import Building
from policies.decision import Decision, Message
from policies.ids import RuleId
from policies.policy import Policy
from policies.request import NO_VIEW, AccessRequest, Direction
from policies.roster import Roster
from policies.rules import interpret


class Explanation(msgspec.Struct, frozen=True):
    """One tap, explained. `gates` are what an entry at the door asks, also where the tap is on the way out.

    `assumed` names what was not given: the decision takes the likely for it, and says so by `may` below. `next` is
    when the same tap would be granted, where time alone refuses it.
    """

    request: AccessRequest
    direction: Direction
    decision: Decision
    assumed: tuple[str, ...]
    gates: tuple[Check, ...]
    rules: tuple[RuleReading, ...]
    near: tuple[NearMiss, ...]
    next: datetime | None
    message: Message

    @property
    def determining(self) -> tuple[RuleId, ...]:
        """Return the rules that the decision rests on."""
        return self.decision.rules


def explain(policy: Policy, building: Building, roster: Roster, inquiry: Inquiry) -> Explanation:
    """Explain a tap; raise KeyError for a reader that the building does not have."""
    look = Look.at(policy, building, roster, inquiry)
    request, state = look.now.request, look.now.state
    owner = look.badge.person if look.badge is not None else None
    person = roster.people.get(owner) if owner is not None else None
    rules = read_rules(look, person, escort_of(look, person)) if person is not None else ()
    decision = interpret(policy, building, roster, request, state)
    near = near_misses(policy, building, roster, request, inquiry.state or NO_VIEW)
    return Explanation(
        request,
        building.readers[request.reader].direction,
        decision,
        _assumed(inquiry),
        read_gates(look, person, rules),
        rules,
        near,
        next((miss.at for miss in near if len(miss.needs) == 1 and miss.at is not None), None),
        sentence(decision, near, policy.calendar, request.at),
    )


def _assumed(inquiry: Inquiry) -> tuple[str, ...]:
    given = {
        "assurance": inquiry.assurance,
        "pin_ok": inquiry.pin_ok,
        "with": inquiry.companions,
        "state": inquiry.state,
    }
    return tuple(name for name, value in given.items() if value is None)
