"""`totem policy replay OLD NEW --events FILE --people FILE`: which past decisions the new policy would flip."""

import argparse
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec

from access.cli import FOUND_OR_REFUSED, WrongUse
from access.cli.policy.inputs import (
    add_directory,
    add_language,
    add_people,
    in_language,
    json,
    people_of,
    site_of,
)
from access.services.past_taps import PastTaps, journals
from policies.analysis.changes.replay import Flip, Outcome, Replay
from policies.analysis.phrases import joined, plain
from policies.decision import Message
from policies.ids import DoorId, ReaderId
from policies.loader import Site

SUMMARY = "Decide past taps again, by an old and a new policy, and print those that flip."
_MOST_TOLD = 50


class _Answer(msgspec.Struct, frozen=True):
    """What `--json` prints; `skipped` tell of no badge any more, `unknown` of one that nobody has."""

    decided: int
    skipped: int
    unknown: int
    flips: tuple[Flip, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    add_directory(parser, "old", "OLD")
    add_directory(parser, "new", "NEW")
    parser.add_argument(
        "--events",
        type=Path,
        required=True,
        metavar="PATH",
        help="lines of events, such as a journal, or a directory of journals",
    )
    add_people(parser)
    add_language(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object with every flip")


def run(arguments: argparse.Namespace) -> int:
    """Replay, and print the flips; any is a finding."""
    if not arguments.events.exists():
        raise WrongUse(f"{arguments.events}: expected a file of events, or a directory with journals")
    old, new = site_of(arguments.old), site_of(arguments.new)
    replay, events = (
        Replay(old, new, people_of(arguments.people, new)),
        PastTaps(journals(arguments.events)),
    )
    flips = tuple(replay.flips(events.taps()))
    if arguments.json:
        print(json(_Answer(replay.decided, events.skipped, replay.unknown, flips)))
    else:
        lines = [*_summary(replay, events, flips), *_by_door(flips, old, new), *_told(flips)]
        print(in_language(joined(lines, plain("\n")), arguments))
    return FOUND_OR_REFUSED if flips else 0


def _summary(replay: Replay, events: PastTaps, flips: tuple[Flip, ...]) -> Iterator[Message]:
    """Yield first what cannot be decided, as the numbers after it say nothing of those taps."""
    if replay.unknown:
        yield Message(
            f"{replay.unknown} par des badges absents du fichier des personnes : refusés des deux côtés",
            f"{replay.unknown} by badges that the people file does not have: refused by both",
        )
    if events.skipped:
        yield Message(
            f"{events.skipped} sans badge connu, laissés de côté",
            f"{events.skipped} without a badge, left out",
        )
    yield Message(
        f"{replay.decided} passages de badge, {len(flips)} décidés autrement",
        f"{replay.decided} taps, {len(flips)} decided otherwise",
    )


def _by_door(flips: tuple[Flip, ...], old: Site, new: Site) -> Iterator[Message]:
    totals = Counter((_door(flip.reader, old, new), _name(flip.old), _name(flip.new)) for flip in flips)
    for (door, before, after), number in sorted(totals.items()):
        yield plain(f"{number:>8}  {door}: {before} → {after}")


def _told(flips: tuple[Flip, ...]) -> Iterator[Message]:
    for flip in islice(flips, _MOST_TOLD):
        change = f"{_name(flip.old)} → {_name(flip.new)}"
        yield plain(f"{flip.id}  {flip.at.isoformat()}  {flip.reader}  {flip.person}  {change}")
    if len(flips) > _MOST_TOLD:
        more = len(flips) - _MOST_TOLD
        yield Message(
            f"… et {more} autres (--json les donne tous)", f"… and {more} more (--json has them all)"
        )


def _door(reader: ReaderId, old: Site, new: Site) -> DoorId | ReaderId:
    side = old.building.readers.get(reader) or new.building.readers.get(reader)
    return side.door if side else reader


def _name(outcome: Outcome) -> str:
    return outcome.reason.value if outcome.reason else "no such reader"
