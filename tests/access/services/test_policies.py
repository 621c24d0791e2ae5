"""Policies as a resource: nothing that does not pass takes force, and what does is at every door and in every check."""

import shutil
from pathlib import Path

import msgspec
import pytest
from sqlalchemy.exc import IntegrityError

import policies
from access.errors import Conflict, Invalid, NotFound
from access.services import open_services
from access.services.examination import files_of
from access.services.imports import from_csv
from access.services.outbox import RightsChanged
from access.services.people import PersonRecord
from policies.ids import DoorId, PersonId, SourceId, TierId
from policies.loader import load
from policies.roster import ResidentType
from readers.wire import snapshot as wire
from tests.small_site import NOON

KM0 = Path(policies.__file__).parent / "km0"
SCENARIOS = """\
[[person]]
id = "ada"
type = "student"
tiers = ["school-42"]

[[scenario]]
id = "cluster-at-night"
person = "ada"
door = "cluster-42"
now = 2026-09-15T03:00:00
expect = "grant"
"""
NARROWED = (
    'tiers = ["school-epitech", "school-uha40", "school-42"]',
    'tiers = ["school-uha40", "school-42"]',
)
ADA = PersonRecord(PersonId("ada"), ResidentType.STUDENT, tiers=(TierId("school-42"),), name="Ada")


@pytest.fixture
def folder(tmp_path):
    """Return KM0's files with one scenario, which the tests can afford to run again and again."""
    path = tmp_path / "km0"
    shutil.copytree(KM0, path)
    (path / "scenarios.toml").write_text(SCENARIOS)
    return path


@pytest.fixture
def opened(sqlite_url, tmp_path, folder):
    """Return a function that starts the server with the files in the folder, over the same database."""
    started = []

    def start():
        building, policy = load(folder)
        scopes = {SourceId("edge-1"): (DoorId("fablab"),)}
        key = tmp_path / "site.key"
        site = open_services(sqlite_url, building, policy, scopes, key, files=files_of(folder))
        started.append(site)
        return site

    yield start
    for site in started:
        site.close()


def edited(folder, old, new):
    text = (folder / "policy.toml").read_text()
    assert old in text
    return text.replace(old, new)


def test_a_policy_is_proposed_examined_activated_and_rolled_back(opened, folder):
    site = opened()
    first = site.policy.version
    at_start = site.publisher.publish(NOON)
    site.publisher.has_gone_out(at_start)
    proposed = site.policies.propose({"policy.toml": edited(folder, *NARROWED)}, "no Epitech", "boss", NOON)
    assert site.policy.version == first != proposed.version
    examination = site.policies.examine(proposed.seq, NOON)
    assert (examination.passes, examination.trials) == (True, 1)
    (sentence,) = examination.diff
    assert "may no longer enter" in sentence.en
    assert "ne peuvent plus entrer" in sentence.fr
    assert "FabLab" in sentence.en

    told: list[RightsChanged] = []
    site.rights.listen(told.append)
    site.policies.activate(proposed.seq, "boss", NOON)
    assert site.policy.version == proposed.version
    publication = site.publisher.changes(NOON)
    assert publication.version > at_start.version
    snapshot = wire.read(publication.messages[0].payload, site.publisher.public_key)
    assert snapshot.policy.version == proposed.version
    assert len(told) == 1
    assert site.publisher.since(at_start.version, NOON) is None

    site.policies.roll_back("boss", NOON)
    assert site.policy.version == first
    assert [each.policy for each in site.policies.activations()] == [1, 2, 1]


UNCOMMITTABLE = """
CREATE TABLE whole (id INTEGER PRIMARY KEY);
CREATE TABLE broken (id INTEGER REFERENCES whole (id) DEFERRABLE INITIALLY DEFERRED);
CREATE TRIGGER breaks AFTER INSERT ON policy_activations BEGIN INSERT INTO broken VALUES (1); END
"""
"""What the database finds only when it commits, as it finds a full disk."""


def test_rules_that_could_not_be_committed_are_not_in_force_either(opened, folder):
    site = opened()
    before = site.policy.version
    proposed = site.policies.propose({"policy.toml": edited(folder, *NARROWED)}, "no Epitech", "boss", NOON)
    with site.database.writing() as session:
        for statement in UNCOMMITTABLE.split(";\n"):
            session.connection().exec_driver_sql(statement)
    with pytest.raises(IntegrityError):
        site.policies.activate(proposed.seq, "boss", NOON)
    assert site.policy.version == before
    snapshot = wire.read(site.publisher.publish(NOON).messages[0].payload, site.publisher.public_key)
    assert snapshot.policy.version == before
    with site.database.writing() as session:
        session.connection().exec_driver_sql("DROP TRIGGER breaks")
    site.policies.activate(proposed.seq, "boss", NOON)
    assert site.policy.version == proposed.version


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"policy.toml": '[[permit]]\nid = "x"\nspaces = ["nowhere"]\n'}, r"policy\.toml:\d+: .*nowhere"),
        ({"policy.toml": "not toml"}, "policy.toml:1"),
        ({"building.toml": "x"}, "building.toml:1"),
        ({"../etc/passwd": "x"}, "expected building.toml"),
    ],
    ids=["a rule about nowhere", "no TOML", "no building", "a path"],
)
def test_what_does_not_load_is_refused_with_its_place_and_kept_nowhere(opened, files, why):
    site = opened()
    with pytest.raises(Invalid, match=why):
        site.policies.propose(files, "a try", "boss", NOON)
    assert len(site.policies.page()) == 1


