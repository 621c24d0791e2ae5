"""Why a tap was refused, told from the rights as they are now: what was lacking, and when or how it would open.

What a person may know at the desk about their own refusal. It names rules and needs, never where somebody was.
"""

import msgspec

from access.services.rulebook import Rulebook
from access.store import badges, people
from access.store.database import Database
from policies.analysis.explanation.explain import Explanation, explain
from policies.analysis.explanation.inquiry import Inquiry
from policies.building import Building
from policies.request import DoorMode, LiveState
from policies.roster import Roster
from readers.wire.events import Event


class Refusals:
    """Explains refusals of one site. Whoever calls may see the tap."""

    def __init__(self, database: Database, building: Building, rulebook: Rulebook) -> None:
        self._database, self._building, self._rulebook = database, building, rulebook

    def why(self, event: Event) -> Explanation | None:
        """Explain a decision; None where its badge is nobody's, or its reader is no longer there."""
        if event.badge is None or event.reader not in self._building.readers:
            return None
        roster = self._those_concerned(event)
        if event.badge not in roster.badges:
            return None
        given = event.inputs
        inquiry = Inquiry(event.at, event.reader, event.badge, companions=())
        if given is not None:
            modes = {event.door: DoorMode(given.mode)} if event.door is not None else {}
            inquiry = msgspec.structs.replace(
                inquiry, assurance=given.assurance, pin_ok=given.pin_ok, state=LiveState(modes)
            )
        return explain(self._rulebook.policy, self._building, roster, inquiry)

    def _those_concerned(self, event: Event) -> Roster:
        """Return the badge, its holder and their host: a decision looks at nobody else."""
        with self._database.reading() as session:
            badge = badges.get(session, event.badge) if event.badge is not None else None
            holder = people.get(session, badge.person) if badge is not None and badge.person else None
            host = people.get(session, holder.host) if holder is not None and holder.host else None
        known = [one.as_known_at_doors() for one in (holder, host) if one is not None]
        return Roster.of(known, [badge.as_known_at_doors()] if badge is not None else [])
