"""`totem policy decide DIR --people FILE --taps FILE`: one decision a tap, as JSON lines."""

import argparse
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
        state = _state(tap, presence)
        decision = engine.decide(tap.request, state)
        if decision.grants:
            presence.add([_passage(site, tap, decision, number)])
        print(json(_line(engine, tap, state, decision)))
    return 0


def _state(tap: Tap, presence: Presence) -> LiveState:
    """Return the state that the tap brings along, completed by the presence that the taps before it left."""
    given = tap.state
    return LiveState(
        given.modes,
        presence.counts() if given.counts is None else given.counts,
        presence.inside if given.inside is None else given.inside,
    )


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
