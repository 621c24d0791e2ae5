"""The store means the same on SQLite and on a real PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert
from sqlalchemy.exc import StatementError

from access.errors import Conflict, Invalid
from access.services import open_services
from access.services.badges import BadgeRecord, BadgeVerb
from access.services.events import Filter
from access.services.ingest import Batch
from access.services.organisations import OrganisationRecord
from access.services.people import PersonRecord
from access.store import audit, backup, schema
from access.store.check import check
from access.store.database import open_database
from access.store.models import OrganisationRow, Row
from policies.ids import (
    BadgeId,
    CertificationId,
    DoorId,
    GrantId,
    OrganisationId,
    PersonId,
    SpaceId,
    TierId,
)
from policies.roster import BadgeKind, Certification, Grant, ResidentType
from readers.wire.events import FIRST_SEQ, GENESIS, Draft, EventType, seal
from tests.small_site import BUILDING, DESK, EDGE, NOON, POLICY, SCOPES, sealed_events

ADA = PersonRecord(
    PersonId("ada"),
    ResidentType.STAFF,
    OrganisationId("acme"),
    (TierId("staff"),),
    (Certification(CertificationId("laser"), NOON), Certification(CertificationId("wood"))),
    (Grant(GrantId("g1"), NOON, NOON + timedelta(days=1), (DoorId("room"),), (SpaceId("hall"),)),),
    NOON - timedelta(days=1),
    NOON + timedelta(microseconds=1),
    extended_opening=True,
    host=PersonId("zoe"),
    name="Ada Lovelace ☕",
    external_id="HR-1",
)
ZOE = PersonRecord(PersonId("zoe"), ResidentType.STAFF, name="Zoe")
BADGE = BadgeRecord(BadgeId("04aabbcc"), BadgeKind.UID, PersonId("ada"))


@pytest.fixture
def opened(database_url, tmp_path):
    services = open_services(database_url, BUILDING, POLICY, SCOPES, tmp_path / "site.key")
    services.organisations.add([OrganisationRecord(OrganisationId("acme"), "Acme")], "test", NOON)
    services.people.add([ADA, ZOE], "test", NOON)
    services.badges.add([BADGE], "test", NOON)
    yield services
    services.close()


def lines(sealed):
    return b"\n".join(each.line for each in sealed)


def test_the_migrations_build_what_the_models_say(opened):
    with opened.database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Row.metadata) == []


def test_an_upgrade_of_an_up_to_date_database_does_nothing(opened):
    schema.upgrade(opened.database.engine)
    assert schema.current(opened.database.engine) == schema.newest()


def test_people_and_badges_come_back_as_they_went_in(opened):
    assert opened.people.get(ADA.id) == ADA
    assert opened.badges.get(BADGE.id) == msgspec.structs.replace(BADGE, issued_at=NOON)
    roster = opened.publisher.roster()
    assert roster.people[ADA.id] == ADA.as_known_at_doors()
    assert roster.badges[BADGE.id] == BADGE.as_known_at_doors()


def test_a_person_put_in_the_place_of_another_leaves_nothing_of_them(opened):
    bare = opened.people.change(
        ADA.id,
        lambda ada: msgspec.structs.replace(ada, tiers=(), certifications=(), grants=(), host=None),
        "test",
        NOON,
    )
    assert opened.people.get(ADA.id) == bare
    assert (bare.tiers, bare.grants, bare.version) == ((), (), 2)


def test_what_is_refused_leaves_no_trace(opened):
    before = len(opened.people.page())
    with opened.database.reading() as session:
        noted = audit.page(session, 0, 100)
    with pytest.raises(Conflict):
        opened.people.add([PersonRecord(PersonId("new"), ResidentType.STAFF, name="N"), ZOE], "test", NOON)
    assert len(opened.people.page()) == before
    with opened.database.reading() as session:
        assert audit.page(session, 0, 100) == noted


def test_a_moment_without_its_offset_is_refused(opened):
    naive = msgspec.structs.replace(ZOE, id=PersonId("naive"), valid_from=datetime(2026, 9, 15))  # noqa: DTZ001  (what is refused)
    with pytest.raises(StatementError, match="offset"):
        opened.people.add([naive], "test", NOON)


def test_a_badge_of_one_person_is_not_issued_to_another_and_nothing_beside_it_either(opened):
    overlapping = [BadgeRecord(BadgeId(name), BadgeKind.UID, ZOE.id) for name in ("04ddeeff", BADGE.id)]
    with pytest.raises(Conflict, match=BADGE.id):
        opened.badges.add(overlapping, "test", NOON)
    assert [(badge.id, badge.person) for badge in opened.badges.page()] == [(BADGE.id, ADA.id)]


def test_a_statement_that_fails_tells_nobodys_name(opened):
    row = {"id": "acme", "name": "Secret", "sought": "secret", "version": 1, "tiers": []}
    with pytest.raises(StatementError) as failed, opened.database.writing() as session:
        session.execute(insert(OrganisationRow), [row])
    assert "Secret" not in str(failed.value)


def test_moments_are_kept_in_utc_whatever_their_offset(opened):
    paris = datetime(2026, 9, 15, 12, 0, tzinfo=timezone(timedelta(hours=2)))
    opened.people.add([msgspec.structs.replace(ZOE, id=PersonId("p"), valid_from=paris)], "test", NOON)
    kept = opened.people.get(PersonId("p")).valid_from
    assert kept == paris
    assert kept.tzinfo is UTC


def test_events_are_stored_once_and_read_back_newest_first(opened):
    chain = sealed_events(20)
    for part in (chain[:12], chain[5:], chain):
        opened.ingest.take([Batch(EDGE, lines(part))], NOON)
    found = opened.events.newest(Filter(), limit=100)
    assert [event.id for event in found] == [each.id for each in reversed(chain)]


def test_a_value_that_the_database_cannot_hold_costs_only_its_own_batch(opened):
    # In UTC this moment lies before the first year.
    dawn = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1)))
    bad = [seal(Draft(dawn, EventType.DOOR_OPENED, DoorId("room")), DESK, 1, FIRST_SEQ, GENESIS, "salt")]
    taken = opened.ingest.take([Batch(DESK, lines(bad)), Batch(EDGE, lines(sealed_events(3)))], NOON)
    assert taken.reached[EDGE, 1] == 3
    assert [finding.kind for finding in taken.findings] == ["unstorable"]


def test_writers_wait_for_one_another_and_nothing_is_lost(opened):
    def write(number):
        opened.people.add(
            [PersonRecord(PersonId(f"p{number}"), ResidentType.VISITOR, name="N")], "test", NOON
        )
        opened.badges.say(BADGE.id, BadgeVerb.SUSPEND if number % 2 else BadgeVerb.ACTIVATE, "test", NOON)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(24)))
    assert len(opened.people.page()) == 26
    assert list(check(opened.database)) == []


def test_publications_of_parallel_servers_have_versions_of_their_own(opened):
    with ThreadPoolExecutor(4) as threads:
        topics = list(threads.map(lambda _: opened.publisher.publish(NOON), range(8)))
    from readers.wire import snapshot as wire

    versions = [wire.read(each.messages[0].payload, opened.publisher.public_key).version for each in topics]
    assert len(set(versions)) == 8


def test_a_whole_database_has_no_findings(opened):
    opened.ingest.take([Batch(EDGE, lines(sealed_events(5)))], NOON)
    assert list(check(opened.database)) == []


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("DELETE FROM events WHERE seq = 3", "edge-1:1:3: missing"),
        ("DELETE FROM events WHERE seq = 5", "stored up to 4, acknowledged up to 5"),
        ("UPDATE events SET digest = 'x' WHERE seq = 2", "edge-1:1:2: not the record"),
        ("UPDATE audit SET actor = 'nobody' WHERE seq = 2", "audit 2"),
        ("UPDATE alembic_version SET version_num = 'older'", "totem db upgrade"),
    ],
)
def test_damage_is_found_and_named(opened, damage, found):
    opened.ingest.take([Batch(EDGE, lines(sealed_events(5)))], NOON)
    with opened.database.engine.begin() as connection:
        connection.exec_driver_sql(damage)
    assert any(found in finding for finding in check(opened.database))


def test_backup_and_restore_of_postgresql_name_its_own_tools(postgres_server, tmp_path):
    database = open_database(postgres_server.format(name="postgres"))
    with pytest.raises(Invalid, match="pg_dump"):
        backup.back_up(database, tmp_path / "copy")
    database.close()


def test_the_word_to_doors_of_a_period_is_found_by_its_time(opened):
    days = [NOON + timedelta(days=number) for number in range(4)]
    with opened.database.writing() as session:
        for number, at in enumerate(days):
            audit.append(session, at, "anna", "door-unlock", [f"front: c-{number}: a parcel"])
            audit.append(session, at, "anna", "person-changed", ["ada"])
        assert audit.of_doors(session, days[1], days[3]) == [
            ("anna", "front: c-1: a parcel"),
            ("anna", "front: c-2: a parcel"),
        ]


def test_the_oldest_of_the_audit_goes_and_the_rest_still_proves_itself(opened):
    with opened.database.writing() as session:
        audit.append(session, NOON + timedelta(days=1), "test", "later", ["x"], purpose="p", reason="r")
        before = audit.verify(session)
        gone = audit.forget_before(session, NOON + timedelta(hours=1))
    with opened.database.reading() as session:
        assert [entry.action for entry in audit.page(session, 0, 10)] == ["later"]
        assert audit.verify(session) == msgspec.structs.replace(before, gone=gone)
    assert gone == before.seq - 1
    assert list(check(opened.database)) == []
    with opened.database.writing() as session:
        assert audit.forget_before(session, NOON) == 0
