"""`totem policy test DIR`: decide what scenarios.toml expects, and ask its invariants of every tap there can be."""

import argparse
from collections.abc import Iterator
from pathlib import Path

import msgspec

from access.cli import FOUND_OR_REFUSED
from access.cli.policy.inputs import add_directory, add_language, existing_file, in_language, json, site_of
from access.errors import Invalid
from policies.analysis.invariants import Broken
from policies.analysis.phrases import glued, joined, plain, tap_told
from policies.analysis.scenarios import SCENARIOS, Failure, Report, load_scenarios, run_tests
from policies.decision import Message
from policies.errors import LoadError
from policies.ids import RuleId
from policies.loader import Site
from policies.scenarios import Claim, Scenarios

SUMMARY = "Decide what scenarios.toml expects, and ask its invariants of every tap there can be."


class _Outcome(msgspec.Struct, frozen=True):
    """What `--json` prints."""

    passes: bool
    trials: int
    invariants: int
    failures: tuple[Failure, ...]
    broken: tuple[Broken, ...]
    uncovered: tuple[RuleId, ...]


_CLAIMS = {
    Claim.ALWAYS: Message("refusé, alors que cela doit toujours passer", "refused, and must always pass"),
    Claim.NEVER: Message("accordé, alors que cela ne doit jamais passer", "granted, and must never pass"),
    Claim.NEVER_ALONE: Message("accordé à une personne seule", "granted to one alone"),
    Claim.WAYS_OUT: Message("sans issue", "no way out"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    add_language(parser)
    add_directory(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the tests; what fails goes to stdout, as it is the result."""
    site = site_of(arguments.directory)
    existing_file(arguments.directory / SCENARIOS)
    report = run_tests(site, _scenarios(arguments.directory, site))
    if arguments.json:
        print(json(_Outcome(report.passes, *(getattr(report, name) for name in Report.__struct_fields__))))
    else:
        print(in_language(joined(_lines(report, site), plain("\n")), arguments))
    return 0 if report.passes else FOUND_OR_REFUSED


def _scenarios(directory: Path, site: Site) -> Scenarios:
    try:
        return load_scenarios(directory, site)
    except LoadError as error:
        raise Invalid(str(error)) from error


def _lines(report: Report, site: Site) -> Iterator[Message]:
    for failure in report.failures:
        place, decided = f"{failure.file}:{failure.line}: {failure.name}: ", failure.decided
        yield Message(
            f"{place}attendu {failure.expected}, décidé {decided}",
            f"{place}expected {failure.expected}, got {decided}",
        )
    for broken in report.broken:
        yield _broken(broken, site)
    if report.uncovered:
        rules = ", ".join(report.uncovered)
        yield Message(
            f"règles qu’aucun scénario ne détermine : {rules}", f"rules that determine no scenario: {rules}"
        )
    yield _sum(report)


def _sum(report: Report) -> Message:
    failed = len(report.failures) + len(report.broken)
    french = f"{failed or 'aucun'} échec{'s' if failed > 1 else ''}"
    english = f"{failed or 'no'} failure{'' if failed == 1 else 's'}"
    return Message(
        f"{report.trials} passages, {report.invariants} invariants : {french}",
        f"{report.trials} taps, {report.invariants} invariants: {english}",
    )


def _broken(broken: Broken, site: Site) -> Message:
    said = glued(plain(f"{broken.file}:{broken.line}: {broken.id}: "), _CLAIMS[broken.claim])
    if broken.tap is None or broken.outcome is None:
        return glued(said, plain(f": {', '.join(broken.spaces)}"))
    rules = f" ({', '.join(broken.outcome.rules)})" if broken.outcome.rules else ""
    tap = tap_told(broken.tap, site.building, site.policy.calendar)
    return glued(said, plain(": "), tap, plain(f": {broken.outcome.reason.value}{rules}"))
