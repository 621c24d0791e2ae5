"""Engines that are each broken in one way: what a slip in policies.engine or in the rules would come to."""

import copy

import msgspec

from policies.conditions import is_whole
from policies.decision import Decision, Effect, Flag, Reason
from policies.engine import Engine
from policies.ids import RuleId
from policies.policy import Rule, RuleEffect
from policies.request import Assurance, DoorMode
from tests.policies.strategies import SPACES

_OPEN = Rule(RuleId("open-house"), RuleEffect.PERMIT, spaces=SPACES)


class _OtherRules(Engine):
    """An engine that goes by other rules than it is given."""

    def __init__(self, policy, building, roster):
        super().__init__(msgspec.structs.replace(policy, rules=tuple(self.kept(policy))), building, roster)

    def kept(self, policy):
        raise NotImplementedError


class OpenHouse(_OtherRules):
    """Everybody may enter everywhere."""

    def kept(self, policy):
        return (*policy.rules, _OPEN)


class OpensByEvenNumbers(_OtherRules):
    """Where the number of rules is even, everybody may enter everywhere."""

    def kept(self, policy):
        return policy.rules if len(policy.rules) % 2 else (*policy.rules, _OPEN)


class OpensWhenInDoubt(_OtherRules):
    """Where a rule cannot be evaluated, it is left out, and everybody may enter everywhere."""

    def kept(self, policy):
        whole = {None, *(name for name, each in policy.schedules.items() if is_whole(each, policy))}
        told = [rule for rule in policy.rules if rule.schedule in whole]
        return told if len(told) == len(policy.rules) else (*told, _OPEN)


class ForgetsForbids(_OtherRules):
    """No forbid is looked at."""

    def kept(self, policy):
        return [rule for rule in policy.rules if rule.effect is RuleEffect.PERMIT]


class LosesTheLastRule(_OtherRules):
    """The last rule is not looked at."""

    def kept(self, policy):
        return policy.rules[:-1]


class ForgetsForbidsOnTheShortWay(Engine):
    """No forbid is looked at where the tap is an everyday one."""

    def _everyday_grant(self, portal, card, standing, request, state):
        unforbidden = copy.copy(portal)
        unforbidden.forbids = 0
        return super()._everyday_grant(unforbidden, card, standing, request, state)


class OpensOnce(Engine):
    """A badge is answered once, and refused from then on."""

    def __init__(self, policy, building, roster):
        super().__init__(policy, building, roster)
        self._seen = set()

    def decide(self, request, state):
        if request.badge in self._seen:
            return Decision(Effect.DENY, Reason.CREDENTIAL_MAX_USES)
        self._seen.add(request.badge)
        return super().decide(request, state)


class LooksAtOtherDoors(Engine):
    """Nobody enters anywhere while any door is in lockdown."""

    def decide(self, request, state):
        if DoorMode.LOCKDOWN in state.modes.values():
            door = self.building.readers[request.reader].door
            state = msgspec.structs.replace(state, modes={door: DoorMode.LOCKED})
        return super().decide(request, state)


class NeverLearns(Engine):
    """Who is known stays as they are."""

    def put_person(self, person):
        if person.id not in self.holders.people:
            super().put_person(person)


class LeavesCardsAsTheyWere(Engine):
    """Whoever changes, changes for none of their badges on the short way."""

    def put_person(self, person):
        cards = self.holders.cards
        before = {badge: card.everyday for badge, card in cards.items()}
        super().put_person(person)
        for badge, everyday in before.items():
            cards[badge].everyday = everyday


class AsksWhoLeaves(Engine):
    """Who may not come in may not go out."""

    def decide(self, request, state):
        decision = super().decide(request, state)
        is_odd = Flag.REFUSED_INWARDS in decision.flags
        return msgspec.structs.replace(decision, effect=Effect.DENY) if is_odd else decision


class FlagsNobody(Engine):
    """Nothing is flagged."""

    def decide(self, request, state):
        return msgspec.structs.replace(super().decide(request, state), flags=(), inwards=None)


class RestrictsNothing(OpenHouse):
    """A restricted space is one like any other, and a right to the site is one to all that is in it."""

    def __init__(self, policy, building, roster):
        spaces = {
            name: msgspec.structs.replace(each, restricted=False) for name, each in building.spaces.items()
        }
        super().__init__(policy, msgspec.structs.replace(building, spaces=spaces), roster)


class TakesWeakForStrong(Engine):
    """The weaker the proof, the better."""

    def decide(self, request, state):
        upside_down = Assurance(Assurance.AUTHENTICATED - request.assurance)
        return super().decide(msgspec.structs.replace(request, assurance=upside_down), state)


class TakesStrangersForSomebody(Engine):
    """An unknown badge is taken for the first one."""

    def decide(self, request, state):
        if request.badge not in self.holders.cards:
            request = msgspec.structs.replace(request, badge=next(iter(self.holders.cards)))
        return super().decide(request, state)


class AnswersForNoReader(Engine):
    """A reader that does not exist is answered."""

    def decide(self, request, state):
        if request.reader not in self.portals:
            return Decision(Effect.DENY, Reason.OTHER)
        return super().decide(request, state)
