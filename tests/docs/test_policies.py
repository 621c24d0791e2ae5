"""docs/policies.md, tried: each worked rule is added to the shipped building, and its taps are decided."""

import re
import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec
import pytest

import policies
from policies.analysis.scenarios import load_scenarios, run_tests
from policies.engine import Engine
from policies.ids import BadgeId, CertificationId, OrganisationId, PersonId, ReaderId, SpaceId, TierId
from policies.loader import Site, load
from policies.request import AccessRequest, Assurance, LiveState
from policies.roster import Badge, BadgeKind, Certification, Person, ResidentType, Roster
from policies.rules import interpret

KM0 = Path(policies.__file__).parent / "km0"
PAGE = (Path(__file__).parents[2] / "docs" / "policies.md").read_text()
HEAD, *RECIPES = re.split(r"^### ", PAGE, flags=re.MULTILINE)
PARIS = ZoneInfo("Europe/Paris")
WHO = re.compile(r"(?P<name>\w+)(?P<uid> \(uid\))?(?: with (?P<company>\w+))?(?:, (?P<full>[\w-]+) full)?")


class Tap(NamedTuple):
    """One row of a recipe's table."""

    who: str
    reader: str
    at: str
    expected: str


def rows(text: str, first: str) -> Iterable[list[str]]:
    """Yield the cells of the tables in `text` whose first column is called `first`."""
    is_ours = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            is_ours = False
        elif cells[0] == first:
            is_ours = True
        elif is_ours and not set(cells[0]) <= {"-"}:
            yield cells


def person(cells: list[str]) -> Person:
    name, kind, organisation, tiers, certifications, host = cells
    return Person(
        PersonId(name),
        ResidentType(kind),
        OrganisationId(organisation) if organisation else None,
        tuple(TierId(tier) for tier in tiers.split()),
        tuple(Certification(CertificationId(each)) for each in certifications.split()),
        host=PersonId(host) if host else None,
    )


def roster_of(recipe: str) -> Roster:
    everybody = [person(cells) for cells in (*rows(HEAD, "name"), *rows(recipe, "name"))]
    badges = [Badge(BadgeId(who.id), BadgeKind.DESFIRE, who.id) for who in everybody]
    badges += (Badge(BadgeId(f"{who.id} (uid)"), BadgeKind.UID, who.id) for who in everybody)
    return Roster.of(everybody, badges)


def site_with(recipe: str, directory: Path) -> Site:
    """Return the shipped site with what the recipe adds to its files."""
    shutil.copytree(KM0, directory, dirs_exist_ok=True)
    for file, text in re.findall(r"^```toml (\S+)\n(.*?)^```$", recipe, flags=re.MULTILINE | re.DOTALL):
        with (directory / file).open("a") as opened:
            opened.write(f"\n{text}")
    return load(directory)


def asked(tap: Tap, site: Site) -> tuple[AccessRequest, LiveState]:
    said = WHO.fullmatch(tap.who)
    assert said, tap.who
    proof = Assurance.UID if said["uid"] else Assurance.AUTHENTICATED
    badge = BadgeId(said["name"] + (said["uid"] or ""))
    company = (PersonId(said["company"]),) if said["company"] else ()
    at = datetime.fromisoformat(tap.at).replace(tzinfo=PARIS)
    counts: dict[SpaceId, int] = {}
    if said["full"]:
        space = SpaceId(said["full"])
        counts[space] = site.building.spaces[space].capacity or 0
    request = AccessRequest(at, ReaderId(tap.reader), badge, proof, companions=company)
    return request, LiveState(counts=counts, inside={})


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.splitlines()[0])
def test_a_worked_rule_decides_what_its_table_says(recipe, tmp_path):
    site, roster = site_with(recipe, tmp_path), roster_of(recipe)
    engine = Engine(site.policy, site.building, roster)
    taps = [Tap(*cells) for cells in rows(recipe, "who")]
    assert taps
    for tap in taps:
        request, state = asked(tap, site)
        decision = engine.decide(request, state)
        assert decision.reason.value == tap.expected, tap
        assert decision == interpret(site.policy, site.building, roster, request, state)


def test_the_scenarios_of_the_page_hold_and_each_can_fail(tmp_path):
    site = site_with(HEAD, tmp_path / "page")
    file = tmp_path / "page" / "scenarios.toml"
    file.write_text(
        re.findall(r"^```toml scenarios.toml\n(.*?)^```$", HEAD, flags=re.MULTILINE | re.DOTALL)[0]
    )
    scenarios = load_scenarios(file.parent, site)
    report = run_tests(site, scenarios)
    assert (report.failures, report.broken) == ((), ())
    assert len(scenarios.trials) == 2 + 8
    shut = site._replace(policy=msgspec.structs.replace(site.policy, rules=()))
    failed = run_tests(shut, scenarios)
    assert {each.name for each in failed.failures} >= {"a-visitor-with-her-host", "too-late-for-e-nov"}
    assert [each.id for each in failed.broken] == ["security-everywhere"]


def test_the_rule_about_visitors_breaks_no_invariant_of_the_shipped_building(tmp_path):
    recipe = next(each for each in RECIPES if each.startswith("9."))
    site = site_with(recipe, tmp_path)
    scenarios = load_scenarios(tmp_path, site)
    report = run_tests(site, scenarios)
    assert (report.failures, report.broken) == ((), ())


def test_the_page_has_ten_worked_rules():
    assert [recipe.split(".")[0] for recipe in RECIPES] == [str(number) for number in range(1, 11)]
