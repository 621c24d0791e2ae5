"""The yardstick Cedar: the rules of a site as Cedar policies, parsed beforehand, asked through cedarpy.

One policy a rule; types, tiers and organisations are groups of a person, the spaces above a door are its groups. What
the engine also computes beforehand comes ready in the context: the schedules that are open. Nobody in the bench
holds a certification or brings an escort. The export of a policy for other uses is not here.
"""

import json
from collections.abc import Iterable, Iterator

import cedarpy

from policies.building import Building
from policies.ids import DoorId
from policies.loader import Site
from policies.policy import Rule, RuleEffect
from policies.request import AccessRequest, LiveState
from policies.roster import Person, Roster
from policies.schedule import GRID_MINUTES, is_open

_QUARTER_S = GRID_MINUTES * 60


class CedarYardstick:
    """A Cedar policy set and its entities, ready to be asked about taps."""

    def __init__(self, site: Site, roster: Roster) -> None:
        self._site, self._roster = site, roster
        self._policies = cedarpy.PolicySet.from_str("\n".join(map(_policy, site.policy.rules)))
        entities = [*map(_person, roster.people.values()), *_doors(site.building)]
        self._entities = cedarpy.Entities.from_json_str(json.dumps(entities))
        self._open: dict[int, list[str]] = {}

    def decide(self, request: AccessRequest, _: LiveState) -> bool:
        """Return whether Cedar permits the tap; exits are not its matter."""
        badge = self._roster.badges.get(request.badge)
        asked = {
            "principal": {"type": "Person", "id": str(badge.person) if badge else ""},
            "action": {"type": "Action", "id": "enter"},
            "resource": {"type": "Door", "id": str(self._site.building.readers[request.reader].door)},
            "context": {"open": self._open_at(request), "assurance": int(request.assurance), "certified": []},
        }
        return cedarpy.is_authorized(asked, self._policies, self._entities).allowed

    def _open_at(self, request: AccessRequest) -> list[str]:
        quarter = int(request.at.timestamp()) // _QUARTER_S
        if quarter not in self._open:
            policy = self._site.policy
            self._open[quarter] = [
                name for name, each in policy.schedules.items() if is_open(each, policy.calendar, request.at)
            ]
        return self._open[quarter]


def _policy(rule: Rule) -> str:
    is_permit = rule.effect is RuleEffect.PERMIT
    groups = "Reach" if is_permit else "Below"
    conditions = [
        _any("principal in Type", (kind.value for kind in rule.types)),
        _any("principal in Tier", rule.tiers),
        _any("principal in Organisation", rule.organisations),
        _any(f"resource in {groups}", rule.spaces, _any("resource == Door", rule.doors)),
        f'context.open.contains("{rule.schedule}")' if rule.schedule else "",
        *(f'context.certified.contains("{name}")' for name in rule.certifications),
        f"context.assurance >= {int(rule.assurance)}" if rule.assurance else "",
        "false" if rule.escorted else "",
    ]
    words = " && ".join(filter(None, conditions))
    return f'@id("{rule.id}")\n{rule.effect.value}(principal, action, resource) when {{ {words} }};'


def _any(test: str, names: Iterable[str], other: str = "") -> str:
    tests = [*(f'{test}::"{name}"' for name in names), *filter(None, (other,))]
    return f"({' || '.join(tests)})" if tests else ""


def _person(person: Person) -> dict[str, object]:
    groups = [("Type", person.type.value), *(("Tier", tier) for tier in person.tiers)]
    if person.organisation is not None:
        groups.append(("Organisation", person.organisation))
    return _entity("Person", person.id, groups)


def _doors(building: Building) -> Iterator[dict[str, object]]:
    for door in building.doors:
        path = building.path_up(building.doors[door].inner)
        groups: list[tuple[str, str]] = [("Below", space) for space in path]
        groups += [("Reach", space) for space in _reach(building, door)]
        yield _entity("Door", door, groups)


def _reach(building: Building, door: DoorId) -> Iterator[str]:
    """Yield the spaces whose permits cover the door: permits descend, but not into a restricted space."""
    for space in building.path_up(building.doors[door].inner):
        yield space
        if building.spaces[space].restricted:
            return


def _entity(kind: str, name: str, groups: Iterable[tuple[str, str]]) -> dict[str, object]:
    parents = [{"type": group, "id": member} for group, member in groups]
    return {"uid": {"type": kind, "id": name}, "attrs": {}, "parents": parents}
