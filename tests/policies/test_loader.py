"""The loader: a right site loads, and every error of a wrong one is told with its file, line and key, all at once."""

import os
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from policies.building import Passback
from policies.errors import LoadError
from policies.ids import DaysId, DoorId, ScheduleId
from policies.loader import load
from policies.policy import RuleEffect
from policies.request import Assurance, Direction
from tests.policies.house import BUILDING, CALENDAR, POLICY, write


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
    ("building", "exit_button = false", "exit_button = true", r"building.toml:31: passback: .*leaves hall by door front without a badge"),
    ("building", "exit_button = false", "exit_button = false\nheld_after_s = 0", r"building.toml:30: held_after_s: .*0.0 seconds; expected more than 0"),
    ("building", "exit_button = false", "exit_button = false\nstrike_time_s = nan", r"building.toml:30: strike_time_s: .*nan seconds"),
    ("building", "exit_button = false", "exit_button = false\nstrike_time_s = 20", r"building.toml:22: extended_strike_time_s: .*at least the strike time"),
    ("building", "[[door]]", '[[space]]\nid = "hall"\nname = { fr = "H", en = "H" }\n\n[[door]]', r"building.toml:23: id: space hall: the id is used twice, first in line 17"),
    ("building", "[[space]]", "[[room]]", r"building.toml:\d+: room: unknown table; expected one of door, site, space"),
    ("building", "capacity = 30", "capacity = = 30", r"building.toml:20: syntax: Invalid value"),
    ("building", 'passback = "hard"\n', 'passback = "hard', r"building.toml:31: syntax: "),
    ("policy", 'id = "member"', 'id = "member"\nresponder = "yes"', r"policy.toml:3: responder: tier member: Expected `bool`"),
    ("calendar", 'until = "24:00"', 'until = "24:15"', r"calendar.toml:21: windows: schedule days: window 1: '24:15' is no time; expected HH:MM"),
    ("calendar", 'until = "02:15"', 'until = "02:10"', r"calendar.toml:22: windows: schedule days: window 2: '02:10' is off the grid; expected a quarter-hour"),
    ("calendar", 'until = "02:15"', 'until = "2h15"', r"calendar.toml:22: windows: .*'2h15' is no time"),
    ("calendar", 'from = "22:00"', 'from = "24:00"', r"calendar.toml:22: windows: .*begins at 24:00; expected 00:00 of the next day"),
    ("calendar", 'from = 08:00:00, until = "24:00"', 'from = 08:00:00, until = "08:00"', r"calendar.toml:21: windows: .*it is empty"),
    ("calendar", 'days = ["sat"]', "days = []", r"calendar.toml:22: windows: .*no days"),
    ("calendar", 'days = ["sat"]', 'days = ["sat", "sonntag"]', r"calendar.toml:22: windows: .*'sonntag'.*; expected one of mon, tue, wed"),
    ("calendar", 'from = "22:00"', 'form = "22:00"', r"calendar.toml:22: windows: .*(`from`|`form`)"),
    ("policy", 'types = ["maker"]', 'types = ["maker", "elf"]', r"policy.toml:9: types: permit members: .*'elf'.*; expected one of startup, student"),
    ("policy", 'tiers = ["member"]\nspaces', 'tiers = ["membre"]\nspaces', r"policy.toml:10: tiers: permit members: the tier membre does not exist"),
    ("policy", '    "hall",', '    "hall",\n    "hull",', r"policy.toml:13: spaces: permit members: the space hull does not exist"),
    ("policy", 'doors = ["front"]', 'doors = ["back"]', r"policy.toml:20: doors: forbid nobody: the door back does not exist"),
    ("policy", 'schedule = "days"', 'schedule = "nights"', r"policy.toml:14: schedule: .*the schedule nights does not exist"),
    ("policy", 'assurance = "sun"', 'assurance = "moon"', r"policy.toml:15: assurance: .*'moon'; expected one of uid, sun, authenticated"),
    ("policy", 'doors = ["front"]', "", r"policy.toml:17: spaces: forbid nobody: it covers nothing; expected spaces, doors or uses"),
    ("policy", 'doors = ["front"]', 'doors = ["front"]\nassurance = "uid"', r"policy.toml:21: assurance: forbid nobody: a forbid must not depend on proof"),
    ("policy", 'doors = ["front"]', 'doors = ["front"]\ncertifications = ["laser"]', r"policy.toml:21: certifications: .*must not depend on proof"),
    ("policy", 'doors = ["front"]', 'doors = ["front"]\nescorted = true', r"policy.toml:21: escorted: .*must not depend on proof"),
    ("policy", 'id = "nobody"', 'id = "members"', r"policy.toml:18: id: forbid members: the id is used twice, first in line 8"),
    ("policy", 'id = "nobody"\n', "", r"policy.toml:17: id: missing; it is required"),
    ("policy", 'assurance = "sun"', 'organisations = ["École"]', r"policy.toml:15: organisations: .*the organisation École does not exist; expected the id of an organisation"),
    ("calendar", "Europe/Paris", "Europe/Mulhouse", r"calendar.toml:2: timezone: 'Europe/Mulhouse' is no time zone"),
    ("calendar", "Europe/Paris", "../Paris", r"calendar.toml:2: timezone: '../Paris' is no time zone"),
    ("calendar", '"FR"', '"Alsace"', r"calendar.toml:3: country: 'Alsace' is not known"),
    ("calendar", '"6AE"', '"GES"', r"calendar.toml:4: subdivision: 'GES' is not known; expected one of 57, 6AE"),
    ("calendar", '"6AE"', '"68"', r"calendar.toml:4: subdivision: '68' is not known"),
    ("calendar", "last_year = 2027", "last_year = 2025", r"calendar.toml:5: first_year: expected 1970 <= first_year"),
    ("calendar", "first_year = 2026\n", "", r"calendar.toml:1: first_year: missing"),
    ("calendar", "[2026-10-26]", '["26 October"]', r"calendar.toml:10: on: days breaks: on 1: '26 October' is no date; expected one such as"),
    ("calendar", "on = [2026-10-26]", 'category = "school"', r"calendar.toml:10: country: days breaks: missing; expected the country|calendar.toml:8: country"),
    ("calendar", "on = [2026-10-26]", 'country = "FR"\nsubdivision = "6AE"\ncategory = "school"', r"calendar.toml:12: category: .*FR 6AE has no school holidays; for French schools expected `Zone B`"),
    ("calendar", "on = [2026-10-26]", 'country = "FR"\ncategory = "schools"', r"calendar.toml:11: category: .*'schools' is not known; expected one of"),
    ("calendar", "until = 2027-01-04 }", "until = 2026-12-21 }", r"calendar.toml:11: spans: .*2026-12-21 is not after 2026-12-21"),
    ("calendar", "until = 2026-08-14T06:00:00", "until = 2026-08-09", r"calendar.toml:16: until: closure works: .*is not after 2026-08-10"),
    ("calendar", "until = 2026-08-14T06:00:00", "until = 2026-08-14T06:10:00", r"calendar.toml:16: until: .*off the grid"),
    ("calendar", "until = 2026-08-14T06:00:00", "until = 2026-08-14T06:00:00Z", r"calendar.toml:16: until: .*has an offset; expected the building's own time"),
    ("calendar", "from = 2026-08-10", "from = 2026", r"calendar.toml:15: from: closure works: 2026 is no date"),
    ("calendar", 'closed_on = ["breaks"]', 'closed_on = ["brakes"]', r"calendar.toml:24: closed_on: schedule days: the days brakes does not exist"),
    ("calendar", 'closed_on = ["breaks"]', "from = 2027-01-01\nuntil = 2026-01-01", r"calendar.toml:25: until: schedule days: 2026-01-01 is not after 2027-01-01"),
    ("calendar", "on = 2026-12-24, windows", "windows", r"calendar.toml:25: exceptions: .*expected either the day it is on, or the days"),
    ("calendar", "on = 2026-12-24, windows", "from = 2026-12-24, windows", r"calendar.toml:25: exceptions: .*expected the days from and until"),
    ("calendar", "until = 12:00:00", "until = 12:01:00", r"calendar.toml:25: exceptions: .*12:01:00 is off the grid"),
    ("calendar", 'days = ["mon", "tue"]', 'days = ["mon-tues"]', r"calendar.toml:21: windows: .*'mon-tues' is no day; expected one of mon, tue, .*mon-fri"),
    ("policy", 'id = "laser"', 'id = "laser"\nuntil = 2027', r"policy.toml:6: until: certification laser: unknown key; expected one of id"),
    ("policy", 'assurance = "sun"', 'certifications = ["lasre"]', r"policy.toml:15: certifications: permit members: the certification lasre does not exist"),
    ("policy", 'assurance = "sun"', 'organisations = ["cnam"]', r"policy.toml:15: organisations: permit members: the organisation cnam does not exist"),
    ("policy", 'assurance = "sun"', 'uses = ["office"]', r"policy.toml:15: uses: permit members: the use office does not exist"),
    ("policy", 'assurance = "sun"', "full = true", r"policy.toml:15: full: permit members: a permit must not need a full space"),
    ("policy", 'assurance = "sun"', 'modes = ["frei"]', r"policy.toml:15: modes: permit members: .*'frei'.*; expected one of normal, free"),
    ("policy", 'types = ["maker"]', 'types = ["maker", "maker"]', r"policy.toml:9: types: permit members: maker is there twice"),
    ("policy", 'id = "member"\n', 'id = "member"\nincludes = ["guest"]\n', r"policy.toml:3: includes: tier member: the tier guest does not exist"),
    ("building", "capacity = 30", 'use = "office"', r"building.toml:20: use: space hall: the use office does not exist"),
    ("building", "exit_button = false", 'exit_button = false\nproof = "pin"', r"building.toml:30: proof: door front: .*'pin'; expected one of none, uid"),
    ("building", "exit_button = false", 'exit_button = false\ncard_pin = "night"', r"building.toml:30: card_pin: door front: the schedule night does not exist"),
    ("building", "exit_button = false", 'exit_button = false\nmodes = [{ mode = "free", schedule = "night" }]', r"building.toml:30: modes: .*the schedule night does not exist"),
    ("building", "exit_button = false", 'exit_button = false\nmodes = [{ mode = "lockdown", schedule = "days" }]', r"building.toml:30: modes: .*its own release and comes by no schedule"),
    ("building", "exit_button = false", 'exit_button = false\nmodes = [{ mode = "locked", schedule = "days", first_person_in = true }]', r"building.toml:30: modes: .*expected free"),
    ("policy", 'id = "member"\n', 'id = "member"\nincludes = ["member"]\n', r"policy.toml:3: includes: tier member: it includes itself, by way of member; expected other tiers"),
    ("policy", '    "hall",', '    "hull",', r"policy.toml:12: spaces: .*the space hull does not exist; expected the id of a space; did you mean hall\?$"),
    ("building", 'inner = "hall"', 'inner = "hal"', r"building.toml:26: inner: .*; did you mean hall\?$"),
    ("building", "capacity = 30", "capacty = 30", r"building.toml:20: capacty: .*unknown key; expected one of id, .*; did you mean capacity\?$"),
    ("building", 'parent = "ground"', 'parent = ""', r"building.toml:19: parent: space hall: the space  does not exist; expected the id of a space"),
    ("building", "capacity = 30", "capacity = 10000000000", r"building.toml:20: capacity: space hall: 10000000000 people; expected 0 or more, up to 1000000"),
    ("building", "capacity = 30", "capacity = " + "[" * 4000, r"building.toml:20: syntax: 4000 brackets open here; expected a table or an array"),
    ("building", "capacity = 30", "capacity = " + "9" * 5000, r"building.toml:20: syntax: a number of 5000 digits; expected one that fits into 64"),
    ("policy", 'types = ["maker"]', 'types = ["makre"]', r"policy.toml:9: types: .*expected one of startup, .*; did you mean maker\?$"),
    ("calendar", "on = 2026-12-24, windows", "on = 9999-12-31, windows", r"calendar.toml:25: exceptions: .*9999-12-31 is out of reach; expected a year from 1970 to 2100"),
    ("calendar", "from = 2026-12-21", "from = 0001-01-01", r"calendar.toml:11: spans: .*0001-01-01 is out of reach"),
    ("calendar", "from = 2026-08-10", "from = 1969-12-31T18:00:00", r"calendar.toml:15: from: closure works: 1969-12-31T18:00:00 is out of reach"),
    ("policy", 'id = "laser"', 'id = """la\nser"""', r"policy.toml:5: id: certification la\\nser: 'la\\nser' is no id; expected"),
    ("building", 'passback = "hard"\n', 'passback = "soft"\npassback_alone = true\n', r"building.toml:32: passback_alone: door front: soft refuses nobody; expected hard or timed"),
    ("building", "exit_button = false", "exit_button = false\npassback_s = 1e308", r"building.toml:30: passback_s: door front: 1e\+308 seconds; expected more than 0, up to 604800"),
    ("building", "exit_button = false", "exit_button = false\ntwo_person_s = inf", r"building.toml:30: two_person_s: door front: inf seconds; expected .*up to 604800"),
    ("calendar", 'days = ["sat"]', 'days = ["sat-"]', r"calendar.toml:22: windows: .*'sat-' is no day; expected one of mon"),
    ("calendar", 'days = ["sat"]', 'days = ["-sat"]', r"calendar.toml:22: windows: .*'-sat' is no day; expected one of mon"),
    ("building", "exit_button = false", 'exit_button = false\ninterlock = "trap"', r"building.toml:30: interlock: door front: no other door is of interlock trap; expected two"),
    ("building", "release_input = true", "release_input = false", r"building.toml:17: id: space hall: one leaves it by readers alone; expected a handle"),
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


