"""`totem policy what-can DIR PERSON --people FILE`: the doors that open to somebody, at a time or over a week."""

import argparse
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

import msgspec

from access.cli import WrongUse
from access.cli.policy.inputs import (
    add_directory,
    add_instant,
    add_language,
    add_people,
    in_language,
    instant,
    json,
    people_of,
    site_of,
)
from access.cli.policy.who_can import mode_told, needs_told
from policies.analysis.needs import Need
from policies.analysis.phrases import WEEKDAYS, joined, plain
from policies.analysis.questions.approach import cut_off, free_doors
from policies.analysis.questions.reach import Hours, hours, what_can
from policies.decision import Message
from policies.engine import Engine
from policies.ids import DoorId, PersonId
from policies.loader import Site
from policies.request import DoorMode
from policies.schedule import Weekday
from policies.timetable import modes_at

SUMMARY = "Print the doors that open to somebody, at a time or over the seven days from it."
_WEEK = timedelta(days=7)


class _Now(msgspec.Struct, frozen=True):
    """What `--json` prints; `cut_off` are the doors that the person does not get to, as nothing opens on the way.

    `modes` has those of the doors that are in another mode than normal, by their schedules.
    """

    person: PersonId
    at: datetime
    doors: Mapping[DoorId, tuple[Need, ...]]
    cut_off: tuple[DoorId, ...]
    modes: Mapping[DoorId, DoorMode]


class _Week(msgspec.Struct, frozen=True, rename={"since": "from"}):
    """What `--json --week` prints."""

    person: PersonId
    since: datetime
    until: datetime
    doors: Mapping[DoorId, tuple[Hours, ...]]
    cut_off: tuple[DoorId, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    add_directory(parser)
    parser.add_argument("person", metavar="PERSON", help="id of somebody in the people file")
    add_people(parser)
    add_instant(parser)
    parser.add_argument("--week", action="store_true", help="the hours of seven days instead of one time")
    add_language(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Ask, and print the doors in the building's order."""
    site = site_of(arguments.directory)
    roster = people_of(arguments.people, site)
    if arguments.person not in roster.people:
        raise WrongUse(f"{arguments.person}: nobody has this id; expected one of {arguments.people}")
    engine, who = Engine(site.policy, site.building, roster), PersonId(arguments.person)
    at = instant(arguments.at, site)
    if arguments.week:
        week = hours(engine, who, at, at + _WEEK)
        shut = cut_off(site.building, week, free_doors(site, at, _WEEK))
        lines = _of_the_week(week, site)
        answer: msgspec.Struct = _Week(who, at, at + _WEEK, week, shut)
    else:
        doors = what_can(engine, who, at)
        shut = cut_off(site.building, doors, free_doors(site, at))
        modes = modes_at(map(site.building.doors.__getitem__, doors), site.policy, at)
        lines = _of_now(doors, modes, site, at)
        answer = _Now(who, at, doors, shut, modes)
    if arguments.json:
        print(json(answer))
        return 0
    told = [*lines, *_shut(shut)]
    print(in_language(joined(told, plain("\n")) if told else Message("aucune porte", "no door"), arguments))
    return 0


def _of_now(
    doors: Mapping[DoorId, tuple[Need, ...]], modes: Mapping[DoorId, DoorMode], site: Site, at: datetime
) -> Iterator[Message]:
    for door, needs in doors.items():
        how = [needs_told(needs, site, at)] if needs else []
        told = joined([*how, *mode_told(modes.get(door, DoorMode.NORMAL), is_scheduled=True)])
        yield Message(f"{door} : {told.fr}", f"{door}: {told.en}") if told.en else plain(door)


def _shut(doors: Iterable[DoorId]) -> Iterator[Message]:
    """Yield a warning where somebody does not get to doors that would open to them."""
    if names := ", ".join(doors):
        yield Message(
            f"mais aucun chemin ne s’ouvre jusqu’à : {names}", f"but no way opens as far as: {names}"
        )


def _of_the_week(doors: Mapping[DoorId, tuple[Hours, ...]], site: Site) -> Iterator[Message]:
    for door, spans in doors.items():
        yield plain(f"{door}")
        for span in spans:
            begin, end = _wall(span.since, site), _wall(span.until, site)
            how = needs_told(span.needs, site, span.since)
            more = Message(f" {how.fr}", f" {how.en}") if span.needs else plain("")
            yield Message(f"  {begin.fr} – {end.fr}{more.fr}", f"  {begin.en} – {end.en}{more.en}")


def _wall(at: datetime, site: Site) -> Message:
    local = site.policy.calendar.local(at)
    day, clock = WEEKDAYS[Weekday(local.day.weekday())], f"{local.minute // 60:02}:{local.minute % 60:02}"
    return Message(f"{day.fr} {local.day} {clock}", f"{day.en} {local.day} {clock}")
