"""Scenarios: what is expected is decided, invariants are asked of every tap, and the demo policy keeps its own."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings

import policies
from policies.analysis.scenarios import Report, load_scenarios, run_tests
from policies.decision import Effect, Reason
from policies.errors import LoadError
from policies.ids import DoorId
from policies.loader import Site, load
from policies.policy import Rule
from policies.request import Assurance, Direction, DoorMode
from policies.roster import Roster
from policies.rules import interpret
from policies.scenarios import Claim, Invariant, Scenarios
from tests.policies import strategies as some

KM0 = Path(policies.__file__).parent / "km0"
SITE = load(KM0)

PEOPLE = """\
[[person]]
id = "ada"
type = "student"
tiers = ["school-42"]

[[person]]
id = "bob"
type = "contractor"
tiers = ["facility"]
"""


def with_rules(site: Site, *rules: Rule) -> Site:
    return Site(site.building, msgspec.structs.replace(site.policy, rules=rules))


def edited(name: str, **fields: object) -> Site:
    """Return KM0 with one rule changed; without it where no field is given."""
    kept = [
        msgspec.structs.replace(rule, **fields) if rule.id == name else rule
        for rule in SITE.policy.rules
        if fields or rule.id != name
    ]
    assert kept != list(SITE.policy.rules)
    return with_rules(SITE, *kept)


@pytest.fixture(scope="module")
def shipped() -> Scenarios:
    return load_scenarios(KM0, SITE)


@pytest.fixture(scope="module")
def invariants(shipped: Scenarios) -> Scenarios:
    return msgspec.structs.replace(shipped, trials=())


@pytest.fixture
def scenarios(tmp_path):
    """Read a scenarios.toml for KM0."""

    def read(text: str) -> Scenarios:
        (tmp_path / "scenarios.toml").write_text(text)
        return load_scenarios(tmp_path, SITE)

    return read


@pytest.fixture
def findings(scenarios, tmp_path):
    """Return what is wrong with a scenarios.toml, without the directory."""

    def read(text: str) -> list[str]:
        with pytest.raises(LoadError) as caught:
            scenarios(text)
        return [str(finding).removeprefix(f"{tmp_path}/") for finding in caught.value.findings]

    return read


def outcomes(report: Report) -> list[str]:
    return [*(f"{each.line}: {each.expected} != {each.decided}" for each in report.failures)] + [
        each.id for each in report.broken
    ]


def test_the_demo_policy_passes_its_own_scenarios_which_determine_every_rule(shipped):
    report = run_tests(SITE, shipped)
    assert outcomes(report) == []
    assert report.passes
    assert report.uncovered == ()
    assert report.trials > 5000
    assert report.invariants == len(shipped.invariants) > 12


@pytest.mark.parametrize(
    ("edit", "broken"),
    [
        (edited("security-rounds", spaces=("fonderie",)), "security-always-enters"),
        (edited("contractors-never-at-servers"), "no-contractor-at-the-servers"),
        (edited("no-visitors-at-night", schedule="evenings"), "no-visitor-at-night"),
        (edited("laser-trained", accompanied=False), "no-laser-alone-but-for-trainers"),
        (edited("laser-trainers", certifications=("laser-trainer",)), "no-laser-without-training"),
        (edited("wood-trained", assurance=Assurance.UID), "no-copied-badge-at-machines"),
        (edited("cluster-42", schedule="tenant-hours"), "the-cluster-is-open-day-and-night"),
        (edited("proalpha", spaces=("proalpha", "credit-agricole")), "the-bank-is-the-banks"),
        (edited("proalpha", schedule=None), "at-night-the-house-is-shut"),
        (edited("facility-technical", tiers=("facility", "staff")), "the-server-room-is-for-few"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_edit_that_breaks_an_invariant_is_shown_by_a_tap(invariants, edit, broken):
    only = tuple(each for each in invariants.invariants if each.id == broken)
    report = run_tests(edit, msgspec.structs.replace(invariants, invariants=only))
    assert not report.passes
    shown = {each.id: each for each in report.broken}
    assert broken in shown
    tap, outcome = shown[broken].tap, shown[broken].outcome
    assert tap is not None
    assert outcome is not None
    assert (outcome.effect is Effect.GRANT) is (shown[broken].claim is not Claim.ALWAYS)


def test_a_server_room_that_no_longer_asks_for_two_is_entered_alone(invariants):
    door = SITE.building.doors[DoorId("server-room")]
    doors = SITE.building.doors | {door.id: msgspec.structs.replace(door, two_person=False)}
    building = msgspec.structs.replace(SITE.building, doors=doors)
    only = [each for each in invariants.invariants if "server" in each.id]
    scenarios = msgspec.structs.replace(invariants, invariants=tuple(only))
    broken = run_tests(Site(building, SITE.policy), scenarios).broken
    assert [each.id for each in broken] == ["nobody-enters-the-server-room-alone"]


def test_a_space_without_a_way_out_is_named(invariants):
    door = SITE.building.doors[DoorId("cnam-1")]
    doors = SITE.building.doors | {door.id: msgspec.structs.replace(door, exit_button=False)}
    building = msgspec.structs.replace(SITE.building, doors=doors)
    only = [each for each in invariants.invariants if each.claim is Claim.WAYS_OUT]
    scenarios = msgspec.structs.replace(invariants, invariants=tuple(only))
    (broken,) = run_tests(Site(building, SITE.policy), scenarios).broken
    assert (broken.id, broken.spaces) == ("every-way-out-stays-open", ("cnam-1",))


def test_each_mismatch_is_told_with_its_line(scenarios):
    text = (
        PEOPLE
        + """
