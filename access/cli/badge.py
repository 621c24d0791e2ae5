"""`totem badge issue|read|rekey|wipe`: cards on a desk reader, made badges of the site and given back.

The desk's settings (`--desk`) name its reader, the home of its keys and what the site's badges look like. Issued badges
are recorded at the server over its API.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import msgspec

from access.cli.credentials import open_keys
from access.cli.desk import Desk, take_any
from access.cli.records import Records
from access.errors import Conflict, NotFound, SettingsError, TotemError
from access.site.wiring import Wiring
from policies.ids import BadgeId, PersonId, ReaderId
from policies.request import Assurance
from policies.roster import BadgeKind
from readers import errors, settings
from readers.credentials.desfire import issuing as desfire
from readers.credentials.exchange import Conversation, Found, Identified, Rejected
from readers.credentials.issuing import Draw, Failed, Issued, Wiped
from readers.credentials.ntag424 import issuing as ntag424
from readers.credentials.schemes import Scheme
from readers.credentials.session import identify
from readers.daemon import Credentials
from readers.ports import Card, KeyStore
from readers.settings import DeskSettings

SUMMARY = "Issue, read, re-key or wipe badges on a desk reader."

_KINDS = [kind.value for kind in BadgeKind]
_WRITTEN = (BadgeKind.DESFIRE, BadgeKind.NTAG424)
_NUMBER_ALONE = (
    "no badge of this site, only a number, which can be copied: it opens if that was issued as one"
)
_NOTHING_ON_IT = (
    "it is as from the factory, so there was nothing to wipe: nothing was written, and no badge was revoked "
    "(where a wipe of it was broken off before, that one revoked its badge)"
)
_NOTHING_TOLD = (
    "it is blank now, but which badge it held is not known: none where its issuing was broken off, one that is "
    "revoked already where a wipe was; for any other, revoke the badge of whoever had the card at the server"
)
_T = TypeVar("_T")


class Refused(TotemError):
    """The card, or the work on it, did not come to what was wanted."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    issue = actions.add_parser("issue", help="make a card somebody's badge, and record it at the server")
    issue.add_argument("person", metavar="PERSON", help="the id of who gets it")
    issue.add_argument("--kind", choices=_KINDS, default="desfire", help="what the card is (default desfire)")
    read = actions.add_parser("read", help="say whose badge a card is to a door, and how well it proves it")
    rekey = actions.add_parser("rekey", help="give a badge the newest keys")
    wipe = actions.add_parser("wipe", help="take the site off a card, and revoke its badge at the server")
    for action in (rekey, wipe):
        action.add_argument("--kind", choices=[kind.value for kind in _WRITTEN], default="desfire")
    for action in (issue, read, rekey, wipe):
        action.add_argument("--desk", type=Path, required=True, metavar="FILE", help="the desk's settings")
        action.add_argument("--reader", required=True, help="which of the desk's readers")
        action.add_argument("--json", action="store_true", help="print the result as JSON")
    for action in (issue, wipe):
        action.add_argument(
            "--server", default="http://127.0.0.1:8000", metavar="URL", help="(default %(default)s)"
        )
        action.add_argument(
            "--key", type=Path, required=True, metavar="FILE", help="the desk's key for the server"
        )


def run(arguments: argparse.Namespace) -> int:
    """Do it; the result is all that goes to stdout."""
    try:
        chosen = settings.load_desk(arguments.desk)
        keys = open_keys(chosen.keys)
        result = asyncio.run(_at_desk(arguments, chosen, keys))
    except KeyboardInterrupt:
        return 1
    except (errors.SettingsError, errors.KeyStoreFault) as error:
        raise SettingsError(str(error)) from error
    except (errors.TransportDown, TimeoutError) as error:
        raise Refused(str(error) or "the card never came to an end") from error
    print(msgspec.json.encode(result).decode() if arguments.json else "\n".join(_lines(result)))
    return 0


async def _at_desk(arguments: argparse.Namespace, chosen: DeskSettings, keys: KeyStore) -> dict[str, object]:
    wiring = Wiring(chosen, asyncio.get_running_loop())
    try:
        transport = wiring.transports.get(ReaderId(arguments.reader))
        if transport is None:
            raise NotFound(f"reader {arguments.reader}: the desk has {', '.join(wiring.transports)}")
        scheme = chosen.badges.scheme(keys.versions)
        desk = Desk(transport, Credentials(scheme, keys, tell=_tell), _tell)
        return await _ACTIONS[arguments.action](desk, Work(arguments, chosen, keys, scheme))
    finally:
        await wiring.close()


