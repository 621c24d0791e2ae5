"""Where somebody can enter: every door at an instant, or the hours of every door over days, with what is still needed.

Exact to the second: what may change a decision of theirs changes at the edges that are looked at, and nowhere between.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise

import msgspec

from policies.analysis.needs import Need, Needs, in_order
from policies.analysis.questions.entry import Entry, entry_reader
from policies.analysis.when import changes
from policies.engine import Engine
from policies.holders import Card
from policies.ids import BadgeId, DoorId, PersonId
from policies.request import NO_VIEW, LiveState
from policies.timetable import completed


class Hours(msgspec.Struct, frozen=True, rename={"since": "from"}):
    """A stretch of time, [since, until), in which somebody can enter with `needs`."""

    since: datetime
    until: datetime
    needs: tuple[Need, ...]


def badges_of(engine: Engine, person: PersonId) -> tuple[BadgeId, ...]:
    """Return all badges of somebody, whatever their state."""
    return engine.holders.badges_of(person)


def what_can(
    engine: Engine, person: PersonId, at: datetime, state: LiveState = NO_VIEW
) -> dict[DoorId, tuple[Need, ...]]:
    """Return the doors at which the person can enter at `at`, in the building's order, with what is still needed.

    A door whose mode the state does not name is in the one of its schedule.
    """
    state = completed(state, engine.building.doors.values(), engine.policy, at)
    badges = badges_of(engine, person)
    found = ((door, _needs(engine, door, badges, at, state)) for door in engine.building.doors)
    return {door: in_order(needs) for door, needs in found if needs is not None}


def hours(
    engine: Engine, person: PersonId, since: datetime, until: datetime, state: LiveState = NO_VIEW
) -> dict[DoorId, tuple[Hours, ...]]:
    """Return when, in [since, until), the person can enter at which doors; doors that stay shut are left out."""
    badges = badges_of(engine, person)
    own = [at.astimezone(since.tzinfo) for at in _edges_of(engine, badges) if since <= at <= until]
    found = {}
    for name, door in engine.building.doors.items():
        edges = [since, *own, *changes(engine, since, door, until - since), until]
        inside = sorted({at for at in edges if since <= at <= until})
        spans = [
            (begin, end, _needs(engine, name, badges, begin, completed(state, [door], engine.policy, begin)))
            for begin, end in pairwise(inside)
        ]
        found[name] = tuple(_merged(spans))
    return {door: spans for door, spans in found.items() if spans}


def _needs(
    engine: Engine, door: DoorId, badges: Iterable[BadgeId], at: datetime, state: LiveState
) -> Needs | None:
    reader = entry_reader(engine, door)
    return Entry(engine, reader, at, state).least(badges) if reader is not None else None


def _merged(spans: Iterable[tuple[datetime, datetime, Needs | None]]) -> Iterator[Hours]:
    """Yield the stretches in which one can enter, those with the same needs made one."""
    last: Hours | None = None
    for begin, end, needs in spans:
        now = None if needs is None else in_order(needs)
        if last is not None and last.until == begin and last.needs == now:
            last = Hours(last.since, end, last.needs)
            continue
        if last is not None:
            yield last
        last = None if now is None else Hours(begin, end, now)
    if last is not None:
        yield last


def _edges_of(engine: Engine, badges: Iterable[BadgeId]) -> Iterator[datetime]:
    """Yield when the badges, their person, and their person's host begin and end to have their rights."""
    for badge in badges:
        card: Card = engine.holders.cards[badge]
        yield from _limits(
            card.badge.valid_from if card.badge else None, card.badge.valid_until if card.badge else None
        )
        person = card.holder.person
        host = (
            engine.holders.people.get(person.host) if person is not None and person.host is not None else None
        )
        for who in (person, host.person if host is not None else None):
            if who is None:
                continue
            yield from _limits(who.valid_from, who.valid_until, *(held.until for held in who.certifications))
            yield from _limits(*(at for grant in who.grants for at in (grant.valid_from, grant.valid_until)))


def _limits(*limits: datetime | None) -> Iterator[datetime]:
    yield from (limit for limit in limits if limit is not None)
