"""The loader: a right site loads, and every error of a wrong one is told with its file, line and key, all at once."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from policies.building import Passback
from policies.errors import LoadError
from policies.ids import DoorId, ScheduleId
from policies.loader import load
from policies.policy import RuleEffect
from policies.request import Assurance, Direction

BUILDING = """\
# a small house
[site]
id = "house"

[[space]]
id = "outside"
name = { fr = "Dehors", en = "Outside" }
kind = "outside"

[[space]]
id = "ground"
name = { fr = "Rez", en = "Ground" }
kind = "level"
plan = { x = 0, y = 0, width = 10, depth = 5.5 }

[[space]]
id = "hall"
name = { fr = "Hall", en = "Hall" }
parent = "ground"
capacity = 30

[[door]]
id = "front"
name = { fr = "Entrée", en = "Front door" }
outer = "outside"
inner = "hall"
entry_reader = "front-in"
exit_reader = "front-out"
exit_button = false
passback = "hard"
"""
POLICY = """\
[[tier]]
id = "member"

[[schedule]]
id = "days"
windows = [
    { days = ["mon", "tue"], from = "08:00", until = "24:00" },
    { days = ["sat"], from = "22:00", until = "02:15" },  # over midnight
]

[[permit]]
id = "members"
types = ["maker"]
tiers = ["member"]
spaces = [
    "hall",
]
schedule = "days"
assurance = "sun"

