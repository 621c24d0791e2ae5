"""`totem policy who-can DIR DOOR --people FILE`: everybody whom a door opens to, and what each still needs."""

import argparse
from collections.abc import Iterator
from datetime import datetime

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
from policies.analysis.explanation.words import phrase_of_another
from policies.analysis.needs import Need
from policies.analysis.phrases import MODES, glued, joined, plain
from policies.analysis.questions.entrants import Entrants, who_can
from policies.decision import Message
from policies.engine import Engine
from policies.ids import DoorId, PersonId
from policies.loader import Site
from policies.request import DoorMode
from policies.timetable import modes_at
from policies.toml.words import meant

SUMMARY = "Print everybody whom a door opens to at a time, and what each of them still needs."
AT_ONCE = Message("sans rien de plus", "as they are")


class _Group(msgspec.Struct, frozen=True):
    needs: tuple[Need, ...]
    people: list[PersonId]


class _Answer(msgspec.Struct, frozen=True):
    """What `--json` prints."""

    door: DoorId
    at: datetime
    mode: DoorMode
    groups: tuple[_Group, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    add_directory(parser)
    parser.add_argument("door", metavar="DOOR", help="id of a door")
    add_people(parser)
    add_instant(parser)
    parser.add_argument(
        "--mode", choices=[mode.value for mode in DoorMode], help="the door's mode (the one of its schedule)"
    )
    add_language(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Ask, and print those who need least first."""
    site = site_of(arguments.directory)
    if arguments.door not in site.building.doors:
        near = meant(arguments.door, site.building.doors)
        raise WrongUse(f"{arguments.door}: there is no such door; expected one of building.toml{near}")
    engine = Engine(site.policy, site.building, people_of(arguments.people, site))
    at, door = instant(arguments.at, site), site.building.doors[DoorId(arguments.door)]
    scheduled = modes_at([door], site.policy, at).get(door.id, DoorMode.NORMAL)
    mode = scheduled if arguments.mode is None else DoorMode(arguments.mode)
    found = who_can(engine, door.id, at, mode=mode)
    if arguments.json:
        groups = tuple(_Group(group.needs, group.people) for group in found.groups)
        print(json(_Answer(found.door, found.at, mode, groups)))
    else:
        lines = [*mode_told(mode, is_scheduled=arguments.mode is None), _told(found, site)]
        print(in_language(joined(lines, plain("\n")), arguments))
    return 0


def mode_told(mode: DoorMode, *, is_scheduled: bool) -> Iterator[Message]:
    """Yield the mode that is answered for, and where it comes from; the normal one goes without saying."""
    if mode is not DoorMode.NORMAL:
        by = Message(" (selon son horaire)", " (by its schedule)") if is_scheduled else Message("", "")
        yield glued(MODES[mode], by)


def _told(found: Entrants, site: Site) -> Message:
    if not any(group.number for group in found.groups):
        return Message("personne", "nobody")
    lines = []
    for group in found.groups:
        how, names = needs_told(group.needs, site, found.at), ", ".join(group.people)
        lines.append(Message(f"{how.fr} ({group.number}) : {names}", f"{how.en} ({group.number}): {names}"))
    return joined(lines, plain("\n"))


def needs_told(needs: tuple[Need, ...], site: Site, at: datetime) -> Message:
    """Return what is still needed in a few words."""
    if not needs:
        return AT_ONCE
    return joined(
        [phrase_of_another(need, site.policy.calendar, at) for need in needs], Message(" et ", " and ")
    )