class Work(msgspec.Struct, frozen=True):
    """What the command was told, and the desk's keys."""

    arguments: argparse.Namespace
    chosen: DeskSettings
    keys: KeyStore
    scheme: Scheme

    @property
    def kind(self) -> BadgeKind:
        """Return the kind that was asked for."""
        return BadgeKind(self.arguments.kind)

    @property
    def records(self) -> Records:
        """Return the server's records."""
        return Records(self.arguments.server, self.arguments.key)

    def conversation(self, verb: str, draw: Draw) -> Conversation[Issued | Wiped | Failed]:
        """Return the work on one card of the kind asked for: `issue`, `rekey` or `wipe`."""
        badges, masters = self.chosen.badges, self.chosen.masters
        if self.kind is BadgeKind.DESFIRE:
            made = masters.desfire_desk(badges, self.keys.versions)
            works = {"issue": desfire.issue, "rekey": desfire.rekey, "wipe": desfire.wipe}
            return works[verb](made, draw)
        tags = masters.ntag424_desk(badges, self.keys.versions)
        tag_works = {"issue": ntag424.issue, "rekey": ntag424.rekey, "wipe": ntag424.wipe}
        return tag_works[verb](tags, draw)


async def issue(desk: Desk, work: Work) -> dict[str, object]:
    """Make a card the person's badge: written where it is of a kind that is written, else taken as it is."""
    person, records = PersonId(work.arguments.person), work.records
    records.expect_person(person)

    def judge(found: Found) -> str:
        try:
            if found.is_blank:
                records.expect_stock(found.uid, work.kind, person)
            if found.badge is not None:
                records.expect_free(found.badge, work.kind, person)
        except TotemError as error:
            return str(error)
        return ""

    if work.kind in _WRITTEN:
        issued = _expect(await _written(desk, work, "issue", judge), Issued)
        badge, is_new = issued.badge, issued.is_new
    else:
        badge, is_new = await _enrolled(desk, work), True
    try:
        records.record(badge, work.kind, person)
    except Conflict:
        raise
    except TotemError as error:
        raise Refused(f"badge {badge}: the card is whole, but not recorded ({error}); do it again") from error
    return {"badge": badge, "kind": work.kind.value, "person": person, "new": is_new}


async def read(desk: Desk, work: Work) -> dict[str, object]:
    """Say what a door would make of a card."""
    outcome = await _visited(desk, work)
    if outcome.assurance is Assurance.UID:
        desk.tell(_NUMBER_ALONE)
    return {"badge": outcome.badge, "assurance": outcome.assurance.name.lower()}


async def rekey(desk: Desk, work: Work) -> dict[str, object]:
    """Give a badge the newest keys."""
    issued = _expect(await _written(desk, work, "rekey"), Issued)
    return {"badge": issued.badge, "kind": issued.kind.value, "uid": issued.uid.hex()}


async def wipe(desk: Desk, work: Work) -> dict[str, object]:
    """Revoke a card's badge, then take the site off it: once it is off, nothing on the card tells whose it was."""
    records, revoked = work.records, dict[bytes, BadgeId]()

    def judge(found: Found) -> str:
        if found.badge is None:
            return ""
        try:
            if not records.withdraw(found.badge):
                desk.tell(
                    f"badge {found.badge}: the server knows none, or not one that the desk's key reaches"
                )
        except TotemError as error:
            return f"badge {found.badge}: not revoked ({error}), so nothing was wiped; do it again"
        revoked[found.uid] = found.badge
        return ""

    wiped = _expect(await _written(desk, work, "wipe", judge), Wiped)
    if wiped.uid not in revoked:
        raise Refused(f"card {wiped.uid.hex()}: {_NOTHING_ON_IT if wiped.was_blank else _NOTHING_TOLD}")
    return {"uid": wiped.uid.hex(), "badge": revoked[wiped.uid]}


_ACTIONS = {"issue": issue, "read": read, "rekey": rekey, "wipe": wipe}


async def _written(
    desk: Desk, work: Work, verb: str, judge: Callable[[Found], str] = take_any
) -> Issued | Wiped | Failed:
    return await desk.work(lambda _: work.conversation(verb, desk.credentials.draw), judge)


async def _visited(desk: Desk, work: Work) -> Identified:
    def visit(card: Card) -> Conversation[Identified | Rejected]:
        return identify(card.atr, work.scheme, desk.credentials.draw, datetime.now(UTC).date())

    outcome = await desk.work(visit)
    if isinstance(outcome, Rejected):
        why = outcome.why or "it shows nothing that identifies it here"
        raise Refused(f"the card is not a badge of this site: {why}")
    return outcome


async def _enrolled(desk: Desk, work: Work) -> BadgeId:
    """Take a card of a kind that is not written as it is, if it proves what its kind must."""
    outcome = await _visited(desk, work)
    if outcome.assurance is not work.kind.least_proof:
        raise Refused(f"the card is no {work.kind.value} badge: it proves {outcome.assurance.name.lower()}")
    return outcome.badge


def _expect(outcome: Issued | Wiped | Failed, kind: type[_T]) -> _T:
    if isinstance(outcome, Failed):
        raise Refused(outcome.why)
    if not isinstance(outcome, kind):
        raise TypeError(f"work came to {outcome!r}; expected {kind.__name__}")
    return outcome


def _lines(result: dict[str, object]) -> list[str]:
    return [f"{name:9} {'-' if value is None else value}" for name, value in result.items()]


def _tell(what: str) -> None:
    print(what, file=sys.stderr, flush=True)
