"""Another building's log replayed: zones that badges were read into, and swipes in and out by turns, some missing."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from access.cli import main
from access.errors import Invalid
from access.occupancy.foreign import Columns, ForeignLog
from policies.loader import load

KM0 = load(Path(__file__).parents[3] / "policies" / "km0")
SEVEN = datetime(2026, 9, 15, 5, 0, tzinfo=UTC)
PEOPLE = 200
ROOMS = ["cnam-1", "cnam-2", "epitech-lab", "restaurant", "uha40-room"]


def replayed(capsys, path: Path, columns: str) -> dict[str, int]:
    assert main(["events", "replay", "--json", "--csv", columns, str(path)]) == 0
    counts: dict[str, int] = json.loads(capsys.readouterr().out)["counts"]
    return counts


def written(path: Path, header: tuple[str, ...], rows: list[tuple]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(sorted(rows))
    return path


@pytest.mark.parametrize("seed", [7])
def test_a_log_of_zones_gives_everybody_their_last_zone(tmp_path, capsys, seed):
    random, rows, last = Random(seed), [], {}
    for person in range(PEOPLE):
        at = SEVEN + timedelta(minutes=random.uniform(60, 180))
        for _ in range(random.randint(1, 6)):
            last[person] = random.choice([*ROOMS, ""])
            rows.append((at.isoformat(), f"card-{person}", last[person]))
            at += timedelta(minutes=random.uniform(1, 40))
    log = written(tmp_path / "zones.csv", ("When", "Card", "Zone"), rows)
    counts = replayed(capsys, log, "time=When,badge=Card,zone=Zone")
    for room in ROOMS:
        assert counts[room] == sum(zone == room for zone in last.values())
    assert counts["fonderie"] == sum(zone != "" for zone in last.values())


@pytest.mark.parametrize("seed", [7])
def test_swipes_by_turns_with_some_missing_stay_near_the_truth_and_start_anew_each_day(
    tmp_path, capsys, seed
):
    random, rows = Random(seed), []
    for day in range(5):
        for person in range(PEOPLE):
            come = SEVEN + timedelta(days=day, minutes=random.uniform(60, 180))
            swipes = [come, come + timedelta(hours=4), come + timedelta(hours=5), come + timedelta(hours=9)]
            # On the last day the log ends while everybody is at lunch or back at work.
            kept = [at for at in swipes if day < 4 or at < SEVEN + timedelta(days=4, hours=10)]
            rows += [(at.isoformat(), f"card-{person}", "main-b23") for at in kept if random.random() > 0.03]
    log = written(tmp_path / "swipes.csv", ("time", "badge", "door"), rows)
    truth = PEOPLE
    counted = replayed(capsys, log, "time=time,badge=badge,door=door")["fonderie"]
    assert abs(counted - truth) < 0.15 * truth


def test_directions_are_read_in_several_words(tmp_path, capsys):
    rows = [
        (SEVEN.isoformat(), "a", "agora", "IN"),
        ((SEVEN + timedelta(minutes=1)).isoformat(), "b", "agora", "entry"),
        ((SEVEN + timedelta(minutes=2)).isoformat(), "a", "agora", "Exit"),
    ]
    log = written(tmp_path / "log.csv", ("time", "badge", "door", "way"), rows)
    counts = replayed(capsys, log, "time=time,badge=badge,door=door,direction=way")
    assert (counts["agora"], counts["fonderie"]) == (1, 1)


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ({"time": "yesterday", "badge": "a", "door": "agora"}, "row 1: 'yesterday', expected a time"),
        ({"time": "2026-09-15T09:00:00", "badge": "a", "door": "agora"}, "with its UTC offset"),
        ({"time": "2026-09-15T09:00:00Z", "badge": "", "door": "agora"}, "nothing in the column 'badge'"),
        ({"time": "2026-09-15T09:00:00Z", "badge": "a", "door": "cellar"}, "there is no door cellar"),
        ({"time": "2026-09-15T09:00:00Z", "badge": "a", "door": "agora", "way": "up"}, "expected in or out"),
    ],
)
def test_a_row_that_does_not_fit_is_named(row, complaint):
    log = ForeignLog(KM0.building, KM0.policy.calendar, Columns(door="door", direction="way"))
    with pytest.raises(Invalid, match=complaint):
        list(log.passages([row]))


@pytest.mark.parametrize("text", ["", "time", "badge=a", "zone=z,door=d", "colour=red,door=d"])
def test_columns_that_make_no_log_are_refused(text):
    with pytest.raises(Invalid, match="columns"):
        Columns.of(text)
