"""Databases of released schemas, frozen as SQL: `python -m tests.access.store.freeze 0.1.0` writes one of each kind.

They hold a row in every table, written by the program of that release. They are never written again: what a release
wrote is what every later one must be able to read.
"""

import sqlite3
import subprocess
import sys
from array import array
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import MetaData, create_engine, func, insert, select

from access.services import open_services
from access.services.badges import BadgeRecord, BadgeVerb
from access.services.doors import Act
from access.services.imports import from_csv
from access.services.ingest import Batch
from access.services.organisations import OrganisationRecord
from access.services.people import PersonRecord
from access.services.retention import Kind
from access.services.rights import Role
from access.services.visits import VisitRecord
from access.store import occupancy
from access.store.idempotency import AnswerRecord
from access.store.models import Row
from policies.ids import BadgeId, CertificationId, DoorId, GrantId, OrganisationId, PersonId, SpaceId, TierId
from policies.roster import BadgeKind, Certification, Grant, ResidentType
from tests import postgres
from tests.small_site import BUILDING, EDGE, NOON, POLICY, SCOPES, sealed_events

FROZEN = Path(__file__).with_name("frozen")
KINDS = ("sqlite", "postgresql")

ACME = OrganisationRecord(OrganisationId("acme"), "Acme", tiers=(TierId("staff"),))
ADA = PersonRecord(
    PersonId("ada"),
    ResidentType.STAFF,
    ACME.id,
    (TierId("staff"),),
    (Certification(CertificationId("laser"), NOON + timedelta(days=90)),),
    (Grant(GrantId("g1"), NOON, NOON + timedelta(days=1), (DoorId("room"),), (SpaceId("hall"),)),),
    name="Ada Lovelace ☕",
    external_id="HR-1",
)
EVE = PersonRecord(PersonId("eve"), ResidentType.STUDENT, name="Eve")
BADGE = BadgeRecord(BadgeId("04aabbcc"), BadgeKind.UID, ADA.id)
LOST = BadgeRecord(BadgeId("04ddeeff"), BadgeKind.UID, ADA.id)
PASSWORD = "corridor-onion-Saturn-42"


def write_key(path):
    """Write the signing key of the frozen sites, which is no secret."""
    key = Ed25519PrivateKey.from_private_bytes(b"the frozen sites' key: no secret")
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)


def live(url, key):
    """Live a little, until there is a row in every table."""
    site = open_services(url, BUILDING, POLICY, SCOPES, key)
    _people(site)
    _operators(site)
    _events(site)
    _forgetting(site)
    site.publisher.has_gone_out(site.publisher.publish(NOON))
    site.badges.say(LOST.id, BadgeVerb.REPORT_LOST, "test", NOON)
    site.doors.lock_down(SpaceId("hall"), NOON + timedelta(hours=1), Act("act-1", "test", "a drill", NOON))
    with site.database.writing() as session:
        for table, row in _RULES.items():
            session.execute(insert(Row.metadata.tables[table]), [row])
        _counts(session)
    site.close()


def _people(site):
    site.organisations.add([ACME], "test", NOON)
    site.people.add([ADA, EVE], "test", NOON)
    site.badges.add([BADGE, LOST], "test", NOON)
    site.pins.set(ADA.id, "4711", "test", NOON)
    visit = VisitRecord("v1", PersonId("vic"), ADA.id, NOON, NOON + timedelta(hours=2), escorted=True)
    site.visits.expect(visit, "Vic", "test", NOON)
    content = b"external_id,name,type,organisation\nHR-2,Bob,corporate,acme\n"
    site.imports.apply(*from_csv(content, "Europe/Paris"), content, "test", NOON)


def _operators(site):
    once = site.operators.create("root", Role.ADMINISTRATOR, "test", NOON).password
    site.sessions.set_password(site.sessions.sign_in("root", once, NOON).token, PASSWORD, NOON)
    site.keys.create("desk", ("people:read",), "root", NOON)
    site.idempotency.finish(AnswerRecord("root", "key-1", "0" * 64, NOON, 201, {"ETag": '"1"'}, b"{}"))