def test_a_policy_whose_scenario_fails_never_takes_force(opened, folder):
    site = opened()
    before = site.policy.version
    failing = {
        "scenarios.toml": SCENARIOS.replace('"grant"', '"deny"'),
        "policy.toml": edited(folder, *NARROWED),
    }
    proposed = site.policies.propose(failing, "a try", "boss", NOON)
    with pytest.raises(Conflict, match=r"scenarios\.toml:6: cluster-at-night"):
        site.policies.activate(proposed.seq, "boss", NOON)
    assert site.policy.version == before
    assert site.publisher.changes(NOON) is None


def test_a_policy_that_breaks_an_invariant_never_takes_force(opened):
    site = opened()
    never = '\n[[never]]\nid = "no-student-in-the-cluster"\ntypes = ["student"]\nspaces = ["cluster-42"]\n'
    proposed = site.policies.propose({"scenarios.toml": SCENARIOS + never}, "a try", "boss", NOON)
    with pytest.raises(Conflict, match="no-student-in-the-cluster"):
        site.policies.activate(proposed.seq, "boss", NOON)


def test_a_policy_without_a_tier_that_people_hold_never_takes_force(opened, folder):
    site = opened()
    site.people.add([msgspec.structs.replace(ADA, tiers=(TierId("fablab-member"),))], "boss", NOON)
    text = (folder / "policy.toml").read_text().replace("fablab-member", "fablab-friend")
    proposed = site.policies.propose({"policy.toml": text}, "renamed", "boss", NOON)
    assert site.policies.examine(proposed.seq, NOON).missing == {"fablab-member": 1}
    with pytest.raises(Conflict, match="fablab-member: 1 people"):
        site.policies.activate(proposed.seq, "boss", NOON)


def test_another_building_is_not_put_under_a_running_server(opened, folder):
    site = opened()
    text = (folder / "building.toml").read_text()
    with pytest.raises(Invalid, match="another building"):
        site.policies.propose(
            {"building.toml": text.replace("capacity = 30", "capacity = 31")}, "x", "b", NOON
        )


@pytest.mark.parametrize(
    ("here", "elsewhere"),
    [('timezone = "Europe/Paris"', 'timezone = "Europe/Lisbon"'), ("last_year = 2045", "last_year = 2044")],
)
def test_another_time_is_not_put_under_a_server_that_counts_by_it(opened, folder, here, elsewhere):
    site = opened()
    text = (folder / "calendar.toml").read_text()
    assert here in text
    changed = text.replace(here, elsewhere)
    with pytest.raises(Invalid, match=r"calendar.toml: \[calendar\]: another time zone or other years"):
        site.policies.propose({"calendar.toml": changed}, "x", "b", NOON)


def test_a_tier_that_took_force_can_be_imported_and_one_that_lost_it_cannot(opened, folder):
    site = opened()
    wanted, faults = from_csv(b"external_id,name,type,tiers\nE1,Eve,student,guest-chef\n", "Europe/Paris")
    assert [fault.message for fault in site.imports.propose(wanted, faults, NOON).faults] == [
        "there is no tier guest-chef"
    ]
    text = (folder / "policy.toml").read_text() + '\n[[tier]]\nid = "guest-chef"\n'
    proposed = site.policies.propose({"policy.toml": text}, "a chef", "boss", NOON)
    site.policies.activate(proposed.seq, "boss", NOON)
    assert site.imports.propose(wanted, faults, NOON).faults == ()
    site.policies.roll_back("boss", NOON)
    assert len(site.imports.propose(wanted, faults, NOON).faults) == 1


def test_what_was_activated_is_in_force_after_a_restart_and_new_files_overrule_it(opened, folder):
    site = opened()
    first = site.policy.version
    narrowed = edited(folder, *NARROWED)
    proposed = site.policies.propose({"policy.toml": narrowed}, "no Epitech", "boss", NOON)
    site.policies.activate(proposed.seq, "boss", NOON)
    assert opened().policy.version == proposed.version != first
    (folder / "policy.toml").write_text(narrowed + "\n# by hand\n")
    (folder / "calendar.toml").write_text((folder / "calendar.toml").read_text() + "\n# by hand\n")
    again = opened()
    assert again.policies.activations(1)[0].policy == 3
    assert opened().policies.activations(1)[0].policy == 3


def test_the_same_files_are_the_same_policy(opened, folder):
    site = opened()
    one, two = (
        site.policies.propose({"policy.toml": edited(folder, *NARROWED)}, note, "boss", NOON)
        for note in ("first", "second")
    )
    assert one == two
    assert site.policies.get(one.seq).note == "first"
    with pytest.raises(NotFound):
        site.policies.get(99)
    with pytest.raises(Conflict, match="none in force before"):
        site.policies.roll_back("boss", NOON)