def test_a_pipe_in_a_files_place_is_refused_and_not_waited_for(tmp_path):
    write(tmp_path)
    (tmp_path / "policy.toml").unlink()
    os.mkfifo(tmp_path / "policy.toml")
    assert findings(tmp_path) == ["policy.toml:1: file: cannot be read; expected a regular file"]


def test_a_byte_order_mark_is_named(tmp_path):
    (found,) = findings(write(tmp_path, policy="\ufeff" + POLICY))
    assert re.match("policy.toml:1: encoding: .*byte order mark; expected UTF-8 without one", found)


LISTS = ("types", "tiers", "organisations", "spaces", "doors", "uses", "certifications", "modes")


@pytest.mark.parametrize("key", LISTS)
def test_an_empty_list_on_a_rule_is_refused_as_it_would_lift_the_condition(tmp_path, key):
    rule = {"id": '"new"', "uses" if key == "spaces" else "spaces": '["hall"]', key: "[]"}
    text = POLICY + "\n[[permit]]\n" + "".join(f"{name} = {value}\n" for name, value in rule.items())
    line = text.splitlines().index(f"{key} = []") + 1
    found = findings(write(tmp_path, policy=text))
    said = [each for each in found if each.startswith(f"policy.toml:{line}: {key}: permit new: ")]
    assert len(said) == 1, found
    assert "leave the key out for everybody" in said[0]


