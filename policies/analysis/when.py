"""When a tap would be granted. Only time moves: state, badge, proof and companions stay as they are.

Where the state does not name the mode of the door it is by its schedule, which time moves too.

Between two of its `moments` a refusal stays one: rules open and shut on quarter-hours, a PIN is asked for or no
longer, and what has a beginning of its own (a badge, a person, a temporary grant) begins once. Ends open nothing.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from policies import conditions as on
from policies.building import Door, Passback
from policies.decision import Effect
from policies.engine import Engine
from policies.request import AccessRequest, LiveState
from policies.schedule import quarters
from policies.timetable import completed, scheduled_mode

HORIZON = timedelta(days=8)
"""How far ahead is looked: a week and a day, so that every weekly window comes up (docs/policies.md)."""


def next_grant(
    engine: Engine, request: AccessRequest, state: LiveState, within: timedelta = HORIZON
) -> datetime | None:
    """Return the first instant from the tap on, in its zone, at which it would be granted; None if not `within`."""
    door = engine.building.doors[engine.portals[request.reader].door]
    for at in (request.at, *moments(engine, request, state, within)):
        then = completed(state, [door], engine.policy, at)
        if engine.decide(msgspec.structs.replace(request, at=at), then).effect is Effect.GRANT:
            return at
    return None


def moments(
    engine: Engine, request: AccessRequest, state: LiveState, within: timedelta = HORIZON
) -> list[datetime]:
    """Return the instants after the tap, rising and in its zone, at which a refusal may become a grant."""
    zone, until = request.at.tzinfo, request.at + within
    door = engine.building.doors[engine.portals[request.reader].door]
    begins = (
        begin.astimezone(zone)
        for begin in _beginnings(engine, request, state, door)
        if request.at
        < begin
        <= until  # before the zone's own: one without an end may be the last day there is
    )
    return sorted({*begins, *changes(engine, request.at, door, within)})


def changes(engine: Engine, at: datetime, door: Door, within: timedelta) -> Iterator[datetime]:
    """Yield the quarter-hours at which a rule opens or shuts, or the door asks for a PIN or changes its mode."""
    policy = engine.policy
    before = engine.rules.open_mask(at), on.pin_asked(door, policy, at), scheduled_mode(door, policy, at)
    for moment in quarters(at, within):
        now = (
            engine.rules.open_mask(moment),
            on.pin_asked(door, policy, moment),
            scheduled_mode(door, policy, moment),
        )
        if now != before:
            yield moment
        before = now


def _beginnings(engine: Engine, request: AccessRequest, state: LiveState, door: Door) -> Iterator[datetime]:
    """Yield when the badge, somebody at the door or one of their grants begins, and when a timed anti-passback ends."""
    card = engine.holders.cards.get(request.badge)
    if card is None:
        return
    if card.badge is not None and card.badge.valid_from is not None:
        yield card.badge.valid_from
    there = (card.holder, *filter(None, map(engine.holders.people.get, request.companions)))
    for person in (holder.person for holder in there if holder.person is not None):
        if person.valid_from is not None:
            yield person.valid_from
        yield from (grant.valid_from for grant in person.grants)
    since = (state.since or {}).get(card.holder.id) if card.holder.id is not None else None
    if since is not None and door.passback is Passback.TIMED:
        yield since + timedelta(seconds=door.passback_s)
