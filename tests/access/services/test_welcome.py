"""Who was here before, as a desk finds them by name: while they are known, and by a company among its own visitors."""

from datetime import timedelta

import msgspec
import pytest

from access.errors import Invalid
from access.services.organisations import OrganisationRecord
from access.services.people import PersonRecord
from access.services.retention import Kind
from access.services.rights import Reach
from access.services.visits import VisitRecord
from policies.ids import OrganisationId, PersonId
from policies.roster import ResidentType
from tests.access.services.desk import ADA, BOB, DAY, HOUR
from tests.small_site import NOON

ACME = Reach(OrganisationId("acme"))
ZOE = PersonRecord(PersonId("zoe"), ResidentType.STARTUP, ACME.organisation, name="Zoé")


@pytest.fixture
def acme(site):
    """Let Acme move in, with Zoé."""
    site.organisations.add([OrganisationRecord(OrganisationId("acme"), "Acme")], "test", NOON)
    site.people.add([ZOE], "test", NOON)
    return site


def expected(person, host, begins, name=None, key=""):
    """Return what `expect` takes of an escorted visit of an hour; `key` tells two of one day apart."""
    visit = VisitRecord(
        f"{person}-{begins:%m%d}{key}", PersonId(person), host.id, begins, begins + HOUR, escorted=True
    )
    return visit, name


def came(site, person, host, begins, name=None):
    visit, name = expected(person, host, begins, name)
    site.visits.expect(visit, name, "desk", begins)
    site.visits.arrive(visit.id, None, "desk", begins)
    site.visits.leave(visit.id, "desk", begins + HOUR)


def offered(site, typed, at=NOON + 10 * DAY, reach=None):
    welcome = site.welcome if reach is None else site.welcome.within(reach)
    return [(one.visitor, one.visit.person, one.host) for one in welcome.known(typed, at)]


def test_whoever_was_here_before_is_found_by_their_last_visit_and_namesakes_stand_first(site):
    came(site, "h1", ADA, NOON, "Hélène Weber")
    came(site, "h2", BOB, NOON + DAY, "Hélène Weber")
    came(site, "h3", ADA, NOON + 2 * DAY, "Hélène Weber-Durand")
    came(site, "h1", BOB, NOON + 5 * DAY)
    assert offered(site, "helene weber") == [
        ("Hélène Weber", "h1", "Bob"),
        ("Hélène Weber", "h2", "Bob"),
        ("Hélène Weber-Durand", "h3", "Ada"),
    ]
    assert [one.visit.valid_from for one in site.welcome.known("durand", NOON + 5 * DAY)] == [NOON + 2 * DAY]


def test_residents_are_never_taken_for_visitors(site):
    site.visits.expect(expected(ADA.id, BOB, NOON)[0], None, "desk", NOON)
    assert offered(site, "ada") == []


def test_whom_retention_has_forgotten_is_not_offered(site):
    came(site, "h1", ADA, NOON, "Hélène Weber")
    assert offered(site, "hélène", NOON + 30 * DAY) != []
    assert offered(site, "hélène", NOON + 30 * DAY + 2 * HOUR) == []
    site.retention.keep_for(Kind.VISITORS, 24, None, "test", NOON)
    assert offered(site, "hélène", NOON + 2 * DAY) == []


def test_whoever_left_before_the_end_of_a_long_visit_is_known_from_that_day_on(site):
    visit, name = expected("h1", ADA, NOON, "Hélène Weber")
    site.visits.expect(msgspec.structs.replace(visit, valid_until=NOON + 300 * DAY), name, "desk", NOON)
    assert offered(site, "hélène", NOON + 40 * DAY) != []
    site.visits.arrive(visit.id, None, "desk", NOON)
    site.visits.leave(visit.id, "desk", NOON + HOUR)
    assert offered(site, "hélène", NOON + 40 * DAY) == []


def test_whoever_was_erased_is_not_offered(site):
    came(site, "h1", ADA, NOON, "Hélène Weber")
    site.erasures.erase(PersonId("h1"), "asked for it", "test", NOON + DAY)
    assert offered(site, "hélène") == []


def test_a_visitor_who_is_suspended_is_said_to_be(site):
    came(site, "h1", ADA, NOON, "Hélène Weber")
    site.people.change(PersonId("h1"), lambda was: msgspec.structs.replace(was, suspended=True), "test", NOON)
    assert [one.is_suspended for one in site.welcome.known("hélène", NOON + DAY)] == [True]


def test_a_company_is_offered_its_own_visitors_and_of_their_visits_those_to_its_people(acme):
    came(acme, "h1", ADA, NOON, "Hélène Weber")
    came(acme, "h2", ZOE, NOON, "Hélène Weber")
    came(acme, "h2", BOB, NOON + DAY)
    assert offered(acme, "hélène", reach=ACME) == [("Hélène Weber", "h2", "Zoé")]
    assert [one.organisation for one in acme.welcome.within(ACME).known("weber", NOON + DAY)] == ["Acme"]
    assert len(offered(acme, "hélène")) == 2


def test_a_company_expects_its_own_visitors_again_and_nobody_else_s(acme):
    came(acme, "h1", ADA, NOON, "Hélène Weber")
    came(acme, "h2", ZOE, NOON, "Hélène Weber")
    own, later = acme.visits.within(ACME), NOON + 2 * DAY
    again, _ = expected("h2", ZOE, later)
    assert own.expect(again, None, "acme", NOON + DAY).person == "h2"
    assert own.arrive(again.id, None, "acme", later).arrived_at == later
    assert acme.people.get(PersonId("h2")).valid_until == later + timedelta(hours=1)
    for stranger in ("h1", "bob", "nobody"):
        with pytest.raises(Invalid, match="there is nobody with this id"):
            own.expect(expected(stranger, ZOE, later, key="x")[0], None, "acme", NOON + DAY)
