"""Forgetting: in time, with proof, on request, and never what two operators hold for an incident."""

from contextlib import closing
from datetime import timedelta

import msgspec
import pytest
from sqlalchemy.event import listens_for, remove

from access.errors import Conflict, Invalid, NotAllowed, NotFound
from access.services import open_services
from access.services.badges import BadgeRecord
from access.services.erasure import Erasure
from access.services.events import Filter, Opening, Purpose
from access.services.ingest import Batch
from access.services.people import PersonRecord
from access.services.retention import Kind
from access.services.rights import Role
from access.store import audit, musters, people
from access.store.check import check
from access.store.musters import Listed, Muster, Safe
from policies.ids import BadgeId, DoorId, PersonId, SpaceId
from policies.roster import BadgeKind, BadgeStatus, ResidentType
from readers.wire.events import FIRST_SEQ, GENESIS, Draft, EventType, parse, seal
from tests.small_site import BUILDING, DESK, EDGE, NOON, POLICY, SCOPES

ADA, EVE = PersonId("ada"), PersonId("eve")
DAY = timedelta(days=1)
WHY = Opening(Purpose.INCIDENT, "a test", "test", NOON)


@pytest.fixture
def site(services):
    people = [
        PersonRecord(ADA, ResidentType.STAFF, name="Ada Lovelace", external_id="HR-1"),
        PersonRecord(EVE, ResidentType.VISITOR, name="Eve", host=ADA),
    ]
    services.people.add(people, "test", NOON - 200 * DAY)
    badge = BadgeRecord(BadgeId("04aabbcc"), BadgeKind.UID, ADA)
    services.badges.add([badge], "test", NOON - 200 * DAY)
    return services


def passed(services, source, door, *whom):
    """Store passages of people, each so many days before noon, in one chain."""
    prev, lines = GENESIS, []
    for seq, (person, days) in enumerate(whom, FIRST_SEQ):
        draft = Draft(
            NOON - days * DAY,
            EventType.PASSAGE,
            DoorId(door),
            space=SpaceId("hall"),
            origin=SpaceId("outside"),
            person=person,
            badge=BadgeId("04aabbcc"),
        )
        sealed = seal(draft, source, 1, seq, prev, "5a" * 16)
        lines.append(sealed.line)
        prev = sealed.digest
    assert services.ingest.take([Batch(source, b"\n".join(lines))], NOON).findings == ()
    return lines


def known(services):
    return [(event.door, event.person) for event in services.events.opened(Filter(), WHY, limit=1000)]


def actions(services):
    with services.database.reading() as session:
        return [entry.action for entry in audit.page(session, 0, 1000)]


# --------------------------------------------------------------------------------------------- retention


def test_who_passed_is_known_for_three_months_at_the_perimeter_a_day_elsewhere_and_visitors_a_month(site):
    passed(site, EDGE, "front", (ADA, 91), (ADA, 89), (EVE, 31), (EVE, 29), (ADA, 0.5))
    passed(site, DESK, "room", (ADA, 1.1), (ADA, 0.9))
    purges = {purge.kind: purge.number for purge in site.retention.purge(NOON)}
    assert purges == {"elsewhere": 1, "visitors": 1, "perimeter": 1}
    assert sorted((door, person) for door, person in known(site) if person) == [
        ("front", "ada"),
        ("front", "ada"),
        ("front", "eve"),
        ("room", "ada"),
    ]
    assert len(known(site)) == 7
    assert list(check(site.database)) == []
    assert site.retention.purge(NOON) == []


def test_a_purge_forgets_the_same_on_either_database_and_every_event_still_counts(database_url, tmp_path):
    with closing(open_services(database_url, BUILDING, POLICY, SCOPES, tmp_path / "site.key")) as opened:
        passed(opened, EDGE, "front", *[(ADA, 100 - number / 100) for number in range(120)], (ADA, 1))
        before = opened.events.newest(Filter(), limit=200)
        (purge,) = opened.retention.purge(NOON)
        assert (purge.number, purge.left) == (120, 0)
        assert [person for _door, person in known(opened)] == [ADA, *[None] * 120]
        assert opened.events.newest(Filter(), limit=200) == before
        assert list(check(opened.database)) == []


def test_a_purge_proves_what_it_forgot_and_that_nothing_is_left(site):
    passed(site, EDGE, "front", *[(ADA, 100 - number / 10_000) for number in range(6_000)])
    before = {kept.kind: kept.overdue for kept in site.retention.kept(NOON)}
    assert before[Kind.PERIMETER] == 6_000
    (purge,) = site.retention.purge(NOON)
    assert (purge.number, purge.left, purge.held, len(purge.digest)) == (6_000, 0, 0, 64)
    assert [kept.overdue for kept in site.retention.kept(NOON)] == [0] * len(Kind)
    assert [one.number for one in site.retention.purges()] == [6_000]
    assert "purged" in actions(site)


