"""`totem policy decide DIR --people FILE --taps FILE`: one decision a tap, as JSON lines."""

import argparse
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from access.cli.policy.inputs import add_directory, add_people, existing_file, json, people_of, site_of
from access.cli.taps import Tap, read_taps
from policies.analysis.when import next_grant
from policies.decision import Decision, Effect, Flag, Message, Reason, message
from policies.engine import Engine
from policies.ids import DoorId, PersonId, RuleId, SourceId, SpaceId
from policies.loader import Site
from policies.presence import Passage, Presence
from policies.request import LiveState
from policies.roster import Roster, is_random_uid
from policies.timetable import completed

SUMMARY = "Print one decision a tap, as JSON lines."

_SOURCE = SourceId("taps")


class _Line(msgspec.Struct, frozen=True):
    """One decision as it is printed."""

    effect: Effect
    reason: Reason
    rules: tuple[RuleId, ...]
    person: PersonId | None
    door: DoorId | None
    space: SpaceId | None
    message: Message
    next: datetime | None
    flags: tuple[Flag, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    add_people(parser)
    parser.add_argument("--taps", type=Path, required=True, metavar="FILE", help="JSON lines of taps")
    add_directory(parser)


def run(arguments: argparse.Namespace) -> int:
    """Decide the taps in their order; each line is printed as it is decided."""
    site, taps = site_of(arguments.directory), existing_file(arguments.taps)
    roster = people_of(arguments.people, site)
    engine = Engine(site.policy, site.building, roster)
    presence = Presence(site.building)
    for number, tap in enumerate(read_taps(taps, site.building, roster)):
        state = _state(tap, presence, site, roster)
        decision = _decide(engine, tap, state, site, roster)
        if decision.grants:
            presence.add([_passage(site, tap, decision, number)])
        print(json(_line(engine, tap, _later(tap, state), decision)))
    return 0


def _decide(engine: Engine, tap: Tap, state: LiveState, site: Site, roster: Roster) -> Decision:
    """Decide as a door does, whose reader takes no random serial number for a badge."""
    badge, reader = tap.request.badge, tap.request.reader
    if is_random_uid(badge) and badge not in roster.badges:
        door, reached = site.building.readers[reader].door, site.building.passage(reader)[1]
        return Decision(Effect.DENY, Reason.AUTHENTICATION_FACTOR_ERROR, door=door, space=reached)
    return engine.decide(tap.request, state)


def _state(tap: Tap, presence: Presence, site: Site, roster: Roster) -> LiveState:
    """Return the state that the tap brings along, completed by the door's schedule and by what taps before it left."""
    given, building = tap.state, site.building
    door = building.doors[building.readers[tap.request.reader].door]
    inside = presence.inside if given.inside is None else given.inside
    known = LiveState(
        given.modes,
        presence.counts() if given.counts is None else given.counts,
        inside,
        _since(tap, presence, inside, roster) if given.since is None else given.since,
    )
    return completed(known, [door], site.policy, tap.request.at)


def _later(tap: Tap, state: LiveState) -> LiveState:
    """Return the state as it stays: only the modes that the tap brings along, as those by schedule change."""
    return msgspec.structs.replace(state, modes=tap.state.modes)


def _since(
    tap: Tap, presence: Presence, inside: Mapping[PersonId, SpaceId], roster: Roster
) -> dict[PersonId, datetime]:
    """Return since when the person who taps is where they are, if the taps before tell."""
    badge = roster.badges.get(tap.request.badge)
    who = badge.person if badge is not None else None
    stay = presence.stays.get(who) if who is not None else None
    if who is None or stay is None or inside.get(who) != stay.target:
        return {}
    return {who: stay.at}


def _passage(site: Site, tap: Tap, decision: Decision, number: int) -> Passage:
    reader = tap.request.reader
    origin, target = site.building.passage(reader)
    door = site.building.readers[reader].door
    return Passage(tap.request.at, _SOURCE, 1, number, door, origin, target, decision.person)


def _line(engine: Engine, tap: Tap, state: LiveState, decision: Decision) -> _Line:
    is_refused = decision.effect is Effect.DENY and decision.person is not None
    return _Line(
        decision.effect,
        decision.reason,
        decision.rules,
        decision.person,
        decision.door,
        decision.space,
        message(decision.reason),
        next_grant(engine, tap.request, state) if is_refused else None,
        decision.flags,
    )
