"""A visitor whose last visit is past its time and who holds nothing goes whole; of anybody else past visits go."""

from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest
from sqlalchemy.event import listens_for, remove

from access.errors import Conflict, Invalid, NotFound
from access.services.badges import BadgeRecord, BadgeVerb
from access.services.certifications import CertificationRecord
from access.services.events import Filter
from access.services.ingest import Batch
from access.services.people import PersonRecord
from access.services.retention import Kind
from access.services.visits import VisitFilter, VisitRecord
from access.store.check import check
from policies.ids import BadgeId, DoorId, PersonId, SpaceId, TierId
from policies.roster import BadgeKind, ResidentType
from readers.wire.events import FIRST_SEQ, GENESIS, Draft, EventType, seal
from tests.access.services.desk import ADA, BOB, DAY, HOUR, LASER, entries, grant, known
from tests.small_site import EDGE, NOON

EVE = PersonId("v-eve")
CAME = NOON - 31 * DAY
NAME = "Ève Visiteuse"


def came(site, person=EVE, at=CAME, name=NAME, **more):
    """Let somebody come for an hour and leave."""
    visit = VisitRecord(f"v-{person}-{at:%m%d}", person, ADA.id, at, at + HOUR, escorted=True, **more)
    site.visits.expect(visit, name, "desk", at)
    site.visits.arrive(visit.id, None, "desk", at)
    site.visits.leave(visit.id, "desk", at + HOUR)
    return visit


def passed(site, person, *moments):
    prev, lines = GENESIS, []
    for seq, at in enumerate(moments, FIRST_SEQ):
        draft = Draft(at, EventType.PASSAGE, DoorId("front"), space=SpaceId("hall"), person=person)
        sealed = seal(draft, EDGE, 1, seq, prev, "5a" * 16)
        lines.append(sealed.line)
        prev = sealed.digest
    assert site.ingest.take([Batch(EDGE, b"\n".join(lines))], NOON).findings == ()


def shown(site, at=NOON, kind=Kind.VISITOR_RECORDS):
    """Return how many visitors should have gone, and how many a hold keeps, as it is told."""
    kept = {kept.kind: kept for kept in site.retention.kept(at)}[kind]
    return kept.overdue, kept.held


def purged(site, at=NOON, kind=Kind.VISITOR_RECORDS):
    """Return how many visitors went, how many were left, and how many a hold keeps."""
    found = [one for one in site.retention.purge(at) if one.kind == kind.value]
    return [(one.number, one.left, one.held) for one in found]


def test_a_visitor_goes_with_everything_when_the_last_visit_is_past_its_time(site):
    came(site)
    passed(site, EVE, CAME, CAME + HOUR)
    count = len(site.events.newest(Filter()))
    assert (shown(site), purged(site, NOON - 2 * DAY)) == ((1, 0), [])
    assert purged(site) == [(1, 0, 0)]
    assert shown(site) == (0, 0)
    with pytest.raises(NotFound):
        site.people.get(EVE)
    assert site.visits.page(VisitFilter(person=EVE)) == []
    assert EVE not in known(site).people
    assert len(site.events.newest(Filter())) == count
    assert list(check(site.database)) == []
    actions = [action for action, _subject in entries(site)]
    assert (actions.count("person-erased"), EVE in {subject for _action, subject in entries(site)}) == (
        1,
        False,
    )
    assert any(
        action == "purged" and "visitor-records: 1 people" in subject for action, subject in entries(site)
    )
    with pytest.raises(Conflict, match="erased"):
        site.people.add([PersonRecord(EVE, ResidentType.VISITOR, name="Another")], "test", NOON)
    assert purged(site) == []
    assert site.people.get(ADA.id).name == "Ada"


def test_whoever_is_forgotten_is_found_and_offered_no_more(site):
    came(site)
    assert [one.person.id for one in site.reception.find("eve visiteuse")] == [EVE]
    purged(site)
    assert site.reception.find("eve visiteuse") == []
    assert site.welcome.known("eve", NOON) == []


def changed(site, person=EVE, **fields):
    site.people.change(person, lambda was: msgspec.structs.replace(was, **fields), "test", NOON)


def has_badge(site, person, badge="04eeeeee"):
    site.badges.add([BadgeRecord(BadgeId(badge), BadgeKind.UID, person)], "test", NOON)


def has_lost_badge(site, person):
    has_badge(site, person, "04eeeeef")
    site.badges.say(BadgeId("04eeeeef"), BadgeVerb.REPORT_LOST, "test", NOON)


def is_host(site, person):
    visit = VisitRecord("of-theirs", PersonId("guest"), person, NOON, NOON + DAY, escorted=True)
    site.visits.expect(visit, "Vic", "test", NOON)


