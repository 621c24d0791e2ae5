"""`totem policy replay`: taps that a door computer really recorded, decided again by an old policy and a new one."""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from access.cli import main
from emulators.clock import run_virtually
from policies.engine import Engine
from policies.ids import BadgeId
from policies.request import AccessRequest, LiveState
from readers.wire.events import EventType, parse
from readers.wire.snapshot import sign
from tests.readers.daemon.desk import LAB_IN, LAB_OUT, SITE_KEY, STRANGER_CARD, desk, snapshot

BUILDING = """\
[site]
id = "desk"

[[space]]
id = "street"
name = { fr = "Rue", en = "Street" }
kind = "outside"

[[space]]
id = "lab"
name = { fr = "Labo", en = "Lab" }

[[door]]
id = "lab"
name = { fr = "Labo", en = "Lab" }
outer = "street"
inner = "lab"
entry_reader = "lab-in"
exit_reader = "lab-out"
"""
CALENDAR = """\
[calendar]
timezone = "Europe/Paris"
country = "FR"
subdivision = "6AE"
first_year = 2026
last_year = 2027

[[schedule]]
id = "nights"
windows = [{ days = ["mon-sun"], from = 22:00:00, until = 05:00:00 }]
"""
OLD = '[[permit]]\nid = "makers"\ntypes = ["maker"]\nspaces = ["lab"]\n'
NEW = f'{OLD}schedule = "nights"\n'
ADA = {"id": "ada", "type": "maker", "badges": [{"id": "04a1b2c3d4e5f6", "kind": "uid"}]}


def site(directory: Path, policy: str) -> str:
    directory.mkdir()
    for name, text in (("building", BUILDING), ("calendar", CALENDAR), ("policy", policy)):
        (directory / f"{name}.toml").write_text(text)
    return str(directory)


@pytest.fixture
def recorded(tmp_path):
    """Return the lines that a door computer kept of Ada coming and going, and of a stranger."""
    lines: list[bytes] = []

    async def day() -> None:
        async with desk(tmp_path, [sign(snapshot(), SITE_KEY)]) as at:
            assert await at.tap()
            await at.tap(reader=LAB_OUT)
            await at.tap(STRANGER_CARD, LAB_IN, push=False)
            lines.extend(at.journal.pending(100))

    run_virtually(day())
    return lines


@pytest.fixture
def replay(tmp_path, capsys):
    """Return what the command answers about lines of events, old and new policy given."""
    (tmp_path / "people.json").write_text(json.dumps([ADA]))
    old, new = site(tmp_path / "old", OLD), site(tmp_path / "new", NEW)

    def run(lines: Iterable[bytes] | None, *words: str, same: bool = False) -> tuple[int, str, str]:
        events = tmp_path / "events"
        if lines is not None:
            events.write_bytes(b"".join(line + b"\n" for line in lines))
        people = str(tmp_path / "people.json")
        sites = [old, old if same else new]
        code = main(["policy", "replay", *sites, "--events", str(events), "--people", people, *words])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_a_recorded_tap_can_be_decided_again_from_its_event(recorded):
    rights = snapshot()
    engine = Engine(rights.policy, rights.building, rights.roster)
    decided = [event for event in map(parse, recorded) if event.type is EventType.DECISION]
    assert len(decided) == 3
    for event in decided:
        assert event.reader
        assert event.inputs
        badge = event.badge or BadgeId("")
        request = AccessRequest(event.at, event.reader, badge, event.inputs.assurance, event.inputs.pin_ok)
        again = engine.decide(request, LiveState())
        assert (again.effect, again.reason, again.rules, again.inwards) == (
            event.effect,
            event.reason,
            event.rules,
            event.inwards,
        )


def test_under_the_same_policy_no_tap_flips(recorded, replay):
    code, out, _ = replay(recorded, "--json", same=True)
    told = json.loads(out)
    assert (code, told) == (0, {"decided": 3, "skipped": 0, "unknown": 1, "flips": []})


def test_a_narrower_policy_flips_the_entry_and_neither_the_exit_nor_the_refusal(recorded, replay):
    code, out, _ = replay(recorded, "--json")
    (flip,) = json.loads(out)["flips"]
    assert code == 1
    assert (flip["reader"], flip["person"]) == ("lab-in", "ada")
    assert (flip["old"]["reason"], flip["new"]["reason"]) == ("granted", "denied-out-of-time-range")
    _, told, _ = replay(recorded)
    strangers, summary, by_door, *_ = told.splitlines()
    assert summary == "3 taps, 1 decided otherwise"
    assert strangers.startswith("1 by badges that the people file does not have: ")
    assert by_door == "       1  lab: granted → denied-out-of-time-range"
    assert "1 décidés autrement" in replay(recorded, "--lang", "fr")[1]


def test_erased_taps_are_left_out_and_counted(recorded, replay):
    erased = [
        json.dumps({k: v for k, v in json.loads(line).items() if k != "badge"}).encode() for line in recorded
    ]
    assert json.loads(replay(erased, "--json")[1]) == {"decided": 0, "skipped": 3, "unknown": 0, "flips": []}


def test_a_line_that_is_no_event_is_told_with_its_number(recorded, replay):
    code, _, told = replay([*recorded[:2], b'{"id": 7}'])
    assert code == 1
    assert "events:3: no event: " in told


def test_a_directory_of_journals_is_read_whole_the_oldest_epoch_first(recorded, replay, tmp_path):
    first, *others = recorded
    (tmp_path / "events").mkdir()
    for name, lines in (("10.journal", others), ("9.journal", [first]), ("9.torn", [b"{"])):
        (tmp_path / "events" / name).write_bytes(b"".join(line + b"\n" for line in lines))
    code, out, _ = replay(None, "--json", same=True)
    assert (code, json.loads(out)["decided"]) == (0, 3)
    (tmp_path / "events" / "10.journal").write_bytes(b"{}\n")
    assert "10.journal:1: no event: " in replay(None)[2]


def test_events_that_are_not_there_are_wrong_use(replay):
    code, out, told = replay(None)
    assert (code, out) == (2, "")
    assert "events: expected a file of events, or a directory with journals" in told


def test_a_directory_without_a_journal_is_told(replay, tmp_path):
    (tmp_path / "events").mkdir()
    code, _, told = replay(None)
    assert code == 1
    assert "expected a file of events, or a directory with journals" in told