def test_events_with_nobody_in_them_go_after_thirteen_months_and_the_rest_still_proves_itself(
    database_url, tmp_path, monkeypatch
):
    monkeypatch.setattr("access.store.pruning._AT_ONCE", 7)
    with closing(open_services(database_url, BUILDING, POLICY, SCOPES, tmp_path / "site.key")) as opened:
        old, young = [(ADA, 500 - number / 10) for number in range(50)], [(ADA, 390), (ADA, 1)]
        lines = passed(opened, EDGE, "front", *old, *young)
        passed(opened, DESK, "front", (EVE, 450), (EVE, 440))
        whole = {kept.kind: kept.overdue for kept in opened.retention.kept(NOON)}[Kind.EVENTS]
        purge = next(each for each in opened.retention.purge(NOON) if each.kind == "events")
        assert (whole, purge.number, purge.left, purge.held) == (52, 52, 0, 0)
        assert [event.seq for event in opened.events.newest(Filter(), limit=200)] == [52, 51]
        assert list(check(opened.database)) == []
        again = opened.ingest.take([Batch(EDGE, b"\n".join(lines))], NOON)
        assert (again.events, again.findings, again.reached[EDGE, 1]) == ((), (), 52)
        assert opened.retention.purge(NOON) == []
        later = opened.retention.purge(NOON + 30 * DAY)
        assert [each.number for each in later if each.kind == "events"] == [1]
        assert list(check(opened.database)) == []
        with opened.database.writing() as session:
            session.connection().exec_driver_sql("UPDATE sources SET gone_seq = 50 WHERE source = 'edge-1'")
        assert list(check(opened.database)) != []


def test_no_event_goes_whole_that_a_hold_keeps_or_that_still_names_somebody(site):
    passed(site, EDGE, "front", (ADA, 500), (ADA, 450), (ADA, 410), (ADA, 1))
    window = (NOON - 451 * DAY, NOON - 449 * DAY)
    hold = site.holds.ask(None, window, "a window broken", NOON + DAY, "grace", NOON)
    assert [each.number for each in site.retention.purge(NOON) if each.kind == "events"] == [1]
    assert [event.seq for event in site.events.newest(Filter(), limit=9)] == [4, 3, 2]
    kept = {kept.kind: kept for kept in site.retention.kept(NOON)}[Kind.EVENTS]
    assert (kept.overdue, kept.held) == (0, 2)
    site.holds.lift(hold.id, "heidi", NOON)
    site.retention.keep_for(Kind.PERIMETER, 440 * 24, "court order 12/26", "grace", NOON)
    assert [each.number for each in site.retention.purge(NOON) if each.kind == "events"] == [1]
    assert [event.seq for event in site.events.newest(Filter(), limit=9)] == [4, 3]
    assert list(check(site.database)) == []


def test_forgetting_looks_once_at_each_event_it_spares_and_never_while_it_holds_up_who_writes(
    site, monkeypatch
):
    monkeypatch.setattr("access.store.privacy._AT_ONCE", 10)
    passed(site, DESK, "room", *[(ADA, 3 - number / 100) for number in range(45)])
    reads: list[str] = []

    @listens_for(site.database.engine, "before_cursor_execute")
    def note(connection, _cursor, statement, _parameters, _context, _many):
        is_writing = connection.get_execution_options().get("totem_writes", False)
        if "ORDER BY events.at" in statement:
            reads.append(f"{is_writing} {'> (' in statement}")

    site.retention.purge(NOON)
    remove(site.database.engine, "before_cursor_execute", note)
    assert {person for _door, person in known(site)} == {None}
    assert reads.count("False True") == 5
    assert not any(read.startswith("True") for read in reads)


def test_forgetting_looks_at_no_epoch_that_is_gone_already(site):
    passed(site, EDGE, "front", (ADA, 500), (ADA, 499))
    passed(site, DESK, "front", (ADA, 498), (ADA, 1))
    looked: list[str] = []

    @listens_for(site.database.engine, "before_cursor_execute")
    def note(_connection, _cursor, statement, parameters, _context, _many):
        if "sources.gone_seq, sources.seq" in statement:
            looked.append(parameters[0])

    site.retention.purge(NOON)
    assert looked == [EDGE, DESK]
    site.retention.purge(NOON)
    remove(site.database.engine, "before_cursor_execute", note)
    assert looked[2:] == [DESK]


