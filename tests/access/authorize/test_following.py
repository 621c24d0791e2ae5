"""A large change is taken up beside taps: what shuts doors first, and no tap waits for the whole of it."""

from datetime import timedelta
from threading import Lock

import pytest
from msgspec.structs import replace

from access.authorize.following import Following
from access.services import open_services
from access.services.badges import BadgeRecord
from access.services.decisions import Question
from access.services.people import PersonRecord
from access.services.signing import load_key
from policies.decision import Reason
from policies.ids import BadgeId, PersonId, ReaderId, TierId
from policies.request import Assurance
from policies.roster import Badge, BadgeKind, BadgeStatus, Person, ResidentType
from readers.wire import delta as deltas
from readers.wire.delta import Delta
from tests.small_site import BUILDING, NOON, POLICY, SCOPES

ADA, EVE = Person(PersonId("ada"), ResidentType.STAFF, tiers=(TierId("staff"),)), PersonId("eve")
BADGE, EVES = Badge(BadgeId("04aabbcc"), BadgeKind.UID, ADA.id), BadgeId("04ddeeff")
MANY = [replace(ADA, id=PersonId(f"p{number}")) for number in range(1_000)]


@pytest.fixture
def services(tmp_path):
    opened = open_services(f"sqlite:///{tmp_path}/totem.db", BUILDING, POLICY, SCOPES, tmp_path / "site.key")
    people = [PersonRecord(who, ResidentType.STAFF, tiers=ADA.tiers, name="x") for who in (ADA.id, EVE)]
    opened.people.add(people, "test", NOON)
    badges = [BadgeRecord(BADGE.id, BADGE.kind, ADA.id), BadgeRecord(EVES, BADGE.kind, EVE)]
    opened.badges.add(badges, "test", NOON)
    yield opened
    opened.close()


def test_a_small_change_is_taken_up_by_the_thread_that_decides_without_a_breath(services, tmp_path):
    def breathe():
        raise AssertionError("every tap would wait for it")

    following = Following(services, Lock(), [], breathe=breathe)
    before = following.judge.rights.version
    change = Delta(BUILDING.site, before, before + 1, NOON, tuple(MANY[:64]), ())
    assert following.change(deltas.sign(change, load_key(tmp_path / "site.key")), at_once=True)
    assert following.judge.rights.version == before + 1


def test_between_two_parts_of_a_large_change_taps_are_decided_and_what_it_shuts_is_shut(services, tmp_path):
    lock, met = Lock(), []

    def tap():
        assert lock.acquire(blocking=False), "a tap would wait for the whole change"
        met.append((following.judge.rights.version, *map(reason_of, (BADGE.id, EVES))))
        lock.release()

    def reason_of(badge):
        question = Question(ReaderId("front-in"), BADGE.kind, badge, Assurance.UID)
        return following.judge.decide(question, NOON).reason

    following = Following(services, lock, [], breathe=tap)
    tap()
    before = following.judge.rights.version
    lost = replace(BADGE, status=BadgeStatus.LOST)
    suspended = replace(ADA, id=EVE, suspended=True)
    late = NOON + timedelta(minutes=1)
    change = Delta(BUILDING.site, before, before + 1, late, (*MANY, suspended), (lost,))
    assert following.change(deltas.sign(change, load_key(tmp_path / "site.key")))
    tap()
    first, *between, last = met
    shut = Reason.FACTOR_LOST, Reason.PERSON_SUSPENDED
    assert first == (before, Reason.GRANTED, Reason.GRANTED)
    assert len(between) > 10
    assert set(between) == {(before, *shut)}
    assert last == (before + 1, *shut)