def is_expected(site, person, at=NOON):
    visit = VisitRecord(f"to-{person}", person, BOB.id, at, at + HOUR, escorted=True)
    site.visits.expect(visit, None, "test", at)


def is_trained(site, person):
    site.certifications.give(CertificationRecord(LASER, person=person), "test", NOON)


STAYS: dict[str, Callable[[Any, PersonId], object]] = {
    "badge": has_badge,
    "lost-badge": has_lost_badge,
    "grant": lambda site, person: site.grants.give(grant(person=person), "test", NOON),
    "tier": partial(changed, tiers=(TierId("staff"),)),
    "training": is_trained,
    "visit-to-come": is_expected,
    "missed-visit": partial(is_expected, at=NOON - 2 * DAY),
    "later-visit": lambda site, person: came(site, person, NOON - 5 * DAY, None),
    "visitor-of-theirs": is_host,
    "passage-since": lambda site, person: passed(site, person, NOON - 3 * DAY),
    "end-of-their-own": partial(changed, valid_until=NOON + 100 * DAY),
    "suspension": partial(changed, suspended=True),
    "other-type": partial(changed, type=ResidentType.COWORKER),
}
"""Why somebody stays who was here too long ago, by the id of one for each."""


def test_a_visitor_stays_for_each_right_visit_or_passage_there_is(site):
    came(site)
    for why, befall in STAYS.items():
        came(site, PersonId(why))
        befall(site, PersonId(why))
    assert (shown(site), purged(site)) == ((1, 0), [(1, 0, 0)])
    assert {person.id for person in site.people.page()} - {ADA.id, BOB.id, "guest"} == STAYS.keys()


def test_what_ended_as_long_ago_keeps_nobody_and_a_dead_badge_is_nobody_s(site):
    came(site)
    has_badge(site, EVE)
    site.badges.say(BadgeId("04eeeeee"), BadgeVerb.REVOKE, "test", CAME)
    over = msgspec.structs.replace(grant(person=EVE), valid_from=CAME - DAY, valid_until=CAME)
    site.grants.give(over, "test", CAME - DAY)
    site.certifications.give(CertificationRecord(LASER, CAME + HOUR, person=EVE), "test", CAME)
    assert purged(site) == [(1, 0, 0)]
    assert site.badges.get(BadgeId("04eeeeee")).person is None


def test_a_visitor_without_a_visit_goes_by_their_end_and_stays_without_one(site):
    people = [
        PersonRecord(PersonId("past"), ResidentType.VISITOR, name="P", valid_until=CAME),
        PersonRecord(PersonId("now"), ResidentType.VISITOR, name="N", valid_until=NOON - DAY),
        PersonRecord(PersonId("ever"), ResidentType.VISITOR, name="E"),
        PersonRecord(PersonId("staff"), ResidentType.STAFF, name="S", valid_until=CAME),
    ]
    site.people.add(people, "test", CAME - DAY)
    assert purged(site) == [(1, 0, 0)]
    assert {person.id for person in site.people.page()} == {ADA.id, BOB.id, "now", "ever", "staff"}


def test_the_end_is_when_they_left_and_of_a_visit_that_was_cancelled_when_it_would_have_ended(site):
    long = VisitRecord("long", EVE, ADA.id, CAME, NOON + 300 * DAY, escorted=True)
    site.visits.expect(long, NAME, "desk", CAME)
    site.visits.arrive("long", None, "desk", CAME)
    site.visits.leave("long", "desk", CAME + HOUR)
    never = VisitRecord("never", PersonId("v-2"), ADA.id, NOON - 20 * DAY, NOON - 19 * DAY, escorted=True)
    site.visits.expect(never, "Vic", "desk", CAME)
    site.visits.cancel("never", "desk", CAME)
    assert purged(site) == [(1, 0, 0)]
    assert site.people.get(PersonId("v-2")).name == "Vic"


@pytest.mark.parametrize("whose", [EVE, None])
def test_a_hold_keeps_a_visitor_whom_it_names_or_whose_events_it_keeps_until_it_is_lifted(site, whose):
    came(site)
    passed(site, EVE, CAME)
    window = (CAME - HOUR, CAME + HOUR)
    hold = site.holds.ask(whose, window, "a window broken", NOON + DAY, "grace", NOON)
    assert (shown(site), purged(site)) == ((0, 1), [])
    assert site.people.get(EVE).name == NAME
    site.holds.lift(hold.id, "heidi", NOON)
    assert (shown(site), purged(site)) == ((1, 0), [(1, 0, 0)])