def test_a_time_is_made_shorter_freely_and_longer_only_with_an_override_that_the_audit_keeps(site):
    passed(site, EDGE, "front", (ADA, 8))
    site.retention.keep_for(Kind.PERIMETER, 7 * 24, None, "grace", NOON)
    assert site.retention.purge(NOON)[0].number == 1
    with pytest.raises(Invalid, match="override"):
        site.retention.keep_for(Kind.PERIMETER, 91 * 24, " ", "grace", NOON)
    site.retention.keep_for(Kind.PERIMETER, 91 * 24, "court order 12/26", "grace", NOON)
    kept = {one.kind: one for one in site.retention.kept(NOON)}[Kind.PERIMETER]
    assert (kept.hours, kept.override) == (91 * 24, "court order 12/26")
    with site.database.reading() as session:
        entry = next(one for one in audit.page(session, 0, 100) if one.action == "retention-overridden")
    assert (entry.actor, entry.reason) == ("grace", "court order 12/26")
    for kind, hours in ((Kind.ELSEWHERE, 0), (Kind.AUDIT, 24), (Kind.PERIMETER, 10**6)):
        with pytest.raises(Invalid):
            site.retention.keep_for(kind, hours, "because", "grace", NOON)


def test_names_on_old_roll_calls_go_and_their_numbers_stay(site):
    listed = tuple(
        Listed(who, name, "staff", None, SpaceId("hall"), DoorId("front"), NOON, confirmed=True)
        for who, name in ((ADA, "Ada Lovelace"), (EVE, "Eve"))
    )
    for name, days in (("old", 100), ("new", 1)):
        muster = Muster(
            name, NOON - days * DAY, "wally", is_drill=True, closed_at=None, people=listed, safe=()
        )
        with site.database.writing() as session:
            musters.add(session, muster)
            musters.mark(session, name, [Safe(ADA, NOON, "wally")])
    site.retention.purge(NOON)
    old, new = site.rollcall.get("old"), site.rollcall.get("new")
    assert [(one.person, one.name) for one in old.people] == [("1", ""), ("2", "")]
    assert [one.person for one in old.safe] == ["1"]
    assert new.people == listed


def test_the_audit_itself_is_kept_for_a_year_and_proves_itself_after(site):
    site.retention.purge(NOON + 180 * DAY)
    assert site.audit.verify().broken is None
    assert "person-added" not in actions(site)
    assert site.audit.verify().gone > 0


# ------------------------------------------------------------------------------------------------- holds


def hold(services, person=None, actor="grace"):
    window = (NOON - 120 * DAY, NOON)
    return services.holds.ask(person, window, "burglary", NOON + 30 * DAY, actor, NOON)


def test_a_hold_that_a_second_operator_approved_keeps_events_until_it_is_lifted(site):
    passed(site, EDGE, "front", (ADA, 100), (EVE, 100), (ADA, 130))
    asked = hold(site, ADA)
    with pytest.raises(NotAllowed, match="somebody else"):
        site.holds.approve(asked.id, "grace", NOON)
    site.holds.approve(asked.id, "ada", NOON)
    later = NOON + 10 * DAY
    assert [purge.held for purge in site.retention.purge(later)] == [0, 1]
    assert sorted(str(person) for _, person in known(site)) == ["None", "None", "ada"]
    assert {kept.kind: kept.held for kept in site.retention.kept(later)}[Kind.PERIMETER] == 1
    site.holds.lift(asked.id, "grace", later)
    assert site.retention.purge(later)[0].number == 1
    with pytest.raises(Conflict, match="ended"):
        site.holds.lift(asked.id, "grace", later)


def test_a_hold_is_approved_by_no_key_of_whoever_asked_for_it(services):
    services.operators.create("grace", Role.ADMINISTRATOR, "test", NOON)
    services.operators.create("ada", Role.ADMINISTRATOR, "test", NOON)
    first, _ = services.keys.issue("mine", ("holds:write", "keys:write"), "grace", NOON)
    second, _ = services.keys.issue("made with mine", ("holds:write",), f"key:{first.id}", NOON)
    hers, _ = services.keys.issue("hers", ("holds:write",), "ada", NOON)
    for asker in ("grace", f"key:{second.id}"):
        asked = hold(services, actor=asker)
        for approver in ("grace", f"key:{first.id}", f"key:{second.id}"):
            with pytest.raises(NotAllowed, match="somebody else"):
                services.holds.approve(asked.id, approver, NOON)
        assert services.holds.approve(asked.id, f"key:{hers.id}", NOON).approved_at == NOON


def test_a_hold_that_nobody_approves_binds_for_two_days(site):
    passed(site, EDGE, "front", (ADA, 100))
    hold(site)
    assert site.retention.purge(NOON + DAY) == []
    assert len(site.retention.purge(NOON + 3 * DAY)) == 1


