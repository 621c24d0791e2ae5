"""`/v1/audit`: every act and every look at somebody's events, in a chain that shows what was touched."""

import csv
import io

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import update

from access.services.audit import Checkpoint
from access.services.ingest import Batch
from access.store import audit
from access.store.models import SiteRow
from tests.access.api.test_problems import is_problem
from tests.small_site import BUILDING, EDGE, NOON, sealed_events


@pytest.fixture
def auditor(keyed):
    return keyed("audit:read", "events:read")


@pytest.fixture
def acted(manager):
    for name in ("ada", "bob", "=cmd()"):
        manager.post("/v1/organisations", json={"id": name.strip("=()"), "name": name})
    manager.post("/v1/people", json={"id": "eve", "name": "Eve Adams", "type": "staff"})
    manager.patch("/v1/people/eve", json={"name": "Eve B."}, headers={"If-Match": "*"})


def actions(client, **params):
    items = client.get("/v1/audit", params=params).json()["items"]
    return [(item["action"], item["subject"]) for item in items]


@pytest.mark.usefixtures("acted")
def test_what_was_done_is_listed_newest_first_page_by_page_and_by_what_is_asked(auditor):
    assert actions(auditor, subject="eve") == [("person-changed", "eve"), ("person-added", "eve")]
    assert actions(auditor, subject="eve", action="person-added") == [("person-added", "eve")]
    assert actions(auditor, actor="nobody") == []
    assert actions(auditor, since=NOON.isoformat()) == actions(auditor)
    assert actions(auditor, until=NOON.isoformat()) == []
    seen, url = [], "/v1/audit?limit=2"
    while url:
        page = auditor.get(url).json()
        seen += [item["seq"] for item in page["items"]]
        url = page["next"]
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen)) == len(actions(auditor))


@pytest.mark.usefixtures("acted")
def test_no_name_of_a_person_stands_in_the_audit(auditor):
    assert "Eve" not in auditor.get("/v1/audit").text


@pytest.mark.usefixtures("acted")
def test_the_record_proves_itself_with_a_checkpoint_that_anybody_can_check(auditor, services):
    body = auditor.get("/v1/audit/verify").json()
    assert (body["intact"], body["broken"], body["gone"], body["holds"]) == (True, None, 0, None)
    told = body["checkpoint"]
    checkpoint = Checkpoint(told["seq"], told["digest"], NOON, told["signature"], told["key"])
    public = Ed25519PublicKey.from_public_bytes(services.publisher.public_key.public_bytes_raw())
    public.verify(bytes.fromhex(checkpoint.signature), checkpoint.signed_text(BUILDING.site))


@pytest.mark.usefixtures("acted")
@pytest.mark.parametrize(
    ("damage", "broken"),
    [
        ("UPDATE audit SET actor = 'somebody' WHERE seq = 2", 2),
        ("UPDATE audit SET reason = 'another' WHERE seq = 3", 3),
        ("UPDATE audit SET subject = 'eve' WHERE seq = 2", 2),
        ("UPDATE audit SET subject = 'eve', salt = NULL WHERE seq = 2", 2),
        ("UPDATE audit SET sealed = NULL WHERE seq = 2", 2),
        ("DELETE FROM audit WHERE seq = 2", 2),
        ("DELETE FROM audit WHERE seq = 1", 1),
        ("DELETE FROM audit WHERE seq >= 4", 4),
        ("UPDATE site SET audit_seq = audit_seq - 1", None),
    ],
)
def test_an_entry_that_was_touched_or_taken_away_is_named(auditor, services, damage, broken):
    with services.database.engine.begin() as connection:
        connection.exec_driver_sql(damage)
    body = auditor.get("/v1/audit/verify").json()
    assert body["intact"] is False
    assert broken in (None, body["broken"])


@pytest.mark.usefixtures("acted")
def test_a_checkpoint_kept_elsewhere_finds_a_record_that_was_rewritten_whole(auditor, services):
    kept = auditor.get("/v1/audit/verify").json()["checkpoint"]
    asked = {"seq": kept["seq"], "digest": kept["digest"]}
    auditor.get("/v1/audit.csv")
    assert auditor.get("/v1/audit/verify", params=asked).json()["holds"] is True
    with services.database.writing() as session:
        entries = audit.page(session, 0, 100)
        session.connection().exec_driver_sql("DELETE FROM audit")
        session.execute(update(SiteRow).values(audit_seq=0, audit_digest="0" * 64))
        session.expire_all()
        for entry in entries:
            actor = "somebody" if entry.seq == 2 else entry.actor
            audit.append(session, entry.at, actor, entry.action, [entry.subject])
    forged = auditor.get("/v1/audit/verify", params=asked).json()
    assert (forged["intact"], forged["holds"]) == (True, False)
    is_problem(auditor.get("/v1/audit/verify", params={"seq": 1}), 422, "invalid")


@pytest.mark.usefixtures("acted")
def test_what_is_exported_is_harmless_whole_and_itself_noted(auditor):
    rows = list(csv.DictReader(io.StringIO(auditor.get("/v1/audit.csv").text)))
    assert [int(row["seq"]) for row in rows] == list(range(1, len(rows) + 1))
    assert rows[-1]["action"] == "audit-exported"
    assert rows[1]["prev"] == rows[0]["digest"]


def test_nobody_is_in_events_that_are_not_opened_for_a_purpose(auditor, services):
    services.ingest.take([Batch(EDGE, b"\n".join(each.line for each in sealed_events(3)))], NOON)
    for path in ("/v1/events", "/v1/passages"):
        assert {(item["person"], item["badge"]) for item in auditor.get(path).json()["items"]} == {
            (None, None)
        }
        is_problem(auditor.get(path, params={"person": "ada"}), 422, "invalid")
        for half in ({"purpose": "incident"}, {"why": "curious"}, {"purpose": "incident", "why": " "}):
            is_problem(auditor.get(path, params=half), 422, "invalid")


def test_every_opening_of_events_is_noted_with_its_purpose_and_reason(auditor, services):
    services.ingest.take([Batch(EDGE, b"\n".join(each.line for each in sealed_events(3)))], NOON)
    why = {"purpose": "incident", "why": "window broken"}
    opened = auditor.get("/v1/passages", params=why | {"person": "ada"}).json()["items"]
    assert {item["person"] for item in opened} == {"ada"}
    auditor.get("/v1/events", params=why)
    noted = auditor.get("/v1/audit", params={"action": "events-opened"}).json()["items"]
    assert [(item["subject"], item["purpose"], item["reason"]) for item in noted] == [
        ("everybody", "incident", "window broken"),
        ("ada", "incident", "window broken"),
    ]
