"""Names in a people file that the site does not have: no error, as a file may know more than one policy, but told."""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from policies.loader import Site
from policies.roster import Person, Roster
from policies.toml.words import meant


class _Naming(NamedTuple):
    """One name that somebody has under a key, what it is the name of, and all that the site has of those."""

    key: str
    noun: str
    name: str
    known: Collection[str]


def strays(path: Path, roster: Roster, site: Site) -> Iterator[str]:
    """Yield a line for every name that the site does not have, with the first person who has it.

    Organisations that no rule names need not be declared: those that are not near one that is are told in one line.
    """
    first: dict[tuple[str, str], str] = {}
    others: dict[tuple[str, str], int] = {}
    undeclared: dict[str, None] = {}
    for person in roster.people.values():
        for naming in _namings(person, roster, site):
            if naming.name in naming.known:
                continue
            if naming.key == "organisation" and not meant(naming.name, naming.known):
                undeclared[naming.name] = None
                continue
            place = naming.key, naming.name
            if place in first:
                others[place] = others.get(place, 0) + 1
                continue
            first[place] = _told(path, person, naming)
    for place, line in first.items():
        more = others.get(place)
        yield f"{line} (and {more} more)" if more else line
    if undeclared:
        yield f"{path}: organisation: policy.toml has none of {', '.join(undeclared)}: no rule is about them"


def _namings(person: Person, roster: Roster, site: Site) -> Iterator[_Naming]:
    policy, building = site.policy, site.building
    for tier in person.tiers:
        yield _Naming("tiers", "tier", tier, policy.tiers)
    if person.organisation is not None:
        yield _Naming("organisation", "organisation", person.organisation, policy.organisations)
    for held in person.certifications:
        yield _Naming("certifications", "certification", held.id, policy.certifications)
    if person.host is not None:
        yield _Naming("host", "person", person.host, roster.people)
    for grant in person.grants:
        yield from (_Naming("grants", "door", door, building.doors) for door in grant.doors)
        yield from (_Naming("grants", "space", space, building.spaces) for space in grant.spaces)


def _told(path: Path, person: Person, naming: _Naming) -> str:
    where = (
        "the file" if naming.key == "host" else "building.toml" if naming.key == "grants" else "policy.toml"
    )
    near = "" if naming.key == "host" else meant(naming.name, naming.known)
    return f"{path}: person {person.id}: {naming.key}: {where} has no {naming.noun} {naming.name}{near}"
