"""Everybody and every badge as doors know them, one after the other: a city's would not fit twice into memory."""

from collections.abc import Iterator

from msgspec import UNSET
from sqlalchemy import select
from sqlalchemy.orm import Session

from access.store import certifications, grants
from access.store.door_models import PinRow
from access.store.models import BadgeRow, PersonRow, TierHeldRow
from policies.ids import BadgeId, OrganisationId, PersonId, TierId
from policies.roster import Badge, BadgeKind, BadgeStatus, Person, ResidentType

_AT_ONCE = {"yield_per": 5_000}


def people(session: Session) -> Iterator[Person]:
    """Yield everybody."""
    row = PersonRow
    columns = (row.id, row.type, row.organisation, row.valid_from, row.valid_until, row.suspended)
    query = select(*columns, row.extended_opening, row.host).order_by(row.id)
    trained, granted = certifications.held(session, None), grants.held(session, None)
    pins = {person: pin for person, pin in session.execute(select(PinRow.person, PinRow.hash))}  # noqa: C416  (a row is no pair to mypy)
    types = {each.value: each for each in ResidentType}
    tiers = _Tiers(session)
    for found in session.execute(query, execution_options=_AT_ONCE):
        name, kind, organisation, since, until, suspended, longer, host = found
        yield Person(
            PersonId(name),
            types[kind],
            OrganisationId(organisation) if organisation is not None else None,
            tiers.of(name),
            tuple(trained.get(name, ())),
            tuple(granted.get(name, ())),
            since,
            until,
            suspended,
            longer,
            PersonId(host) if host is not None else None,
            pins.get(name, UNSET),
        )


def badges(session: Session) -> Iterator[Badge]:
    """Yield every badge."""
    row = BadgeRow
    query = select(row.id, row.kind, row.person, row.status, row.valid_from, row.valid_until)
    kinds = {each.value: each for each in BadgeKind}
    states = {each.value: each for each in BadgeStatus}
    for name, kind, person, status, since, until in session.execute(query, execution_options=_AT_ONCE):
        holder = PersonId(person) if person is not None else None
        yield Badge(BadgeId(name), kinds[kind], holder, states[status], since, until)


class _Tiers:
    """The tiers of people who come in the database's own order of their ids."""

    def __init__(self, session: Session) -> None:
        row = TierHeldRow
        query = select(row.person, row.tier).order_by(row.person, row.tier)
        self._held = iter(session.execute(query, execution_options=_AT_ONCE))
        self._next = next(self._held, None)

    def of(self, person: str) -> tuple[TierId, ...]:
        """Return what somebody holds; each is asked about once, in order."""
        held: list[TierId] = []
        while self._next is not None and self._next[0] == person:
            held.append(TierId(self._next[1]))
            self._next = next(self._held, None)
        return tuple(held)
