"""`totem policy lint DIR`: what is odd about a policy, with what covers it."""

import argparse

import msgspec

from access.cli import FOUND_OR_REFUSED
from access.cli.policy.inputs import add_directory, add_language, in_language, json, site_of
from policies.analysis.lint import Oddity, Remark, lint
from policies.decision import Message

SUMMARY = "Find rules that do nothing, and doors, tiers and names that nobody can use, exactly."
CLEAN = Message("rien à signaler", "nothing odd")

_SAID = {
    Oddity.DEAD: Message("ne concerne aucune porte à lecteur", "reaches no door with a reader"),
    Oddity.NEVER: Message("son horaire n’ouvre jamais", "its schedule never opens"),
    Oddity.ALWAYS: Message("ouvre à tout le monde, à toute heure", "opens to everybody at any hour"),
    Oddity.SHADOWED: Message(
        "n’ajoute rien : d’autres règles en disent autant", "adds nothing: others say as much"
    ),
    Oddity.OVERRIDDEN: Message("n’ouvre rien : toujours interdite", "opens nothing: always forbidden"),
    Oddity.LAPSES: Message(
        "interdiction levée les jours fériés, de fermeture ou hors calendrier",
        "a forbid that lapses on holidays, in closures or on the days its schedule is closed on",
    ),
    Oddity.GUARD_LAPSES: Message(
        "porte dont le verrouillage ou le code tombe les jours fériés, de fermeture ou hors calendrier",
        "a door whose lock or PIN lapses on holidays, in closures or on the days its schedule is closed on",
    ),
    Oddity.NOBODY: Message("porte qui ne s’ouvre à personne", "a door that opens to nobody"),
    Oddity.NOTHING: Message("n’ouvre aucune porte", "opens no door"),
    Oddity.UNUSED: Message("déclaré et jamais nommé", "declared and never named"),
    Oddity.SHUT_WAY: Message(
        "aucune règle n’ouvre le chemin à qui n’a que ce qu’elle demande",
        "no rule opens the way there to whom has only what it asks for",
    ),
    Oddity.NO_WAY_IN: Message("espace où aucune porte ne mène", "a space that no door leads to"),
    Oddity.NO_WAY_OUT: Message("espace sans issue libre", "a space without a free way out"),
}


class _Answer(msgspec.Struct, frozen=True):
    """What `--json` prints."""

    remarks: tuple[Remark, ...]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    add_directory(parser)
    add_language(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Look, and print a line a remark; any is a finding."""
    remarks = lint(site_of(arguments.directory))
    if arguments.json:
        print(json(_Answer(remarks)))
    else:
        print(
            "\n".join(in_language(_told(remark), arguments) for remark in remarks)
            or in_language(CLEAN, arguments)
        )
    return FOUND_OR_REFUSED if remarks else 0


def _told(remark: Remark) -> Message:
    said, by = _SAID[remark.oddity], f" ({', '.join(remark.by)})" if remark.by else ""
    return Message(f"{remark.what} : {said.fr}{by}", f"{remark.what}: {said.en}{by}")