[[forbid]]
id = "nobody"
tiers = ["member"]
doors = ["front"]
"""
CALENDAR = """\
[calendar]
timezone = "Europe/Paris"
country = "FR"
subdivision = "6AE"
first_year = 2026
last_year = 2027
"""


def write(directory: Path, building: str = BUILDING, policy: str = POLICY, calendar: str = CALENDAR) -> Path:
    for name, text in (("building", building), ("policy", policy), ("calendar", calendar)):
        (directory / f"{name}.toml").write_text(text)
    return directory


def findings(directory: Path) -> list[str]:
    """Return what the loader finds, as it prints it, without the directory."""
    with pytest.raises(LoadError) as caught:
        load(directory)
    return [str(finding).removeprefix(f"{directory}/") for finding in caught.value.findings]


def test_a_right_site_becomes_a_building_and_a_policy(tmp_path):
    building, policy = load(write(tmp_path))
    assert building.site == "house"
    assert list(building.spaces) == ["outside", "ground", "hall"]
    assert building.doors[DoorId("front")].passback is Passback.HARD
    assert {reader.id: reader.direction for reader in building.readers.values()} == {
        "front-in": Direction.ENTRY,
        "front-out": Direction.EXIT,
    }
    assert [(rule.id, rule.effect, rule.assurance) for rule in policy.rules] == [
        ("members", RuleEffect.PERMIT, Assurance.SUN),
        ("nobody", RuleEffect.FORBID, Assurance.NONE),
    ]
    assert [(window.start, window.end) for window in policy.schedules[ScheduleId("days")].windows] == [
        (8 * 60, 24 * 60),
        (22 * 60, 2 * 60 + 15),
    ]


def test_rules_keep_the_order_of_the_file_whatever_their_effect(tmp_path):
    early = '[[forbid]]\nid = "first"\nspaces = ["hall"]\n'
    _, policy = load(write(tmp_path, policy=early + POLICY))
    assert [rule.id for rule in policy.rules] == ["first", "members", "nobody"]


# Which file, what is replaced, by what, the finding. One row is one line, however long, so that it reads as a table.
# ruff: noqa: E501
ONE_ERROR = [
    ("building", 'id = "house"', 'id = "House"', r"building.toml:3: id: site House: 'House' is no id; expected lower"),
    ("building", 'id = "house"', 'id = "house"\ncity = "x"', r"building.toml:4: city: .*unknown key; expected one of id"),
    ("building", '[site]\nid = "house"', "", r"building.toml:1: site: expected one \[site\] table"),
    ("building", 'kind = "level"', 'kind = "floor"', r"building.toml:13: kind: space ground: .*'floor'; expected one of outside, site, building, level, room"),
    ("building", "width = 10, ", "", r"building.toml:14: plan: .*missing required field `width`"),
    ("building", "width = 10", "width = 10, heigth = 3", r"building.toml:14: plan: .*unknown key heigth"),
    ("building", "width = 10", "width = 0", r"building.toml:14: plan: .*expected a width and a depth above 0"),
    ("building", 'name = { fr = "Hall", en = "Hall" }\n', "", r"building.toml:16: name: space hall: missing"),
    ("building", 'parent = "ground"', 'parent = "cellar"', r"building.toml:19: parent: .*the space cellar does not exist"),
    ("building", 'kind = "outside"', 'kind = "outside"\nparent = "ground"', r"building.toml:9: parent: .*expected no parent"),
    ("building", "capacity = 30", "capacity = -1", r"building.toml:20: capacity: space hall: -1 people; expected 0 or more"),
    ("building", "capacity = 30", 'capacity = "30"', r"building.toml:20: capacity: space hall: Expected `int.*got `str`"),
    ("building", "capacity = 30", "enforced = true", r"building.toml:20: enforced: .*expected a capacity"),
    ("building", "capacity = 30", "capasity = 30", r"building.toml:20: capasity: .*unknown key; expected one of id, name"),
    ("building", 'inner = "hall"', 'inner = "ground"', r"building.toml:26: inner: door front: the space ground has spaces inside it"),
    ("building", 'inner = "hall"', 'inner = "attic"', r"building.toml:26: inner: door front: the space attic does not exist"),
    ("building", 'outer = "outside"', 'outer = "hall"', r"building.toml:26: inner: door front: both sides are hall"),
    ("building", 'exit_reader = "front-out"', 'exit_reader = "front-in"', r"building.toml:28: exit_reader: .*already at door front"),
    ("building", 'exit_reader = "front-out"', 'exit_reader = "Front"', r"building.toml:28: exit_reader: .*'Front' is no id"),
    ("building", "exit_button = false", "exit_button = true", r"building.toml:30: passback: .*leaves hall by door front without a badge"),
    ("building", 'exit_reader = "front-out"\n', "", r"building.toml:29: passback: .*without a badge"),
    ("building", "exit_button = false", "exit_button = false\nheld_after_s = 0", r"building.toml:30: held_after_s: .*0.0 seconds; expected more than 0"),
    ("building", "exit_button = false", "exit_button = false\nstrike_time_s = nan", r"building.toml:30: strike_time_s: .*nan seconds"),
    ("building", "exit_button = false", "exit_button = false\nstrike_time_s = 20", r"building.toml:22: extended_strike_time_s: .*at least the strike time"),
    ("building", "[[door]]", '[[space]]\nid = "hall"\nname = { fr = "H", en = "H" }\n\n[[door]]', r"building.toml:23: id: space hall: the id is used twice, first in line 17"),
    ("building", "[[space]]", "[[room]]", r"building.toml:\d+: room: unknown table; expected one of door, site, space"),
    ("building", "capacity = 30", "capacity = = 30", r"building.toml:20: syntax: Invalid value"),
    ("building", 'passback = "hard"\n', 'passback = "hard', r"building.toml:30: syntax: "),
    ("policy", 'id = "member"', 'id = "member"\nresponder = "yes"', r"policy.toml:3: responder: tier member: Expected `bool`"),
    ("policy", 'until = "24:00"', 'until = "24:15"', r"policy.toml:7: windows: schedule days: window 1: '24:15' is no time; expected HH:MM"),
    ("policy", 'until = "02:15"', 'until = "02:10"', r"policy.toml:8: windows: schedule days: window 2: 02:10 is off the grid; expected a quarter-hour"),
    ("policy", 'until = "02:15"', 'until = "2h15"', r"policy.toml:8: windows: .*'2h15' is no time"),
    ("policy", 'from = "22:00"', 'from = "24:00"', r"policy.toml:8: windows: .*begins at 24:00; expected 00:00 of the next day"),
    ("policy", 'from = "08:00", until = "24:00"', 'from = "08:00", until = "08:00"', r"policy.toml:7: windows: .*it is empty"),
    ("policy", 'days = ["sat"]', "days = []", r"policy.toml:8: windows: .*no days"),
    ("policy", 'days = ["sat"]', 'days = ["sat", "sonntag"]', r"policy.toml:8: windows: .*'sonntag'.*; expected one of mon, tue, wed"),
    ("policy", 'from = "22:00"', 'form = "22:00"', r"policy.toml:8: windows: .*(`from`|`form`)"),
    ("policy", 'types = ["maker"]', 'types = ["maker", "elf"]', r"policy.toml:13: types: permit members: .*'elf'.*; expected one of startup, student"),
    ("policy", 'tiers = ["member"]\nspaces', 'tiers = ["membre"]\nspaces', r"policy.toml:14: tiers: permit members: the tier membre does not exist"),
    ("policy", '    "hall",', '    "hall",\n    "hull",', r"policy.toml:17: spaces: permit members: the space hull does not exist"),
    ("policy", 'doors = ["front"]', 'doors = ["back"]', r"policy.toml:24: doors: forbid nobody: the door back does not exist"),
    ("policy", 'schedule = "days"', 'schedule = "nights"', r"policy.toml:18: schedule: .*the schedule nights does not exist"),
    ("policy", 'assurance = "sun"', 'assurance = "moon"', r"policy.toml:19: assurance: .*'moon'; expected one of uid, sun, authenticated"),
    ("policy", 'doors = ["front"]', "", r"policy.toml:21: spaces: forbid nobody: it covers nothing; expected spaces or doors"),
    ("policy", 'doors = ["front"]', 'doors = ["front"]\nassurance = "uid"', r"policy.toml:25: assurance: forbid nobody: a forbid must not depend on proof"),
    ("policy", 'doors = ["front"]', 'doors = ["front"]\ncertifications = ["laser"]', r"policy.toml:25: certifications: .*must not depend on proof"),
    ("policy", 'doors = ["front"]', 'doors = ["front"]\nescorted = true', r"policy.toml:25: escorted: .*must not depend on proof"),
    ("policy", 'id = "nobody"', 'id = "members"', r"policy.toml:22: id: forbid members: the id is used twice, first in line 12"),
    ("policy", 'id = "nobody"\n', "", r"policy.toml:21: id: missing; it is required"),
    ("policy", 'assurance = "sun"', 'organisations = ["École"]', r"policy.toml:19: organisations: .*'École' is no id"),
    ("calendar", "Europe/Paris", "Europe/Mulhouse", r"calendar.toml:2: timezone: 'Europe/Mulhouse' is no time zone"),
    ("calendar", "Europe/Paris", "../Paris", r"calendar.toml:2: timezone: '../Paris' is no time zone"),
    ("calendar", '"FR"', '"Alsace"', r"calendar.toml:3: country: 'Alsace' is not known"),
    ("calendar", '"6AE"', '"GES"', r"calendar.toml:4: subdivision: 'GES' is not known; expected one of 57, 6AE"),
    ("calendar", '"6AE"', '"68"', r"calendar.toml:4: subdivision: '68' is not known"),
    ("calendar", "last_year = 2027", "last_year = 2025", r"calendar.toml:5: first_year: expected 1970 <= first_year"),
    ("calendar", "first_year = 2026\n", "", r"calendar.toml:1: first_year: missing"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "right", "wrong", "expected"), ONE_ERROR, ids=lambda part: str(part)[:40])
def test_one_error_gives_one_finding_with_its_line_and_what_was_expected(
    tmp_path, file, right, wrong, expected
):
    texts = {"building": BUILDING, "policy": POLICY, "calendar": CALENDAR}
    assert right in texts[file]
    texts[file] = texts[file].replace(right, wrong, 1)
    found = findings(write(tmp_path, **texts))
    assert re.match(expected, found[0]), found
    assert len(found) == (2 if "room" in wrong else 1), found


def test_every_error_of_every_file_is_told_at_once_in_the_order_of_files_and_lines(tmp_path):
    found = findings(
        write(
            tmp_path,
            BUILDING.replace("capacity = 30", "capacity = -30").replace('inner = "hall"', 'inner = "hell"'),
            POLICY.replace('"02:15"', '"02:16"').replace('doors = ["front"]', 'doors = ["frond"]'),
            CALENDAR.replace("6AE", "68"),
        )
    )
    assert [finding.split(": ")[:2] for finding in found] == [
        ["building.toml:20", "capacity"],
        ["building.toml:26", "inner"],
        ["calendar.toml:4", "subdivision"],
        ["policy.toml:8", "windows"],
        ["policy.toml:24", "doors"],
    ]


def test_a_space_that_lies_inside_itself_is_told_at_its_parent(tmp_path):
    looped = BUILDING.replace('kind = "level"', 'kind = "level"\nparent = "hall"')
    assert findings(write(tmp_path, looped))[:2] == [
        "building.toml:14: parent: space ground: it lies inside itself, by way of hall",
        "building.toml:20: parent: space hall: it lies inside itself, by way of ground",
    ]


def test_a_building_that_cannot_be_read_does_not_make_every_rule_wrong(tmp_path):
    found = findings(write(tmp_path, BUILDING + "[[space]\n"))
    assert [finding.split(": ")[0] for finding in found] == ["building.toml:31"]


def test_missing_files_and_a_missing_directory_are_findings(tmp_path):
    (write(tmp_path) / "policy.toml").unlink()
    assert findings(tmp_path) == ["policy.toml:1: file: cannot be read: No such file or directory"]
    assert len(findings(tmp_path / "nowhere")) == 3


def test_a_text_that_is_not_utf_8_is_a_finding_with_its_line(tmp_path):
    write(tmp_path)
    (tmp_path / "calendar.toml").write_bytes(CALENDAR.encode() + "# é".encode("latin-1"))
    assert findings(tmp_path)[0].startswith("calendar.toml:7: encoding: byte ")


def test_lines_are_right_below_texts_and_arrays_of_several_lines(tmp_path):
    odd = (
        '[[tier]]\nid = """member"""\n\n[[tier]]\nid = """\nbad [[tier]]\n= # no comment"""\n'
        '[[tier]]\nid = "late"\nresponder = [ # "\n  "]",\n]\n'
    )
    found = findings(write(tmp_path, policy=odd))
    assert [finding.split(": ")[:2] for finding in found] == [
        ["policy.toml:5", "id"],
        ["policy.toml:10", "responder"],
    ]