def test_the_time_is_that_of_visitors_and_has_no_setting_of_its_own(site):
    came(site, at=NOON - 2 * DAY)
    assert purged(site) == []
    for kind in (Kind.VISITOR_RECORDS, Kind.VISITS):
        with pytest.raises(Invalid, match="set the time of visitors"):
            site.retention.keep_for(kind, 24, None, "root", NOON)
    site.retention.keep_for(Kind.VISITORS, 24, None, "root", NOON)
    kept = {kept.kind: kept for kept in site.retention.kept(NOON)}[Kind.VISITOR_RECORDS]
    assert (kept.hours, kept.overdue) == (24, 1)
    assert purged(site) == [(1, 0, 0)]


def test_many_go_some_at_a_time_and_one_who_is_expected_meanwhile_stays(site):
    for number in range(25):
        came(site, PersonId(f"v-{number:02}"), name=f"V {number}")
    again = VisitRecord("again", PersonId("v-24"), ADA.id, NOON, NOON + HOUR, escorted=True)
    looks = []

    @listens_for(site.database.engine, "after_cursor_execute")
    def note(connection, _cursor, statement, _parameters, _context, _many):
        if statement.startswith("SELECT people.id") and "people.suspended" in statement:
            looks.append(connection.get_execution_options().get("totem_writes", False))
            if len(looks) == 1:
                site.visits.expect(again, None, "desk", NOON)

    assert purged(site) == [(24, 0, 0)]
    remove(site.database.engine, "after_cursor_execute", note)
    assert looks == [False, True, True]
    assert {person.id for person in site.people.page()} == {ADA.id, BOB.id, "v-24"}


def visits_of(site, person=EVE):
    return {one.id for one in site.visits.page(VisitFilter(person=person))}


def test_past_visits_of_whoever_comes_again_go_and_those_of_a_resident_too(site):
    for days in (60, 31, 29, 1):
        came(site, at=NOON - days * DAY, name=NAME if days == 60 else None)
    came(site, BOB.id, name=None)
    cancelled = VisitRecord("never", EVE, ADA.id, CAME - DAY, CAME - DAY + HOUR, escorted=True)
    site.visits.expect(cancelled, None, "desk", CAME - 2 * DAY)
    site.visits.cancel("never", "desk", CAME - DAY)
    assert (shown(site, kind=Kind.VISITS), purged(site, kind=Kind.VISITS)) == ((4, 0), [(4, 0, 0)])
    assert visits_of(site) == {f"v-{EVE}-{NOON - days * DAY:%m%d}" for days in (29, 1)}
    assert visits_of(site, BOB.id) == set()
    assert (shown(site, kind=Kind.VISITS), site.retention.purge(NOON)) == ((0, 0), [])
    assert "visits: 4 visits, 0 left" in " ".join(subject for _action, subject in entries(site))


def test_the_last_visit_of_a_visitor_who_stays_says_when_they_go(site):
    came(site, at=CAME - DAY)
    came(site, name=None)
    changed(site, tiers=(TierId("staff"),))
    assert purged(site, kind=Kind.VISITS) == [(1, 0, 0)]
    assert visits_of(site) == {f"v-{EVE}-{CAME:%m%d}"}
    changed(site, tiers=())
    assert purged(site) == [(1, 0, 0)]


@pytest.mark.parametrize("whose", [EVE, ADA.id, None])
def test_a_hold_on_either_or_on_everybody_keeps_a_visit_of_its_time(site, whose):
    came(site)
    came(site, at=NOON - DAY, name=None)
    apart = site.holds.ask(whose, (CAME + 2 * DAY, NOON), "another day", NOON + DAY, "grace", NOON)
    hold = site.holds.ask(whose, (CAME - HOUR, CAME + HOUR), "a window broken", NOON + DAY, "grace", NOON)
    assert (shown(site, kind=Kind.VISITS), purged(site, kind=Kind.VISITS)) == ((0, 1), [])
    site.holds.lift(hold.id, "heidi", NOON)
    assert purged(site, kind=Kind.VISITS) == [(1, 0, 0)]
    assert apart.lifted_at is None


def test_an_expected_visit_and_one_under_way_never_go(site):
    came(site, at=CAME - DAY)
    for name, begins in (("here", CAME), ("late", CAME + DAY)):
        visit = VisitRecord(name, EVE, ADA.id, begins, begins + HOUR, escorted=True)
        site.visits.expect(visit, None, "desk", CAME)
    site.visits.arrive("here", None, "desk", CAME)
    assert purged(site, kind=Kind.VISITS) == [(1, 0, 0)]
    assert visits_of(site) == {"here", "late"}
