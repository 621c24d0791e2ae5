"""`totem policy explain DIR --people FILE --reader READER --badge BADGE`: why a tap is answered as it is."""

import argparse
from collections.abc import Iterable, Iterator
from datetime import datetime

import msgspec

from access.cli import WrongUse
from access.cli.json_places import doubled
from access.cli.policy.explain_words import CONDITIONS, HEADS, MARKS
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
from access.cli.policy.who_can import needs_told
from access.cli.taps import StateForm, unknown_in_state
from policies.analysis.explanation.checks import RuleReading
from policies.analysis.explanation.explain import Explanation, explain
from policies.analysis.explanation.inquiry import Inquiry
from policies.analysis.explanation.near import NearMiss
from policies.analysis.explanation.verdicts import Check, Condition, Verdict
from policies.analysis.phrases import EFFECTS, joined, plain
from policies.decision import Decision, Message
from policies.ids import BadgeId, PersonId, ReaderId
from policies.loader import Site
from policies.policy import RuleEffect
from policies.request import Assurance, LiveState
from policies.roster import BadgeStatus, Roster
from policies.toml.words import meant

SUMMARY = (
    "Explain a tap: every rule and condition as hit, miss or may, near misses, and the next time it opens."
)
_KINDS = {
    RuleEffect.PERMIT: Message("permission", "permit"),
    RuleEffect.FORBID: Message("interdiction", "forbid"),
}


class _Answer(msgspec.Struct, frozen=True):
    """What `--json` prints."""

    decision: Decision
    assumed: tuple[str, ...]
    gates: tuple[Check, ...]
    rules: tuple[RuleReading, ...]
    near: tuple[NearMiss, ...]
    next: datetime | None
    message: Message


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes; what is not given is answered with may."""
    add_directory(parser)
    add_people(parser)
    add_instant(parser)
    parser.add_argument("--reader", required=True, metavar="READER", help="id of a reader")
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--badge", metavar="BADGE", help="id of a badge")
    who.add_argument("--person", metavar="PERSON", help="id of somebody, who shows an active badge of theirs")
    proofs = [proof.name.lower() for proof in Assurance]
    parser.add_argument("--assurance", choices=proofs, help="how the badge was proven")
    parser.add_argument("--pin", choices=("right", "wrong"), help="whether the PIN was right")
    parser.add_argument(
        "--with",
        nargs="*",
        action="extend",
        metavar="PERSON",
        dest="companions",
        help="who came along; none: alone",
    )
    parser.add_argument(
        "--state", metavar="JSON", help='live state, {"counts": …, "inside": …, "since": …, "modes": …}'
    )
    parser.add_argument("--all", action="store_true", help="print the rules about other doors too")
    add_language(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Explain, and print a tree."""
    site = site_of(arguments.directory)
    roster = people_of(arguments.people, site)
    found = explain(site.policy, site.building, roster, _inquiry(arguments, site, roster))
    if arguments.json:
        parts = {name: getattr(found, name) for name in _Answer.__struct_fields__}
        print(json(_Answer(**parts)))
    else:
        print(in_language(joined(_lines(found, site, everything=arguments.all), plain("\n")), arguments))
    return 0


def _inquiry(arguments: argparse.Namespace, site: Site, roster: Roster) -> Inquiry:
    readers = site.building.readers
    if arguments.reader not in readers:
        own = [reader.id for reader in readers.values() if reader.door == arguments.reader]
        near = f"; the door has {', '.join(own)}" if own else meant(arguments.reader, readers)
        raise WrongUse(
            f"--reader {arguments.reader}: there is no such reader; expected one of building.toml{near}"
        )
    for each in arguments.companions or ():
        if each not in roster.people:
            raise WrongUse(f"--with {each}: nobody has this id; expected one of the people file")
    return Inquiry(
        instant(arguments.at, site),
        ReaderId(arguments.reader),
        BadgeId(arguments.badge) if arguments.badge else _badge_of(PersonId(arguments.person), roster),
        Assurance[arguments.assurance.upper()] if arguments.assurance else None,
        None if arguments.pin is None else arguments.pin == "right",
        None if arguments.companions is None else tuple(map(PersonId, arguments.companions)),
        None if arguments.state is None else _state(arguments.state, site),
    )


