"""A site of either size with everybody in its store: the shipped building's thousand, or a city's million."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import policies
from access.authorize.authorizer import AUTHORIZER
from access.bench.city_site import city, people
from access.bench.decide import site_and_taps
from access.bench.report import Size
from access.services import Services, open_services
from policies.loader import Site, load
from policies.roster import Badge, Person

_SEED = 7


def site_of(size: Size) -> Site:
    """Return the building and its rules."""
    shipped = load(Path(policies.__file__).parent / "km0")
    return shipped if size is Size.BUILDING else city(shipped)


def everybody(size: Size) -> Iterator[tuple[Person, Badge]]:
    """Yield the people, each with a badge."""
    if size is Size.CITY:
        return people(_SEED)
    roster = site_and_taps().roster
    return ((roster.people[badge.person], badge) for badge in roster.badges.values() if badge.person)


def services_of(folder: Path, size: Size) -> Services:
    """Open the store in `folder`, with nobody in it at first, for one authorizer."""
    site, url = site_of(size), f"sqlite:///{folder}/totem.db"
    return open_services(
        url, site.building, site.policy, {AUTHORIZER: ()}, folder / "key", keeps_history=False
    )


def fill(folder: Path, size: Size) -> int:
    """Write everybody into the new store, past the services, which would take an hour; return how many."""
    services_of(folder, size).close()
    with closing(sqlite3.connect(folder / "totem.db")) as store, store:
        houses = {person.organisation for person, _ in everybody(size) if person.organisation is not None}
        store.executemany(
            "INSERT INTO organisations (id, name, version) VALUES (?, ?, 1)",
            ((each, each) for each in sorted(houses)),
        )
        store.executemany(
            "INSERT INTO people (id, name, type, organisation, valid_until, suspended, extended_opening, version)"
            " VALUES (?, 'x', ?, ?, ?, ?, ?, 1)",
            (_row(person) for person, _ in everybody(size)),
        )
        store.executemany(
            "INSERT INTO tiers_held (person, tier) VALUES (?, ?)",
            ((person.id, tier) for person, _ in everybody(size) for tier in person.tiers),
        )
        store.executemany(
            "INSERT INTO badges (id, kind, person, status, version) VALUES (?, ?, ?, ?, 1)",
            ((badge.id, badge.kind.value, badge.person, badge.status.value) for _, badge in everybody(size)),
        )
        count: int = store.execute("SELECT count(*) FROM people").fetchone()[0]
        return count


def _row(person: Person) -> tuple[object, ...]:
    until = f"{person.valid_until:%Y-%m-%d %H:%M:%S.%f}" if person.valid_until is not None else None
    return person.id, person.type.value, person.organisation, until, person.suspended, person.extended_opening
