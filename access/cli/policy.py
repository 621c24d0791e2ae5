"""`totem policy`: check a building and its policy, and decide taps from files."""

import argparse
import sys
from datetime import datetime
from pathlib import Path

import msgspec

from access.cli import FOUND_OR_REFUSED, WRONG_USE
from access.cli.taps import Tap, read_people, read_taps
from policies.decision import Decision, Effect, Flag, Message, Reason, message
from policies.engine import Engine, next_grant
from policies.errors import Finding, LoadError
from policies.ids import DoorId, PersonId, RuleId, SourceId, SpaceId
from policies.loader import Site, load
from policies.presence import Passage, Presence
from policies.request import LiveState

SUMMARY = "Check a building and its policy, and decide taps from files."

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


class _Report(msgspec.Struct, frozen=True):
    """What `check --json` prints: the version of what is right, or everything that is wrong."""

    version: str | None
    findings: tuple[Finding, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the verbs."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
    check = verbs.add_parser("check", help="print every error as FILE:LINE: key: message")
    check.add_argument("--json", action="store_true", help="print one JSON object")
    decide = verbs.add_parser("decide", help="print one decision a tap, as JSON lines")
    decide.add_argument("--people", type=Path, required=True, metavar="FILE", help="JSON array of people")
    decide.add_argument("--taps", type=Path, required=True, metavar="FILE", help="JSON lines of taps")
    for verb in (check, decide):
        verb.add_argument(
            "directory", type=Path, metavar="DIR", help="where building.toml and policy.toml are"
        )


def run(arguments: argparse.Namespace) -> int:
    """Do one verb."""
    if not arguments.directory.is_dir():
        return _wrong_use(f"{arguments.directory}: expected a directory with building.toml and policy.toml")
    if arguments.verb == "check":
        return _check(arguments.directory, as_json=arguments.json)
    for path in (arguments.people, arguments.taps):
        if not path.is_file():
            return _wrong_use(f"{path}: expected a file")
    return _decide(arguments.directory, arguments.people, arguments.taps)


def _wrong_use(what: str) -> int:
    print(f"totem policy: {what}", file=sys.stderr)
    return WRONG_USE


def _check(directory: Path, *, as_json: bool) -> int:
    try:
        site = load(directory)
    except LoadError as error:
        print(_json(_Report(None, error.findings)) if as_json else error)
        return FOUND_OR_REFUSED
    print(_json(_Report(site.policy.version, ())) if as_json else _summary(directory, site))
    return 0


def _summary(directory: Path, site: Site) -> str:
    building, policy = site
    parts = f"{len(building.spaces)} spaces, {len(building.doors)} doors, {len(policy.rules)} rules"
    return f"{directory}: {parts}, version {policy.version}: no errors"


def _decide(directory: Path, people: Path, taps: Path) -> int:
    try:
        site = load(directory)
    except LoadError as error:
        print(error, file=sys.stderr)
        return FOUND_OR_REFUSED
    roster = read_people(people)
    engine = Engine(site.policy, site.building, roster)
    presence = Presence(site.building)
    for number, tap in enumerate(read_taps(taps, site.building, roster)):
        state = _state(tap, presence)
        decision = engine.decide(tap.request, state)
        if decision.grants:
            presence.add([_passage(site, tap, decision, number)])
        print(_json(_line(engine, tap, state, decision)))
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


def _json(struct: msgspec.Struct) -> str:
    return msgspec.json.encode(struct).decode()
