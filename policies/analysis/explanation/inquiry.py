"""A tap of which not everything is given, and what is known of it all the same."""

from datetime import datetime
from typing import NamedTuple

import msgspec

from policies.analysis.explanation.verdicts import Verdict
from policies.building import Building
from policies.conditions import Situation
from policies.ids import BadgeId, PersonId, ReaderId
from policies.policy import Policy
from policies.request import NO_VIEW, AccessRequest, Assurance, LiveState
from policies.roster import Badge, Roster
from policies.timetable import completed


class Inquiry(msgspec.Struct, frozen=True):
    """A tap of which not everything need be given: None is not known."""

    at: datetime
    reader: ReaderId
    badge: BadgeId
    assurance: Assurance | None = None
    pin_ok: bool | None = None
    companions: tuple[PersonId, ...] | None = None
    state: LiveState | None = None

    def request(self, badge: Badge | None) -> AccessRequest:
        """Return the tap with what is likely for the rest: the medium's proof, no PIN, nobody beside."""
        usual = badge.kind.least_proof if badge is not None else Assurance.NONE
        proof = usual if self.assurance is None else self.assurance
        companions = self.companions or ()
        return AccessRequest(self.at, self.reader, self.badge, proof, bool(self.pin_ok), companions)


class Look(NamedTuple):
    """One tap, its `inquiry` completed to a whole situation: the door as scheduled, nobody with the site's view."""

    inquiry: Inquiry
    now: Situation
    badge: Badge | None

    @classmethod
    def at(cls, policy: Policy, building: Building, roster: Roster, inquiry: Inquiry) -> "Look":
        """Look at the inquiry in a site; raise KeyError for a reader that the building does not have."""
        badge = roster.badges.get(inquiry.badge)
        door = building.doors[building.readers[inquiry.reader].door]
        state = completed(inquiry.state or NO_VIEW, [door], policy, inquiry.at)
        return cls(inquiry, Situation(policy, building, roster, inquiry.request(badge), state), badge)

    def of_a_companion(self) -> "Look":
        """Return the look at whoever is beside, as `conditions.Situation.of_a_companion`, in the door's likely mode.

        That the mode is not known is told of the person at the door.
        """
        now = self.now.of_a_companion()
        inquiry = msgspec.structs.replace(
            self.inquiry, assurance=now.request.assurance, companions=(), state=now.state
        )
        return Look(inquiry, now, self.badge)

    def proves(self, wanted: Assurance) -> Verdict:
        """Return whether the tap proves the badge well enough; not given, the medium says what it can prove."""
        if self.inquiry.assurance is not None or self.badge is None:
            return Verdict.of(holds=self.now.request.assurance >= wanted)
        if self.badge.kind.least_proof >= wanted:
            return Verdict.HIT
        return Verdict.MAY if self.badge.kind.most_proof >= wanted else Verdict.MISS