def test_a_release_line_that_no_input_hears_is_told_on_its_line(tmp_path):
    found = findings(write(tmp_path, BUILDING.replace("release_input = true", 'release = "panel"')))
    said = "release: door front: no door of the line panel has a release_input; expected one at least"
    assert any(re.fullmatch(rf"building.toml:\d+: {said}", line) for line in found), found


def test_every_error_of_every_file_is_told_at_once_in_the_order_of_files_and_lines(tmp_path):
    found = findings(
        write(
            tmp_path,
            BUILDING.replace("capacity = 30", "capacity = -30").replace('inner = "hall"', 'inner = "hell"'),
            POLICY.replace('doors = ["front"]', 'doors = ["frond"]'),
            CALENDAR.replace("6AE", "68").replace('"02:15"', '"02:16"'),
        )
    )
    assert [finding.split(": ")[:2] for finding in found] == [
        ["building.toml:20", "capacity"],
        ["building.toml:26", "inner"],
        ["calendar.toml:4", "subdivision"],
        ["calendar.toml:22", "windows"],
        ["policy.toml:20", "doors"],
    ]


def test_tiers_that_include_one_another_are_told_each_on_its_line(tmp_path):
    tiers = "".join(f'[[tier]]\nid = "{one}"\nincludes = ["{other}"]\n' for one, other in ("ab", "bc", "ca"))
    assert findings(write(tmp_path, policy=tiers + POLICY)) == [
        "policy.toml:3: includes: tier a: it includes itself, by way of b; expected other tiers",
        "policy.toml:6: includes: tier b: it includes itself, by way of c; expected other tiers",
        "policy.toml:9: includes: tier c: it includes itself, by way of a; expected other tiers",
    ]


