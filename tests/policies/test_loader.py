"""The loader: a right site loads, and every error of a wrong one is told with its file, line and key, all at once."""

import os
import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from policies.building import Passback
from policies.ids import DaysId, DoorId, ScheduleId
from policies.loader import load
from policies.policy import RuleEffect
from policies.request import Assurance, Direction
from tests.policies.house import BUILDING, CALENDAR, POLICY, findings, write


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
