"""The yardstick Cedar: the rules of a site as `export-cedar` writes them, parsed beforehand, asked through cedarpy.

What the engine also computes beforehand comes ready: the schedules that are open in the tap's quarter-hour. Badges
and live state are the host's part and not asked about; in the bench every badge is good and nobody brings anybody.
"""

import json
from collections.abc import Iterable

import cedarpy

from policies.cedar.entities import person_entity, site_entities
from policies.cedar.question import Question, open_schedules, question
from policies.cedar.text import policies_text
from policies.conditions import Situation
from policies.ids import ScheduleId
from policies.loader import Site
from policies.request import NO_VIEW, AccessRequest, LiveState
from policies.roster import Roster
from policies.schedule import GRID_MINUTES

_QUARTER_S = GRID_MINUTES * 60


class CedarYardstick:
    """A Cedar policy set and its entities, and the questions of `taps`, all ready: what is timed is Cedar alone."""

    def __init__(self, site: Site, roster: Roster, taps: Iterable[AccessRequest]) -> None:
        self._site, self._roster = site, roster
        self._policies = cedarpy.PolicySet.from_str(policies_text(site.policy))
        entities = [*site_entities(site.policy, site.building), *map(person_entity, roster.people.values())]
        self._entities = cedarpy.Entities.from_json_str(json.dumps(entities))
        self._open: dict[int, list[ScheduleId]] = {}
        self._asked = {(tap.at, tap.reader, tap.badge): self._question(tap) for tap in taps}

    def decide(self, request: AccessRequest, _: LiveState) -> bool:
        """Return whether Cedar permits the tap; exits are not its matter."""
        asked = self._asked[request.at, request.reader, request.badge]
        return asked is not None and cedarpy.is_authorized(asked, self._policies, self._entities).allowed

    def _question(self, request: AccessRequest) -> Question | None:
        badge = self._roster.badges.get(request.badge)
        person = self._roster.people.get(badge.person) if badge and badge.person else None
        if person is None:
            return None
        policy, building = self._site.policy, self._site.building
        situation = Situation(policy, building, self._roster, request, NO_VIEW)
        return question(situation, person, self._open_at(request), accompanied=False)

    def _open_at(self, request: AccessRequest) -> list[ScheduleId]:
        quarter = int(request.at.timestamp()) // _QUARTER_S
        if quarter not in self._open:
            self._open[quarter] = open_schedules(self._site.policy, request.at)
        return self._open[quarter]