@pytest.mark.parametrize(
    ("window", "expires", "reason"),
    [
        ((NOON, NOON), NOON + DAY, "x"),
        ((NOON - DAY, NOON), NOON, "x"),
        ((NOON - DAY, NOON), NOON + 500 * DAY, "x"),
        ((NOON - DAY, NOON), NOON + DAY, "  "),
    ],
)
def test_a_hold_without_window_end_or_reason_is_refused(site, window, expires, reason):
    with pytest.raises(Invalid):
        site.holds.ask(None, window, reason, expires, "grace", NOON)


# ----------------------------------------------------------------------------------------------- erasure


def test_everything_that_is_kept_about_somebody_is_handed_out_and_that_it_was_is_kept(site):
    passed(site, EDGE, "front", (ADA, 1), (EVE, 1))
    dossier = site.erasures.export(ADA, "asked by letter", "grace", NOON)
    assert dossier.person.name == "Ada Lovelace"
    assert [badge.id for badge in dossier.badges] == ["04aabbcc"]
    assert [event.person for event in dossier.events] == ["ada"]
    assert [entry.action for entry in dossier.audit] == ["person-exported", "badge-added", "person-added"]
    with pytest.raises(NotFound):
        site.erasures.export(PersonId("nobody"), "x", "grace", NOON)


def test_whoever_is_erased_is_nowhere_and_every_count_stays(site):
    passed(site, EDGE, "front", (ADA, 1), (ADA, 0.5), (EVE, 1))
    before = site.events.newest(Filter())
    pseudonym = site.erasures.erase(ADA, "asked by letter", "grace", NOON)
    with pytest.raises(NotFound):
        site.people.get(ADA)
    badge = site.badges.get(BadgeId("04aabbcc"))
    assert (badge.person, badge.status) == (None, BadgeStatus.REVOKED)
    assert site.people.get(EVE).host is None
    assert sorted(str(person) for _, person in known(site)) == [pseudonym, pseudonym, "eve"]
    assert site.events.newest(Filter()) == before
    with site.database.engine.connect() as connection:
        kept = "".join(connection.connection.driver_connection.iterdump())
    assert "Lovelace" not in kept
    assert "HR-1" not in kept
    assert list(check(site.database)) == []
    assert ADA not in site.publisher.roster().people


def test_nobody_under_a_legal_hold_is_erased(site):
    asked = hold(site, ADA)
    with pytest.raises(Conflict, match=asked.id):
        site.erasures.erase(ADA, "asked", "grace", NOON)
    assert site.people.get(ADA).name == "Ada Lovelace"
    site.holds.lift(asked.id, "grace", NOON)
    site.erasures.erase(ADA, "asked", "grace", NOON)


def test_whoever_is_back_from_a_copy_or_a_door_s_old_events_is_forgotten_again(site):
    pseudonym = site.erasures.erase(ADA, "asked", "grace", NOON)
    with site.database.writing() as copied:
        people.add(copied, [PersonRecord(ADA, ResidentType.STAFF, name="Ada Lovelace")], "a copy", NOON)
    passed(site, EDGE, "front", (ADA, 1), (EVE, 1))
    assert site.erasures.reapply([], NOON) == 1
    assert site.erasures.reapply([], NOON) == 0
    assert {person for _, person in known(site)} == {pseudonym, "eve"}
    with pytest.raises(NotFound):
        site.people.get(ADA)


def test_nobody_is_enrolled_under_the_id_of_somebody_erased_to_be_forgotten_with_them(site):
    site.erasures.erase(ADA, "asked", "grace", NOON)
    another = PersonRecord(ADA, ResidentType.STAFF, name="Ada Byron")
    with pytest.raises(Conflict, match="ada: the id was that of somebody who was erased"):
        site.people.add([another], "desk", NOON)
    site.people.add([msgspec.structs.replace(another, id=PersonId("ada-2"))], "desk", NOON)
    assert site.erasures.reapply(site.erasures.ledger(), NOON) == 0
    assert site.people.get(PersonId("ada-2")).name == "Ada Byron"


def test_the_ledger_of_erasures_names_nobody(site):
    pseudonym = site.erasures.erase(ADA, "asked", "grace", NOON)
    (erasure,) = site.erasures.ledger()
    assert isinstance(erasure, Erasure)
    assert erasure.pseudonym == pseudonym
    assert b"ada" not in msgspec.json.encode(erasure)


def test_an_event_still_proves_its_place_after_its_person_is_gone(site):
    lines = passed(site, EDGE, "front", (ADA, 100), (ADA, 1))
    site.retention.purge(NOON)
    site.erasures.erase(ADA, "asked", "grace", NOON)
    assert list(check(site.database)) == []
    assert site.ingest.take([Batch(EDGE, b"\n".join(lines))], NOON).findings == ()
    assert parse(lines[0]).person == "ada"
