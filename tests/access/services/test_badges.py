"""Badges at the desk: replaced, found, and disabled once nobody uses them."""

import pytest

from access.errors import Conflict, Outdated
from access.services.badges import BadgeRecord, BadgeVerb
from policies.decision import Effect
from policies.ids import BadgeId
from policies.roster import BadgeKind, BadgeStatus
from tests.access.services.desk import ADA, BADGE, BOB, DAY, DESK, decisions, known, tap
from tests.small_site import NOON


def test_a_badge_is_replaced_in_one_step_with_the_old_one_dead(site):
    before = site.publisher.publish(NOON).version
    fresh = site.badges.replace(BADGE.id, BadgeRecord(BadgeId("04ddeeff"), BadgeKind.UID, None), "test", NOON)
    assert (fresh.person, fresh.status) == (ADA.id, BadgeStatus.ACTIVE)
    old = site.badges.get(BADGE.id)
    assert (old.status, old.replaced_by) == (BadgeStatus.REPLACED, fresh.id)
    delta = site.publisher.since(before, NOON)
    assert {badge.id: badge.status for badge in delta.badges} == {
        BADGE.id: BadgeStatus.REPLACED,
        fresh.id: BadgeStatus.ACTIVE,
    }
    with pytest.raises(Conflict, match="cannot be replaced"):
        site.badges.replace(BADGE.id, BadgeRecord(BadgeId("04112233"), BadgeKind.UID, None), "test", NOON)


def test_a_badge_that_cannot_be_issued_leaves_the_old_one_alive(site):
    with pytest.raises(Conflict, match="in use"):
        site.badges.replace(BADGE.id, DESK, "test", NOON)
    with pytest.raises(Outdated):
        site.badges.replace(BADGE.id, BadgeRecord(BadgeId("04ddeeff"), BadgeKind.UID, None), "test", NOON, 7)
    assert site.badges.get(BADGE.id).status is BadgeStatus.ACTIVE


def test_a_found_badge_waits_suspended_for_its_holder(site):
    site.badges.say(BADGE.id, BadgeVerb.REPORT_LOST, "test", NOON)
    assert site.badges.say(BADGE.id, BadgeVerb.REPORT_FOUND, "test", NOON).status is BadgeStatus.SUSPENDED
    assert site.badges.say(BADGE.id, BadgeVerb.ACTIVATE, "test", NOON).status is BadgeStatus.ACTIVE
    with pytest.raises(Conflict):
        site.badges.say(BADGE.id, BadgeVerb.REPORT_FOUND, "test", NOON)


def test_idle_badges_are_disabled_used_ones_and_new_ones_are_not(site):
    site.badges.add([BadgeRecord(BadgeId("04cc0001"), BadgeKind.UID, BOB.id)], "test", NOON + 80 * DAY)
    site.badges.add([BadgeRecord(BadgeId("04cc0002"), BadgeKind.UID, BOB.id)], "test", NOON)
    site.ingest.take([decisions(tap(NOON + 50 * DAY), tap(NOON + 60 * DAY, effect=Effect.DENY))], NOON)
    assert site.badges.get(BADGE.id).last_used == (NOON + 50 * DAY).date()
    assert site.badges.disable_idle(90, "test", NOON + 89 * DAY) == []
    assert site.badges.disable_idle(90, "test", NOON + 91 * DAY) == ["04cc0002"]
    assert site.badges.disable_idle(90, "test", NOON + 141 * DAY) == [BADGE.id]
    assert known(site).badges[BADGE.id].status is BadgeStatus.INACTIVE
    assert known(site).badges["04cc0001"].status is BadgeStatus.ACTIVE
