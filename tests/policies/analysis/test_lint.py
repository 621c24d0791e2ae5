"""Lint: each oddity is found and nothing else, and a permit that is called needless is one that can go."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

import policies
from policies.analysis.lint import Oddity, Remark, lint
from policies.analysis.taps.space import Space
from policies.building import ScheduledMode
from policies.ids import (
    CertificationId,
    DoorId,
    OrganisationId,
    RuleId,
    ScheduleId,
    SpaceId,
    TierId,
)
from policies.loader import Site, load
from policies.policy import Rule, RuleEffect, Tier
from policies.request import DoorMode
from policies.roster import ResidentType
from policies.schedule import Schedule, Weekday, Window
from tests.policies import strategies as some

KM0 = load(Path(policies.__file__).parent / "km0")
NEEDLESS = {Oddity.DEAD, Oddity.NEVER, Oddity.SHADOWED, Oddity.OVERRIDDEN}
CAFETERIA = (SpaceId("cafeteria"),)
OFFICE = ScheduleId("office-hours")


def with_rules(*more: Rule, site: Site = KM0) -> Site:
    return site._replace(policy=msgspec.structs.replace(site.policy, rules=(*site.policy.rules, *more)))


def permit(name: str, **more: Any) -> Rule:
    return Rule(RuleId(name), RuleEffect.PERMIT, **more)


def forbid(name: str, **more: Any) -> Rule:
    return Rule(RuleId(name), RuleEffect.FORBID, **more)


def test_the_shipped_policy_has_nothing_odd():
    assert lint(KM0) == ()


ODD = [
    (
        permit("again", types=(ResidentType.STAFF,), spaces=CAFETERIA, schedule=OFFICE),
        Remark(Oddity.SHADOWED, "again", (RuleId("cafeteria"),)),
    ),
    (
        permit(
            "with-a-training",
            types=(ResidentType.STUDENT,),
            spaces=CAFETERIA,
            schedule=OFFICE,
            certifications=(CertificationId("wood"),),
        ),
        Remark(Oddity.SHADOWED, "with-a-training", (RuleId("cafeteria"),)),
    ),
    (
        permit("contractors-at-servers", types=(ResidentType.CONTRACTOR,), spaces=(SpaceId("server-room"),)),
        Remark(Oddity.OVERRIDDEN, "contractors-at-servers", (RuleId("contractors-never-at-servers"),)),
    ),
    (
        forbid(
            "no-night-visits", types=(ResidentType.VISITOR,), spaces=CAFETERIA, schedule=ScheduleId("nights")
        ),
        Remark(Oddity.SHADOWED, "no-night-visits", (RuleId("no-visitors-at-night"),)),
    ),
    (permit("open-house", spaces=(SpaceId("agora"),)), Remark(Oddity.ALWAYS, "open-house")),
    (permit("outside", spaces=(SpaceId("outside"),)), Remark(Oddity.DEAD, "outside")),
    (
        forbid("no-makers-in-the-agora", types=(ResidentType.MAKER,), doors=("link",), schedule=OFFICE),
        Remark(Oddity.LAPSES, "no-makers-in-the-agora"),
    ),
]


@pytest.mark.parametrize(("rule", "remark"), ODD, ids=[remark.what for _, remark in ODD])
def test_a_rule_that_is_odd_is_named_with_what_does_its_work(rule, remark):
    assert remark in lint(with_rules(rule))


def with_door(name: str, **more: Any) -> Site:
    door = msgspec.structs.replace(KM0.building.doors[DoorId(name)], **more)
    doors = KM0.building.doors | {door.id: door}
    return KM0._replace(building=msgspec.structs.replace(KM0.building, doors=doors))


@pytest.mark.parametrize(
    ("more", "is_odd"),
    [
        ({"modes": (ScheduledMode(DoorMode.LOCKED, OFFICE),)}, True),
        ({"modes": (ScheduledMode(DoorMode.FREE, OFFICE),)}, False),
        ({"modes": (ScheduledMode(DoorMode.LOCKED, ScheduleId("nights")),)}, False),
        ({"card_pin": OFFICE}, True),
        ({"card_pin": OFFICE, "pin": True}, False),
    ],
)
def test_a_lock_or_pin_by_a_schedule_that_lapses_on_a_holiday_is_told_at_its_door(more, is_odd):
    odd = [each.what for each in lint(with_door("cafeteria", **more)) if each.oddity is Oddity.GUARD_LAPSES]
    assert odd == (["cafeteria"] if is_odd else [])


def test_of_two_rules_that_say_the_same_each_is_told():
    (cafeteria,) = (rule for rule in KM0.policy.rules if rule.id == "cafeteria")
    twin = msgspec.structs.replace(cafeteria, id=RuleId("twin"))
    assert lint(with_rules(twin)) == (
        Remark(Oddity.SHADOWED, "cafeteria", (twin.id,)),
        Remark(Oddity.SHADOWED, "twin", (cafeteria.id,)),
    )


def test_a_permit_that_several_others_cover_between_them_is_told_with_all_of_them():
    both = permit(
        "both", types=(ResidentType.STAFF, ResidentType.CORPORATE), spaces=CAFETERIA, schedule=OFFICE
    )
    halves = [
        permit(kind.value, types=(kind,), spaces=CAFETERIA, schedule=OFFICE)
        for kind in (ResidentType.STAFF, ResidentType.CORPORATE)
    ]
    alone = KM0._replace(policy=msgspec.structs.replace(KM0.policy, rules=(*halves, both)))
    found = {remark.what: remark for remark in lint(alone) if remark.oddity is Oddity.SHADOWED}
    assert found["both"].by == ("staff", "corporate")


def test_a_schedule_without_windows_never_opens():
    empty = Schedule(ScheduleId("empty"), ())
    policy = msgspec.structs.replace(KM0.policy, schedules={**KM0.policy.schedules, empty.id: empty})
    site = with_rules(permit("never", spaces=CAFETERIA, schedule=empty.id), site=KM0._replace(policy=policy))
    assert Remark(Oddity.NEVER, "never") in lint(site)


def test_a_door_that_opens_to_nobody_and_a_tier_that_opens_nothing_are_told():
    closed = forbid("closed", doors=("cafeteria",))
    tiers = {**KM0.policy.tiers, TierId("sponsor"): Tier(TierId("sponsor"))}
    site = with_rules(closed)
    site = site._replace(policy=msgspec.structs.replace(site.policy, tiers=tiers))
    found = lint(site)
    assert Remark(Oddity.NOBODY, "cafeteria") in found
    assert [remark for remark in found if remark.oddity is Oddity.NOTHING] == [
        Remark(Oddity.NOTHING, "sponsor")
    ]


def test_what_is_declared_and_never_named_is_told():
    spare = Schedule(ScheduleId("spare"), (Window(tuple(Weekday), 0, 60),))
    policy = msgspec.structs.replace(
        KM0.policy,
        schedules={**KM0.policy.schedules, spare.id: spare},
        organisations=(*KM0.policy.organisations, OrganisationId("ghost")),
        certifications=(*KM0.policy.certifications, CertificationId("welding")),
    )
    unused = [remark.what for remark in lint(KM0._replace(policy=policy)) if remark.oddity is Oddity.UNUSED]
    assert unused == ["spare", "ghost", "welding"]


@settings(max_examples=12, deadline=None)
@given(some.worlds())
def test_a_permit_is_needless_exactly_where_it_can_go_and_no_tap_is_decided_otherwise(world):
    whole = {name for name, each in world.policy.schedules.items() if set(each.closed_on) <= {some.TERM}}
    rules = tuple(rule for rule in world.policy.rules if rule.schedule in {None, *whole})
    site = Site(world.building, msgspec.structs.replace(world.policy, rules=rules))
    needless = {remark.what for remark in lint(site) if remark.oddity in NEEDLESS}
    for rule in rules:
        left = tuple(other for other in rules if other is not rule)
        without = site._replace(policy=msgspec.structs.replace(site.policy, rules=left))
        if rule.effect is RuleEffect.PERMIT:
            assert (rule.id in needless) == (not flips(site, without)), rule
        elif rule.id in needless:  # others may be idle only until somebody has a temporary grant
            assert not flips(site, without), rule


def flips(old: Site, new: Site) -> bool:
    """Return whether any class of taps has another effect, everybody coming alone and in all company."""
    space = Space([old, new])
    for entrance in space.entrances():
        before, after = space.engines([entrance])
        for case in entrance.cases():
            if before.decide(*entrance.tap(case)).effect is not after.decide(*entrance.tap(case, 1)).effect:
                return True
    return False