def test_doubles_unknown_names_loops_and_times_off_the_grid_are_all_told_at_once(tmp_path):
    twice = '\n[[door]]\nid = "front"\nname = { fr = "F", en = "F" }\nouter = "hall"\ninner = "attic"\n'
    found = findings(
        write(
            tmp_path,
            BUILDING.replace('kind = "level"', 'kind = "level"\nparent = "hall"') + twice,
            POLICY.replace('id = "member"', 'id = "member"\nincludes = ["member"]'),
            CALENDAR.replace("08:00:00, until = 12", "08:05:00, until = 12"),
        )
    )
    places = [finding.split(": ")[:2] for finding in found]
    for place in (
        ["building.toml:14", "parent"],  # in itself, by way of the hall
        ["building.toml:20", "parent"],
        ["building.toml:35", "id"],  # used twice
        ["building.toml:38", "inner"],  # unknown
        ["calendar.toml:25", "exceptions"],  # off the grid
        ["policy.toml:3", "includes"],  # in itself
    ):
        assert place in places, found


def test_a_space_that_no_door_leads_to_is_told_at_its_id(tmp_path):
    attic = '[[space]]\nid = "attic"\nname = { fr = "G", en = "Attic" }\nparent = "ground"\n\n[[door]]'
    assert findings(write(tmp_path, BUILDING.replace("[[door]]", attic))) == [
        "building.toml:23: id: space attic: no door leads there from outside; expected a chain of doors",
        "building.toml:23: id: space attic: one leaves it by readers alone; expected a handle, button or release",
    ]


