"""Who went in by this computer's own doors and did not come out: what second entries are refused by while it is alone.

Only for doors that declare it (`passback_alone`), all of whose space hangs here; the site's view, where it answers, is
better. Everybody is forgiven by a release, a change of a door's mode (a free period ends), by time and by a restart.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from policies.building import Building
from policies.ids import PersonId, SpaceId
from readers.wire.events import Draft, EventType

FORGIVEN_AFTER = timedelta(hours=12)
"""Whoever went in longer ago has left by some way that was not seen: nobody stays shut out over night."""

_FORGIVES = frozenset({EventType.MODE_CHANGED, EventType.DOOR_RELEASED})


class Whereabouts:
    """The memory of one door computer, from what it journals."""

    def __init__(self) -> None:
        self._entered: dict[PersonId, tuple[SpaceId, datetime]] = {}

    def note(self, draft: Draft, building: Building | None) -> None:
        """Take what happened at a door."""
        if draft.type is EventType.PASSAGE and draft.person is not None and draft.space is not None:
            self._entered[draft.person] = draft.space, draft.at
        elif draft.type in _FORGIVES and building is not None and draft.door in building.doors:
            self._forgive(building.doors[draft.door].inner)

    def at(self, now: datetime) -> tuple[Mapping[PersonId, SpaceId], Mapping[PersonId, datetime]]:
        """Return who is where, as far as these doors saw, and since when."""
        entered = {person: seen for person, seen in self._entered.items() if now - seen[1] < FORGIVEN_AFTER}
        self._entered = entered
        inside = {person: space for person, (space, _) in entered.items()}
        since = {person: at for person, (_, at) in entered.items()}
        return inside, since

    def _forgive(self, space: SpaceId) -> None:
        self._entered = {person: seen for person, seen in self._entered.items() if seen[0] != space}