def test_a_table_written_below_its_space_is_found_on_its_own_line(tmp_path):
    spread = BUILDING.replace(
        "plan = { x = 0, y = 0, width = 10, depth = 5.5 }", "[space.plan]\nx = 0\ny = 0\nwidth = 10"
    )
    assert findings(write(tmp_path, spread))[0].startswith("building.toml:14: plan: space ground: ")


def test_the_version_names_the_content_and_not_its_layout(tmp_path):
    version = load(write(tmp_path)).policy.version
    assert re.fullmatch("[0-9a-f]{12}", version)
    assert (
        load(write(tmp_path, policy="# a comment\n" + POLICY.replace("    ", "\t"))).policy.version == version
    )
    assert load(write(tmp_path, policy=POLICY.replace("02:15", "02:30"))).policy.version != version
    assert load(write(tmp_path, BUILDING.replace("capacity = 30", "capacity = 31"))).policy.version != version
    assert load(write(tmp_path, calendar=CALENDAR.replace("6AE", "57"))).policy.version == version


def test_alsace_keeps_thirteen_holidays_in_2026(tmp_path):
    holidays = load(write(tmp_path)).policy.calendar.holidays
    in_2026 = [day for day in holidays if day.year == 2026]
    assert len(in_2026) == 13
    assert {date(2026, 4, 3), date(2026, 12, 26)} <= set(in_2026)


def test_the_compiled_offsets_are_those_of_the_time_zone_hour_by_hour(tmp_path):
    calendar = load(write(tmp_path)).policy.calendar
    paris, at = ZoneInfo("Europe/Paris"), datetime(2026, 1, 1, tzinfo=UTC)
    while at.year < 2028:
        wall = at.astimezone(paris)
        assert calendar.local(at) == (wall.date(), wall.hour * 60 + wall.minute)
        at += timedelta(hours=1)


def test_a_zone_off_the_quarter_hour_is_refused(tmp_path):
    old = CALENDAR.replace("Europe/Paris", "Africa/Monrovia").replace(
        "2026", "1970"
    )  # 44 min 30 s until 1972
    assert "expected one that is" in findings(write(tmp_path, calendar=old))[0]