def test_a_space_that_no_door_leads_to_is_told_beside_what_else_is_wrong(tmp_path):
    attic = '[[space]]\nid = "attic"\nname = { fr = "G" }\nparent = "ground"\n\n[[door]]'
    wrong = BUILDING.replace("[[door]]", attic).replace("capacity = 30", 'capacity = "30"')
    found = [finding.split(": ")[:2] for finding in findings(write(tmp_path, wrong))]
    assert found == [
        ["building.toml:20", "capacity"],
        ["building.toml:23", "id"],
        ["building.toml:23", "id"],
        ["building.toml:24", "name"],
    ]


def test_a_door_that_leads_to_an_unknown_space_says_nothing_of_the_ways(tmp_path):
    found = findings(write(tmp_path, BUILDING.replace('inner = "hall"', 'inner = "hal"')))
    assert [finding.split(": ")[:2] for finding in found] == [["building.toml:26", "inner"]]


def test_a_right_calendar_has_its_days_closures_and_exceptions(tmp_path):
    policy = load(write(tmp_path)).policy
    assert len(policy.calendar.days[DaysId("breaks")]) == 1 + 14
    assert [(closure.begins.hour, closure.ends.hour) for closure in policy.calendar.closures] == [(0, 6)]
    days = policy.schedules[ScheduleId("days")]
    assert days.closed_on == ("breaks",)
    assert [(special.begins, special.ends) for special in days.exceptions] == [
        (date(2026, 12, 24), date(2026, 12, 25))
    ]


def test_school_holidays_are_those_of_the_zone(tmp_path):
    zone_b = 'country = "FR"\nsubdivision = "Zone B"\ncategory = "school"'
    site = load(write(tmp_path, calendar=CALENDAR.replace("on = [2026-10-26]", zone_b)))
    days = site.policy.calendar.days[DaysId("breaks")]
    assert {date(2026, 10, 20), date(2026, 12, 22)} <= set(days)
    assert date(2026, 9, 15) not in days


