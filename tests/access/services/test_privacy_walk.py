"""An export tells of every table that names somebody; whoever is erased is named in none: all tables are walked."""

import asyncio
import re
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import select

from access.services import open_services
from access.services.badges import BadgeRecord
from access.services.ingest import Batch
from access.services.people import PersonRecord
from access.services.visits import VisitRecord
from access.site.pace import inline
from access.store import audit, musters
from access.store.models import Row
from access.store.musters import Listed, Muster, Safe
from emulators.clock import LoopClock, run_virtually
from policies.ids import BadgeId, DoorId, PersonId, SpaceId
from policies.presence.passage import Cause, Doubt, Passage
from policies.roster import BadgeKind, BadgeStatus, ResidentType
from tests.access.store.freeze import ADA, live, write_key
from tests.small_site import BUILDING, EDGE, NOON, POLICY, SCOPES, sealed_events

HALL = SpaceId("hall")
LATER = NOON + timedelta(days=10)
TOLD_IN = {
    "people": "person", "tiers_held": "person", "pins": "pin", "badges": "badges", "certifications": "certifications",
    "grants": "grants", "visits": "visits", "musters": "rollcalls", "musters_safe": "rollcalls", "holds": "holds",
    "events": "events", "audit": "audit",
}  # fmt: skip  # a table
"""By table, the part of an export that tells of it."""

UNTOLD = {
    "changes": "says no more than that doors have to be told something new of them",
    "presence": "where they were seen last stands in events too",
}
STAYS = {
    "changes.subject": "doors still have to hear that they are gone; a month later it goes",
}
NAMING = re.compile(rf"\b{ADA.id}\b|{ADA.name}|\b{ADA.external_id}\b")


@pytest.fixture
def site(sqlite_url, tmp_path):
    """Return a site that was lived in until there was a row in every table."""
    key = tmp_path / "lived.key"
    write_key(key)
    live(sqlite_url, key)
    with closing(open_services(sqlite_url, BUILDING, POLICY, SCOPES, key)) as opened:
        lines = [each.line for each in sealed_events(2, epoch=2, person=ADA.id)]
        opened.ingest.take([Batch(EDGE, b"\n".join(lines))], LATER)
        opened.people.add([PersonRecord(PersonId("hal"), ResidentType.STAFF, name="Hal")], "test", NOON)
        visit = VisitRecord("v2", ADA.id, PersonId("hal"), NOON, LATER, (DoorId("room"),))
        opened.visits.expect(visit, None, "test", NOON)
        listed = Listed(ADA.id, ADA.name, "staff", None, HALL, DoorId("front"), NOON, confirmed=True)
        muster = Muster("m2", NOON, "warden", is_drill=True, closed_at=None, people=(listed,), safe=())
        with opened.database.writing() as session:
            musters.add(session, muster)
            musters.mark(session, "m2", [Safe(ADA.id, NOON, "warden")])
        yield opened


def naming(site):
    """Return the columns in which somebody is named, as `table.column`."""
    found = set()
    with site.database.reading() as session:
        for table in Row.metadata.sorted_tables:
            for row in session.execute(select(table)).mappings():
                for column, value in row.items():
                    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                    if NAMING.search(text):
                        found.add(f"{table.name}.{column}")
    return found


def of_people():
    """Return the columns that are there to name a person: by what they point at, or by what they are called."""
    return {
        f"{table.name}.{column.name}"
        for table in Row.metadata.sorted_tables
        for column in table.columns
        if column.name in {"person", "host"}
        or any(key.column.table.name == "people" for key in column.foreign_keys)
    }


def test_the_site_that_is_walked_names_somebody_in_every_column_that_is_for_people(site):
    assert of_people() - naming(site) <= {"people.host"}, (
        "let ADA have a row there in freeze.py, or in this test"
    )


def test_an_export_tells_of_every_table_that_names_somebody(site):
    tables = {column.split(".")[0] for column in naming(site)}
    assert tables - UNTOLD.keys() <= TOLD_IN.keys(), "a table that no export tells of"
    dossier = site.erasures.export(ADA.id, "asked", "test", LATER)
    for table in tables - UNTOLD.keys():
        assert getattr(dossier, TOLD_IN[table]), table
    assert dossier.pin.is_set
    assert [visit.id for visit in dossier.visits] == ["v1", "v2"]
    assert dossier.rollcalls[0].safe[0].actor == "warden"


def test_whoever_is_erased_is_named_nowhere_but_where_it_is_said(site):
    site.erasures.erase(ADA.id, "asked", "test", LATER)
    assert naming(site) == STAYS.keys()
    assert site.audit.verify().broken is None
    with site.database.reading() as session:
        acts = audit.acts(session, 0, ("person-added", "person-erased"))
    assert ("person-erased", site.holds.page()[0].person) in acts
    assert site.holds.page()[0].person.startswith("erased-")


def test_memory_does_not_bring_back_who_was_erased(site):
    async def live_on():
        clock = LoopClock(asyncio.get_running_loop(), NOON)
        writing = asyncio.create_task(site.chronicle.run(clock, inline))
        await clock.sleep(timedelta(hours=1).total_seconds())
        writing.cancel()

    seen = Passage(NOON, EDGE, 9, 1, DoorId("front"), SpaceId("outside"), HALL, ADA.id)
    site.live.restore([], {ADA.id: Doubt(seen, NOON, Cause.DWELT_TOO_LONG)})
    run_virtually(live_on())
    assert "presence.doubts" in naming(site)
    site.erasures.erase(ADA.id, "asked", "test", LATER)
    run_virtually(live_on())
    assert naming(site) == STAYS.keys()


@pytest.mark.parametrize("gone", ["host", "guest"])
def test_a_visit_under_way_is_ended_when_its_visitor_or_its_host_is_erased(services, gone):
    people = [PersonRecord(PersonId("host"), ResidentType.STAFF, name="Host")]
    services.people.add(people, "test", NOON)
    services.badges.add(
        [BadgeRecord(BadgeId("04000001"), BadgeKind.UID, None, BadgeStatus.ISSUED)], "test", NOON
    )
    day = NOON + timedelta(days=1)
    visit = VisitRecord("v", PersonId("guest"), PersonId("host"), NOON, day, (DoorId("room"),))
    services.visits.expect(visit, "Guest", "test", NOON)
    services.visits.arrive("v", BadgeId("04000001"), "test", NOON)
    before = services.publisher.version()
    services.erasures.erase(PersonId(gone), "asked", "test", NOON)
    badge = services.badges.get(BadgeId("04000001"))
    assert (badge.person, badge.status) == (None, BadgeStatus.ISSUED)
    assert services.grants.page() == []
    delta = services.publisher.since(before, NOON)
    assert {badge.id for badge in delta.badges} == {"04000001"}
    assert {*delta.gone_people, *(person.id for person in delta.people if not person.grants)} >= {
        gone,
        "guest",
    }
