"""Where people really are: what a count can be held against. No controller and no server ever sees it."""

from collections.abc import Mapping
from types import MappingProxyType

from policies.building import Building, SpaceKind
from policies.ids import PersonId, SpaceId


class Truth:
    """Everybody's place, and counts by space rolled up the tree as `policies.presence` gives them."""

    def __init__(self, building: Building) -> None:
        self._paths = {
            space.id: () if space.kind is SpaceKind.OUTSIDE else building.path_up(space.id)
            for space in building.spaces.values()
        }
        self._counts = dict.fromkeys(building.spaces, 0)
        self._where: dict[PersonId, SpaceId] = {}
        self.passages = 0

    @property
    def counts(self) -> Mapping[SpaceId, int]:
        """Return how many people are in every space now; a live view."""
        return MappingProxyType(self._counts)

    @property
    def inside(self) -> Mapping[PersonId, SpaceId]:
        """Return the space of everybody who is inside now; a live view."""
        return MappingProxyType(self._where)

    def move(self, person: PersonId, target: SpaceId) -> None:
        """Note that the person stepped into `target`."""
        for step in self._paths[self._where[person]] if person in self._where else ():
            self._counts[step] -= 1
        for step in self._paths[target]:
            self._counts[step] += 1
        if self._paths[target]:
            self._where[person] = target
        else:
            self._where.pop(person, None)
        self.passages += 1
