"""Grants at the desk: at doors until they are ended or used up."""

import msgspec
import pytest

from access.errors import Conflict, Invalid, NotFound
from access.services.grants import GrantFilter
from access.services.outbox import RightsChanged
from policies.decision import Effect, Reason
from policies.ids import DoorId, GrantId, SpaceId
from policies.roster import Grant
from tests.access.services.desk import ADA, BOB, DAY, DESK, HOUR, decisions, grant, known, tap
from tests.small_site import NOON


def test_a_grant_is_at_doors_until_it_is_ended(site):
    site.grants.give(grant(), "boss", NOON)
    assert [held.id for held in known(site).people[BOB.id].grants] == ["g1"]
    assert (site.grants.get(GrantId("g1")).given_by, site.grants.page(GrantFilter(at=NOON))[0].reason) == (
        "boss",
        "repair of the lamp",
    )
    assert site.grants.page(GrantFilter(at=NOON + DAY)) == []
    site.grants.end(GrantId("g1"), "boss", NOON)
    assert known(site).people[BOB.id].grants == ()
    with pytest.raises(NotFound):
        site.grants.end(GrantId("g1"), "boss", NOON)


def test_a_grant_for_two_uses_is_at_no_door_after_the_second(site):
    site.grants.give(grant(most_uses=2), "boss", NOON)
    before = site.publisher.version()
    taps = [
        tap(NOON, DESK.id, rules=("grant:g1",)),
        tap(NOON + HOUR, DESK.id, rules=("grant:g1",), inwards=Reason.FORBIDDEN),
        tap(NOON + HOUR, DESK.id, rules=("grant:g1",), effect=Effect.DENY),
    ]
    site.ingest.take([decisions(*taps)], NOON)
    assert (site.grants.get(GrantId("g1")).uses, site.publisher.version()) == (1, before)
    told: list[RightsChanged] = []
    site.rights.listen(told.append)
    site.ingest.take([decisions(*taps, tap(NOON + 2 * HOUR, DESK.id, rules=("grant:g1",)))], NOON)
    assert site.grants.get(GrantId("g1")).uses == 2
    assert known(site).people[BOB.id].grants == ()
    assert [news.version for news in told] == [site.publisher.version()]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"reason": " "}, "reason"),
        ({"doors": ()}, "expected the doors or spaces"),
        ({"doors": (DoorId("moon"),)}, "no door moon"),
        ({"spaces": (SpaceId("moon"),)}, "no space moon"),
        ({"most_uses": 0}, "at least one use"),
    ],
)
def test_a_grant_without_sense_is_refused(site, more, why):
    with pytest.raises(Invalid, match=why):
        site.grants.give(grant(**more), "boss", NOON)


def test_one_grant_id_is_not_two_peoples(site):
    site.grants.give(grant(), "boss", NOON)
    with pytest.raises(Conflict, match="g1"):
        site.grants.give(grant(person=ADA.id), "boss", NOON)
    with pytest.raises(Conflict, match="g1"):
        site.people.change(
            ADA.id,
            lambda ada: msgspec.structs.replace(ada, grants=(known(site).people[BOB.id].grants)),
            "t",
            NOON,
        )


@pytest.mark.parametrize("name", ["a/b", "..", "", "é", "g 1", "visit-v1"])
def test_a_grant_by_an_id_that_could_not_be_ended_is_never_given(site, name):
    given = msgspec.structs.replace(grant(), id=GrantId(name))
    with pytest.raises(Invalid, match="expected an id"):
        site.grants.give(given, "boss", NOON)
    held = Grant(given.id, NOON, NOON + DAY, given.doors)
    with pytest.raises(Invalid, match="expected an id"):
        site.people.change(BOB.id, lambda bob: msgspec.structs.replace(bob, grants=(held,)), "boss", NOON)
