"""`totem import people` as somebody types it; and the roll-over of a term, 600 students in one file."""

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from access.cli import main
from access.services.badges import BadgeRecord
from access.services.listing import Listing
from access.services.organisations import OrganisationRecord
from access.settings import load
from access.site.server import open_site
from policies.ids import BadgeId, OrganisationId
from policies.roster import BadgeKind
from tests.small_site import NOON

HEAD = "external_id,name,type,organisation,tiers,valid_from,valid_until\n"


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "serve.toml"
    path.write_text(f'data = "{tmp_path}/data"\n')
    services = open_site(load(path, {}))
    services.organisations.add([OrganisationRecord(OrganisationId("epitech"), "Epitech")], "test", NOON)
    services.close()
    return str(path)


def imported(config, file, *words):
    return main(["import", "--config", config, "people", str(file), *words])


def students(first, last, until):
    rows = (
        f"S{number},Student {number},student,epitech,school-epitech,,{until}\n"
        for number in range(first, last)
    )
    return HEAD + "".join(rows)


def everyone(config):
    services = open_site(load(Path(config), {}))
    found = {person.external_id: person for person in services.people.page(listing=Listing(2_000))}
    services.close()
    return found


def test_the_difference_is_shown_and_only_apply_changes_anything(config, tmp_path, capsys):
    file = tmp_path / "people.csv"
    file.write_text(students(0, 25, "2099-06-30"))
    assert imported(config, file) == 0
    shown = capsys.readouterr().out
    assert "+ S0 Student 0" in shown
    assert "… and 5 more" in shown
    assert shown.splitlines()[-1] == "added 25, changed 0, ended 0, unchanged 0"
    assert everyone(config) == {}
    assert imported(config, file, "--apply") == 0
    assert len(everyone(config)) == 25
    capsys.readouterr()
    assert imported(config, file, "--json") == 0
    assert json.loads(capsys.readouterr().out)["difference"]["unchanged"] == 25


class Terminal(io.StringIO):
    """What somebody watches."""

    def isatty(self):
        return True


def test_whoever_watches_sees_how_far_it_has_come(config, tmp_path, monkeypatch):
    file, terminal = tmp_path / "people.csv", Terminal()
    file.write_text(students(0, 1_000, "2099-06-30"))
    monkeypatch.setattr("sys.stderr", terminal)
    assert imported(config, file, "--apply") == 0
    shown = terminal.getvalue()
    for done in ("0/1000", "500/1000", "1000/1000"):
        assert f"{done} " in shown
    assert "people/s" in shown


def test_faults_are_told_with_their_lines_and_nothing_is_changed(config, tmp_path, capsys):
    file = tmp_path / "people.csv"
    file.write_text(
        HEAD + "S1,Ada,student,epitech,school-epitech,,2099-02-30\nS2,,student,epitech,no-such,,\n"
    )
    assert imported(config, file, "--apply") == 1
    told = capsys.readouterr().err
    assert "line 2: valid_until: expected a day" in told
    assert "line 3: name: expected 1 to 200" in told
    assert "line 3: tiers: there is no tier no-such" in told
    assert everyone(config) == {}
    assert imported(config, tmp_path / "none.csv") == 2


def test_a_term_rolls_over_in_one_file(config, tmp_path, capsys):
    """600 students: 150 leave, 150 are new, 450 stay for another year; the same file twice is once."""
    file = tmp_path / "term.csv"
    file.write_text(students(0, 600, "2098-08-31"))
    assert imported(config, file, "--apply") == 0
    old = everyone(config)
    services = open_site(load(Path(config), {}))
    badge = BadgeRecord(BadgeId("04aabbcc"), BadgeKind.UID, old["S0"].id)
    services.badges.add([badge], "test", NOON)
    services.close()

    file.write_text(students(150, 750, "2099-08-31"))
    capsys.readouterr()
    assert imported(config, file, "--apply", "--end", "600") == 1
    assert "150 people are missing" in capsys.readouterr().err
    assert everyone(config) == old
    assert imported(config, file, "--apply", "--end", "150") == 0
    assert "added 150, changed 450, ended 150, unchanged 0" in capsys.readouterr().out
    new, now = everyone(config), datetime.now(UTC)
    assert len(new) == 750
    assert all((person.valid_until or now) <= now for name, person in new.items() if int(name[1:]) < 150)
    assert {new[name].id for name in old} == {person.id for person in old.values()}
    assert {person.valid_until.year for name, person in new.items() if int(name[1:]) >= 150} == {2099}

    assert imported(config, file, "--apply", "--end", "0") == 0
    assert "unchanged 600" in capsys.readouterr().out
    services = open_site(load(Path(config), {}))
    assert services.badges.get(BadgeId("04aabbcc")).person == old["S0"].id
    assert services.audit.verify().broken is None
    services.close()
