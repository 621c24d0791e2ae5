"""The building, the tiers and the people as Cedar entities: dicts in Cedar's JSON form, to be put into one list."""

from collections.abc import Iterable, Iterator
from typing import TypedDict

from policies.building import Building, Space
from policies.policy import Policy
from policies.roster import Person


class Uid(TypedDict):
    """The name of an entity."""

    type: str
    id: str


class Entity(TypedDict):
    """An entity with what it is a member of."""

    uid: Uid
    attrs: dict[str, int]
    parents: list[Uid]


_Group = tuple[str, str]


def site_entities(policy: Policy, building: Building) -> list[Entity]:
    """Return the tiers, spaces and doors; whom the policy speaks of is complete without people."""
    return [*_tiers(policy), *_spaces(building), *_doors(building)]


def person_entity(person: Person) -> Entity:
    """Return the person as a member of their type, tiers and organisation, without a name or anything else."""
    groups = [("Type", person.type.value), *(("Tier", tier) for tier in dict.fromkeys(person.tiers))]
    if person.organisation is not None:
        groups.append(("Organisation", person.organisation))
    return _entity("Person", person.id, groups)


def _tiers(policy: Policy) -> Iterator[Entity]:
    for tier in policy.tiers.values():
        yield _entity("Tier", tier.id, (("Tier", more) for more in tier.includes if more != tier.id))


def _spaces(building: Building) -> Iterator[Entity]:
    for space in building.spaces.values():
        yield _entity("Space", space.id, _groups(space, "Space", "Use"))
        yield _entity("Reach", space.id, [] if space.restricted else _groups(space, "Reach", "ReachUse"))


def _groups(space: Space, tree: str, use: str) -> list[_Group]:
    return [
        *([(tree, space.parent)] if space.parent is not None else []),
        *([(use, space.use)] if space.use is not None else []),
    ]


def _doors(building: Building) -> Iterator[Entity]:
    for door in building.doors.values():
        yield _entity("Door", door.id, [("Space", door.inner), ("Reach", door.inner)], proof=int(door.proof))


def _entity(kind: str, name: str, groups: Iterable[_Group], **attributes: int) -> Entity:
    parents = [Uid(type=group, id=member) for group, member in groups]
    return Entity(uid=Uid(type=kind, id=name), attrs=attributes, parents=parents)