def _events(site):
    lines = [each.line for each in sealed_events(5)]
    taken = site.ingest.take([Batch(EDGE, b"\n".join([*lines, b"garbage"]))], NOON)
    site.news.tell(taken.events)
    seen = site.rollcall.look()
    muster = site.rollcall.open(seen, "warden", NOON, is_drill=True)
    site.rollcall.mark_safe(muster.id, [ADA.id], "warden", NOON)


def _forgetting(site):
    site.erasures.erase(EVE.id, "asked", "test", NOON)
    later = NOON + timedelta(days=2)
    site.holds.ask(ADA.id, (NOON, later), "a theft", later + timedelta(days=9), "root", NOON)
    site.retention.keep_for(Kind.ELSEWHERE, 2, None, "root", NOON)
    site.retention.keep_for(Kind.PERIMETER, 24, None, "root", NOON)
    site.retention.purge(later)


def _counts(session):
    counts = array("i", [3]) * 1440
    quarters, hours = array("i", [3]) * 96, array("i", [1]) * 24
    day = occupancy.KeptDay(
        SpaceId("hall"),
        NOON.date(),
        3,
        600,
        4320,
        1440,
        3.0,
        24,
        24,
        array("f", [3.0]) * 96,
        quarters,
        quarters,
        quarters,
        hours,
        hours,
        counts,
    )
    occupancy.write(session, [day])
    occupancy.write_visits(session, NOON.date(), {"staff": [0, 2, 1]})
    occupancy.save_presence(session, NOON - timedelta(days=1), [], {})


_RULES = {
    "policies": {
        "seq": 1,
        "version": "test-1",
        "digest": "0" * 64,
        "files": {"policy.toml": "version = 1"},
        "note": "the first",
        "proposed_by": "root",
        "proposed_at": NOON,
    },
    "policy_activations": {"seq": 1, "policy": 1, "at": NOON, "actor": "root"},
}
"""What a site has that begins with files."""


def rows(engine):
    """Return every row of every table, by table."""
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        return {
            name: sorted((dict(row) for row in connection.execute(select(table)).mappings()), key=repr)
            for name, table in tables.tables.items()
        }


def expect_kept(before, after):
    """Expect every row of `before` in `after`, with the same value in every column that there still is."""
    for table, old in before.items():
        if table == "alembic_version" or not old:
            continue
        columns = old[0].keys() & (after[table] or old)[0].keys()
        kept = [{name: row[name] for name in columns} for row in after[table]]
        assert kept == [{name: row[name] for name in columns} for row in old], table


def thaw(release, kind, url):
    """Put the frozen database of a release into an empty one."""
    script = (FROZEN / f"{release}.{kind}.sql").read_text("utf-8")
    if kind == "sqlite":
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.executescript(script)
        return
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql(script)
    engine.dispose()


def main(release):
    with TemporaryDirectory() as folder:
        key = Path(folder) / "site.key"
        write_key(key)
        live(f"sqlite:///{folder}/totem.db", key)
        _expect_whole(f"sqlite:///{folder}/totem.db")
        with closing(sqlite3.connect(f"{folder}/totem.db")) as connection:
            _freeze(release, "sqlite", "\n".join(connection.iterdump()))
        with postgres.running() as address:
            url = address.format(name="postgres")
            live(url, key)
            _expect_whole(url)
            _freeze(release, "postgresql", _dumped(url))


def _dumped(url):
    program = postgres.required() / "pg_dump"
    words = ["--no-owner", "--no-privileges", "--no-comments", "--inserts", url.replace("+psycopg", "")]
    said = subprocess.run([program, *words], capture_output=True, text=True, check=True).stdout
    noise = ("--", "SET ", "SELECT ", "\\")  # of psql, and of sessions
    return "\n".join(line for line in said.splitlines() if line and not line.startswith(noise))


def _expect_whole(url):
    engine = create_engine(url)
    with engine.connect() as connection:
        for table in Row.metadata.sorted_tables:
            assert connection.scalar(select(func.count()).select_from(table)), f"{table.name} has no row"
    engine.dispose()


def _freeze(release, kind, text):
    with (FROZEN / f"{release}.{kind}.sql").open("x", encoding="utf-8") as file:
        file.write(f"{text}\n")


if __name__ == "__main__":
    main(sys.argv[1])
