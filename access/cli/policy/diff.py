"""`totem policy diff OLD NEW`: who gains which door by a change, who loses one, and when, exactly."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from access.cli import FOUND_OR_REFUSED
from access.cli.policy.inputs import (
    add_directory,
    add_instant,
    add_language,
    in_language,
    instant,
    json,
    people_of,
    site_of,
)
from policies.analysis.changes.diff import Difference, Timetable, diff, timetables
from policies.analysis.changes.diff_summary import Summary, concerned, plainest_first, summary, summary_told
from policies.analysis.changes.diff_words import SAME, difference_told, timetable_told
from policies.analysis.changes.doorways import Turn
from policies.analysis.changes.week import Week, usual_week
from policies.analysis.phrases import plain
from policies.analysis.taps.flips import Outcome, Tap
from policies.analysis.taps.space import Space
from policies.analysis.taps.standings import Group
from policies.building import ScheduledMode
from policies.decision import Message
from policies.ids import DoorId
from policies.request import DoorMode

_MOST_TOLD, _MOST_NAMED = 10, 8
SUMMARY = "Tell who gains which door by a change, who loses one, and when, each with a tap that shows it."


class _Difference(msgspec.Struct, frozen=True):
    """One difference as `--json` prints it; whoever holds more tiers than `who` says may turn with them."""

    turn: Turn
    modes: tuple[DoorMode, ...]
    doors: tuple[DoorId, ...]
    who: tuple[Group, ...]
    when: Week
    tap: Tap
    old: Outcome
    new: Outcome


class _Timetable(msgspec.Struct, frozen=True):
    """Doors in another mode by schedule; null is the normal mode."""

    doors: tuple[DoorId, ...]
    old: ScheduledMode | None
    new: ScheduledMode | None
    when: Week


class _Answer(msgspec.Struct, frozen=True):
    """What `--json` prints."""

    summary: Summary
    differences: tuple[_Difference, ...]
    timetables: tuple[_Timetable, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    add_directory(parser, "old", "OLD")
    add_directory(parser, "new", "NEW")
    add_instant(parser)
    parser.add_argument("--people", type=Path, metavar="FILE", help="tell only what concerns somebody in it")
    parser.add_argument("--all", action="store_true", help=f"print more than {_MOST_TOLD} differences")
    add_language(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object with every difference")


def run(arguments: argparse.Namespace) -> int:
    """Compare, and print what differs; anything is a finding."""
    old, new = site_of(arguments.old), site_of(arguments.new)
    space = Space([old, new], instant(arguments.at, new))
    turned, modes = diff(space), timetables(space)
    if arguments.json:
        differences = tuple(
            _Difference(
                each.turn,
                each.modes,
                each.doors,
                each.groups,
                _week(each.quarters, space),
                each.tap,
                each.old,
                each.new,
            )
            for each in turned
        )
        print(json(_Answer(summary(turned), differences, tuple(_timetable(each, space) for each in modes))))
    else:
        told = [*_in_words(turned, space, arguments), *(timetable_told(each, space) for each in modes)]
        print("\n".join(in_language(each, arguments) for each in told or [SAME]))
    return FOUND_OR_REFUSED if turned or modes else 0


def _in_words(turned: Sequence[Difference], space: Space, arguments: argparse.Namespace) -> Iterator[Message]:
    """Yield a summary, then the differences, the plainest first: a few of them, all, or those of some people."""
    if not turned:
        return
    people = None if arguments.people is None else people_of(arguments.people, space.sites[1]).people
    every = [
        (each, [] if people is None else concerned(each, people.values(), space))
        for each in plainest_first(turned)
    ]
    told = [(each, who) for each, who in every if people is None or who]
    yield summary_told([each for each, _ in told], space)
    for number, (each, who) in enumerate(told):
        if number == _MOST_TOLD and not arguments.all:
            yield Message("… (--all dit tout)", "… (--all tells everything)")
            return
        yield difference_told(each, space)
        if who:
            yield plain(
                f"    {len(who)}: {', '.join(who[:_MOST_NAMED])}{' …' if len(who) > _MOST_NAMED else ''}"
            )
    if people is not None and not told:
        yield Message("personne du fichier n’est concerné", "nobody in the file is concerned")


def _timetable(timetable: Timetable, space: Space) -> _Timetable:
    return _Timetable(timetable.doors, timetable.old, timetable.new, _week(timetable.quarters, space))


def _week(quarters: int, space: Space) -> Week:
    return usual_week(space.world.clock, space.sites[1].policy.calendar, quarters)