def test_a_space_that_lies_inside_itself_is_told_at_its_parent(tmp_path):
    looped = BUILDING.replace('kind = "level"', 'kind = "level"\nparent = "hall"')
    assert findings(write(tmp_path, looped))[:2] == [
        "building.toml:14: parent: space ground: it lies inside itself, by way of hall",
        "building.toml:20: parent: space hall: it lies inside itself, by way of ground",
    ]


def test_a_building_that_cannot_be_read_does_not_make_every_rule_wrong(tmp_path):
    found = findings(write(tmp_path, BUILDING + "[[space]\n"))
    assert [finding.split(": ")[0] for finding in found] == ["building.toml:32"]


def test_missing_files_and_a_missing_directory_are_findings(tmp_path):
    (write(tmp_path) / "policy.toml").unlink()
    assert findings(tmp_path) == ["policy.toml:1: file: cannot be read: No such file or directory"]
    assert len(findings(tmp_path / "nowhere")) == 3


def test_a_door_of_hard_passback_without_a_reader_or_button_to_leave_by_is_told_both(tmp_path):
    by_no_means, without_a_badge = findings(
        write(tmp_path, BUILDING.replace('exit_reader = "front-out"\n', ""))
    )
    assert by_no_means.startswith("building.toml:17: id: space hall: one leaves it only once a fire")
    assert re.match(r"building.toml:30: passback: .*without a badge", without_a_badge)


SIDE_DOOR = """
[[door]]
id = "side"
name = { fr = "Porte", en = "Side door" }
outer = "outside"
inner = "hall"
"""


def test_a_door_of_an_interlock_tells_whether_it_is_open(tmp_path):
    trap = BUILDING.replace('passback = "hard"', 'interlock = "trap"') + SIDE_DOOR + 'interlock = "trap"\n'
    building, _ = load(write(tmp_path, trap))
    assert [door.interlock for door in building.doors.values()] == ["trap", "trap"]
    (found,) = findings(write(tmp_path, trap + "contact = false\n"))
    assert "contact: door side: nothing tells whether a door of interlock trap is open" in found


def test_a_release_in_a_fire_alone_is_no_way_out_of_every_day(tmp_path):
    vault = """
[[space]]
id = "vault"
name = { fr = "Coffre", en = "Vault" }
parent = "ground"
"""
    door = SIDE_DOOR.replace('"outside"', '"hall"').replace('inner = "hall"', 'inner = "vault"')
    shut = door + 'entry_reader = "side-in"\nexit_button = false\nrelease_input = true\n'
    building = BUILDING + vault
    (found,) = findings(write(tmp_path, building + shut))
    assert "id: space vault: one leaves it only once a fire has released its doors; expected" in found
    for way in (
        shut + 'exit_reader = "side-out"\n',
        shut.replace("exit_button = false", "exit_button = true"),
    ):
        load(write(tmp_path, building + way))


def test_a_path_that_no_file_can_have_is_a_finding_of_each_file(tmp_path):
    found = findings(tmp_path / ("x" * 300))
    assert [finding.partition(": ")[2] for finding in found] == [
        "file: cannot be read: File name too long"
    ] * 3


def test_a_text_that_is_not_utf_8_is_a_finding_with_its_line(tmp_path):
    write(tmp_path)
    (tmp_path / "calendar.toml").write_bytes(CALENDAR.encode() + "# é".encode("latin-1"))
    assert findings(tmp_path)[0].startswith("calendar.toml:26: encoding: byte ")


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
    assert load(write(tmp_path, calendar=CALENDAR.replace("02:15", "02:30"))).policy.version != version
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
    # It stood 44 min 30 s behind UTC until 1972.
    old = CALENDAR.replace("Europe/Paris", "Africa/Monrovia").replace("2026", "1970")
    assert "expected one that is" in findings(write(tmp_path, calendar=old))[0]