[[scenario]]
id = "effect"
person = "ada"
door = "cluster-42"
now = 2026-09-15T03:00:00
expect = "deny"

[[scenario]]
id = "reason"
person = "ada"
door = "epitech-lab"
now = 2026-09-15T03:00:00
expect = "deny"
reason = "denied-out-of-time-range"

[[scenario]]
id = "rules"
person = "ada"
door = "cluster-42"
now = 2026-09-15T03:00:00
expect = "grant"
rules = ["epitech"]

[[scenario]]
id = "next"
person = "ada"
door = "fablab"
now = 2026-09-15T03:00:00
expect = "deny"
next = 2026-09-15T10:00:00

[[matrix]]
id = "matrix"
times = [2026-09-15T03:00:00, 2026-09-15T10:00:00]
table = \"\"\"
     cluster-42  fablab
ada  ++          -+

bob  ++          +-
\"\"\"
"""
    )
    failures = run_tests(SITE, scenarios(text)).failures
    assert [(each.line, each.expected, each.decided) for each in failures] == [
        (11, "deny", "grant (granted by cluster-42)"),
        (18, "denied-out-of-time-range", "denied-zone-no-access-rights"),
        (26, "rules epitech", "rules cluster-42"),
        (34, "next 2026-09-15T10:00:00+02:00", "next 2026-09-15T09:00:00+02:00"),
        (49, "deny", "grant (granted by facility-everywhere)"),
    ]
    assert failures[-1].name == "matrix: bob at fablab, 2026-09-15 10:00"


def test_rules_that_determine_no_scenario_are_named(scenarios):
    text = (
        PEOPLE
        + """
[[matrix]]
id = "one"
times = [2026-09-15T03:00:00]
table = \"\"\"
     cluster-42
ada  +
\"\"\"
"""
    )
    report = run_tests(SITE, scenarios(text))
    assert report.passes
    assert len(report.uncovered) == len(SITE.policy.rules) - 1
    assert "cluster-42" not in report.uncovered


def test_every_error_of_the_file_is_told_with_its_line(findings):
    text = """\
[[person]]
id = "ada"
type = "student"
tiers = ["school-43"]

[[scenario]]
id = "one"
person = "eve"
door = "cluster-43"
now = 2026-03-29T02:30:00
expect = "grant"
rules = ["nothing"]

[[scenario]]
id = "two"
person = "ada"
door = "escape-b23-0"
now = 2026-09-15T10:00:00Z
expect = "grant"

[[matrix]]
id = "three"
times = [2026-09-15T10:00:00]
table = \"\"\"
     cluster-42  nowhere
ada  +
ada  ++  -
joe  +   +
\"\"\"

[[never]]
id = "four"
during = "lunch"

[[never]]
id = "one"
tiers = ["staff"]

[[sometimes]]
id = "five"
"""
    found = findings(text)
    assert [each.split(": ", 2)[0] for each in found] == sorted(
        (each.split(": ", 2)[0] for each in found), key=lambda place: int(place.split(":")[1])
    )
    told = "\n".join(found)
    for place, words in [
        (4, "the tier school-43 does not exist"),
        (8, "the person eve does not exist"),
        (9, "the door cluster-43 does not exist"),
        (17, "has no entry reader"),
        (18, "is no local time"),
        (26, "ada: 1 cells; expected one a door, 2"),
        (27, "ada: '++' at cluster-42; expected 1 of +"),
        (28, "the person joe does not exist"),
        (25, "the door nowhere does not exist"),
        (32, "nobody enters anywhere"),
        (33, "the schedule lunch does not exist"),
        (36, "used twice"),
        (39, "unknown table"),
    ]:
        assert any(line.startswith(f"scenarios.toml:{place}: ") and words in line for line in found), told


def test_a_local_time_that_the_short_day_leaves_out_is_refused(findings):
    text = (
        PEOPLE
        + """
[[scenario]]
id = "never"
person = "ada"
door = "cluster-42"
now = 2026-03-29T02:30:00
expect = "grant"
"""
    )
    (found,) = findings(text)
    assert found.startswith("scenarios.toml:15: now: ")
    assert "2026-03-29T02:30:00 does not exist on that day, when the clocks go forward" in found


CLAIMS = tuple(Invariant(claim.value, 1, claim) for claim in (Claim.ALWAYS, Claim.NEVER, Claim.NEVER_ALONE))


@settings(max_examples=20)
@given(some.worlds())
def test_an_invariant_that_holds_is_broken_by_no_tap_of_anybody(world):
    """The taps are drawn over everything, whoever comes with whatever tiers, and decided by the definition."""
    site = Site(world.building, world.policy)
    broken = {each.claim for each in run_tests(site, Scenarios("any", Roster({}, {}), (), CLAIMS)).broken}
    for request, state in world.taps:
        badge = world.roster.badges.get(request.badge)
        person = world.roster.people.get(badge.person) if badge and badge.person else None
        reader = world.building.readers[request.reader]
        if person is None or person.grants or reader.direction is Direction.EXIT:
            continue
        mode = state.modes.get(reader.door, DoorMode.NORMAL)
        decision = interpret(world.policy, world.building, world.roster, request, state)
        if decision.grants and mode is not DoorMode.FREE:
            assert Claim.NEVER in broken
            if not request.companions:
                assert Claim.NEVER_ALONE in broken
        is_refused = decision.reason in {Reason.NO_ACCESS_RIGHTS, Reason.FORBIDDEN, Reason.OUT_OF_TIME_RANGE}
        if is_refused and mode is not DoorMode.LOCKED:
            assert Claim.ALWAYS in broken
