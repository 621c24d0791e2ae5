"""Wrong tiers and places: flags flipped, includes lost, spaces no longer restricted, doors that ask for less."""

from collections.abc import Iterator

import msgspec

from policies.building import Building, Door, Space
from policies.loader import Site
from policies.request import Assurance
from tests.policies.mutants.sites import Mutant, other_one, with_policy

_TIER_FLAGS = ("responder", "exempt")
"""Those that decide: `degraded` is the door computer's; `passback_exempt` spares only a flag where passback is soft."""


def wrong_tiers(site: Site) -> Iterator[Mutant]:
    """Yield every mutant of every tier that a rule names, or that includes one."""
    for tier in site.policy.tiers.values():
        changes: list[tuple[str, dict[str, object]]] = [
            (f"{flag} flipped", {flag: not getattr(tier, flag)}) for flag in _TIER_FLAGS
        ]
        if tier.includes:
            changes.append(("includes dropped", {"includes": ()}))
        other = other_one((tier.id, *tier.includes), site.policy.tiers)
        changes.append((f"includes {other}", {"includes": (*tier.includes, other)}))
        for what, change in changes:
            tiers = site.policy.tiers | {tier.id: msgspec.structs.replace(tier, **change)}
            yield Mutant(f"tier {tier.id}: {what}", with_policy(site, tiers=tiers))


def wrong_places(site: Site) -> Iterator[Mutant]:
    """Yield every mutant of what spaces and doors ask for."""
    for space in site.building.spaces.values():
        for what, changes in _spaces(space):
            changed = msgspec.structs.replace(space, **changes)
            yield Mutant(f"space {space.id}: {what}", _with(site, space=changed))
    entered = dict.fromkeys(reader.door for reader in site.building.readers.values())
    for name in entered:
        for what, changes in _doors(site.building.doors[name]):
            door = msgspec.structs.replace(site.building.doors[name], **changes)
            yield Mutant(f"door {name}: {what}", _with(site, door=door))


def _spaces(space: Space) -> Iterator[tuple[str, dict[str, object]]]:
    if space.restricted:
        yield "not restricted", {"restricted": False}
    if space.use is not None:
        yield "of no use", {"use": None}
    if space.enforced:
        yield "not enforced", {"enforced": False}
    if space.enforced and space.capacity is not None:
        for step in (-1, 1):
            yield f"capacity {step:+}", {"capacity": space.capacity + step}


def _doors(door: Door) -> Iterator[tuple[str, dict[str, object]]]:
    if door.two_person:
        yield "alone", {"two_person": False}
    if door.proof:
        yield "proof lowered", {"proof": Assurance(door.proof - 1)}


def _with(site: Site, space: Space | None = None, door: Door | None = None) -> Site:
    old = site.building
    building = Building.of(
        old.site,
        [space if space is not None and each.id == space.id else each for each in old.spaces.values()],
        [door if door is not None and each.id == door.id else each for each in old.doors.values()],
        old.readers.values(),
    )
    return Site(building, site.policy)