def _badge_of(person: PersonId, roster: Roster) -> BadgeId:
    """Return the badge that somebody would show: an active one before others, the best proof first."""
    own = [badge for badge in roster.badges.values() if badge.person == person]
    if not own:
        raise WrongUse(f"--person {person}: nobody with a badge has this id; expected one of the people file")
    best = max(own, key=lambda badge: (badge.status is BadgeStatus.ACTIVE, badge.kind.most_proof))
    return best.id


def _state(written: str, site: Site) -> LiveState:
    try:
        form = msgspec.json.decode(written, type=StateForm)
    except msgspec.DecodeError as error:
        raise WrongUse(f"--state: {error}") from error
    if twice := doubled(written):
        raise WrongUse(f"--state: {twice.key}: {twice.message}")
    if faults := list(unknown_in_state(form, site.building)):
        raise WrongUse("; ".join(f"--state: {fault}" for fault in faults))
    return LiveState(form.modes, form.counts, form.inside, form.since)


def _lines(found: Explanation, site: Site, *, everything: bool) -> Iterator[Message]:
    decision, at = found.decision, found.request.at
    effect = EFFECTS[decision.effect]
    yield Message(
        f"{effect.fr} : {decision.reason.value}. {found.message.fr}",
        f"{effect.en}: {decision.reason.value}. {found.message.en}",
    )
    if found.assumed:
        yield _headed("assumed", ", ".join(found.assumed))
    if found.next is not None:
        yield _headed("next", found.next.isoformat())
    yield HEADS["gates"]
    yield from (_check(check, "  ") for check in found.gates)
    rules = [rule for rule in found.rules if everything or rule.reaches]
    yield HEADS["rules" if rules else "no-rules"]
    for rule in rules:
        yield from _rule(rule)
    if found.near:
        yield HEADS["near"]
        for miss in found.near:
            how, opens = needs_told(miss.needs, site, at), ", ".join(miss.rules)
            yield Message(f"  {how.fr} ({opens})", f"  {how.en} ({opens})")


def _rule(rule: RuleReading) -> Iterator[Message]:
    mark, kind = MARKS[rule.verdict], _KINDS[rule.effect]
    yield Message(f"  {mark} {rule.id} ({kind.fr})", f"  {mark} {rule.id} ({kind.en})")
    yield from (_check(check, "      ") for check in rule.checks)


def _check(check: Check, indent: str) -> Message:
    name, mark = CONDITIONS[check.of], MARKS[check.verdict]
    wanted, given = _list(check.wanted), _list(check.given)
    if check.of is Condition.ESCORT and check.verdict is Verdict.MISS and {*check.wanted} & {*check.given}:
        said = Message(
            f"{wanted}, qui ne peut pas faire entrer ici", f"{wanted}, who cannot bring anybody in here"
        )
    elif check.verdict is Verdict.MISS and wanted != given:
        said = Message(
            f"attendu {wanted or '-'}, donné {given or 'rien'}",
            f"wanted {wanted or '-'}, given {given or 'nothing'}",
        )
    else:
        said = plain(wanted or given)
    if said.en:
        name = Message(f"{name.fr} : {said.fr}", f"{name.en}: {said.en}")
    return Message(f"{indent}{mark} {name.fr}", f"{indent}{mark} {name.en}")


def _list(words: Iterable[str]) -> str:
    return ", ".join(words)


def _headed(head: str, text: str) -> Message:
    return Message(f"{HEADS[head].fr} {text}", f"{HEADS[head].en} {text}")
