"""`totem events replay`, as it is typed, over the shipped building."""

import json

import pytest

from access.cli import main
from policies.ids import DoorId, PersonId, SpaceId
from readers.wire.events import Draft, EventType
from tests.readers.journal.samples import START, opened


def through(door, origin, target, person):
    return Draft(
        START,
        EventType.PASSAGE,
        DoorId(door),
        origin=SpaceId(origin),
        space=SpaceId(target),
        person=PersonId(person),
    )


@pytest.fixture
def file(tmp_path):
    journal = opened(tmp_path)
    for person in ("ada", "bob", "eve"):
        journal.append(through("agora", "outside", "agora", person))
    journal.append(through("agora", "agora", "outside", "eve"))
    journal.append(through("link", "agora", "b23-0-hall", "bob"))
    journal.close()
    (path,) = tmp_path.glob("*.journal")
    return path


def replayed(capsys, *words):
    assert main(["events", "replay", "--json", *map(str, words)]) == 0
    told = json.loads(capsys.readouterr().out)
    return {space: count for space, count in told["counts"].items() if count}


INSIDE = {"fonderie": 2, "b23": 1, "b23-0": 1, "b23-0-hall": 1, "b24": 1, "b24-0": 1, "agora": 1}


def test_the_same_occupancy_comes_out_of_the_events(file, capsys):
    assert replayed(capsys, file) == INSIDE


def test_doubled_and_disordered_events_change_nothing(file, tmp_path, capsys):
    backwards = tmp_path / "backwards.jsonl"
    backwards.write_bytes(b"".join(reversed(file.read_bytes().splitlines(keepends=True))))
    assert replayed(capsys, backwards, file, backwards) == INSIDE


def test_the_table_names_every_space(file, capsys):
    assert main(["events", "replay", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "as of 2026-09-15T06:00:00+00:00, 0 events ignored"
    assert "     1 agora" in lines
    assert "     0 fablab" in lines


@pytest.mark.parametrize("line", [b"not an event\n", b'{"v":1}\n', b"\xff\n"])
def test_a_line_that_is_no_event_is_told_with_its_place(file, capsys, line):
    file.write_bytes(file.read_bytes() + line)
    assert main(["events", "replay", str(file)]) == 1
    assert f"{file}:6: not an event" in capsys.readouterr().err


def test_a_building_that_cannot_be_read_is_told(file, tmp_path, capsys):
    assert main(["events", "replay", str(file), "--policy", str(tmp_path)]) == 1
    assert "building.toml" in capsys.readouterr().err
