"""Who lives in the emulated building: proportions, badges, and the same people for the same seed."""

from collections import Counter

import msgspec
import pytest

from emulators.people import population
from emulators.people.groups import EVERYBODY, GROUPS, sizes
from policies.errors import PolicyError
from policies.ids import TierId
from policies.roster import BadgeKind, BadgeStatus, ResidentType
from tests.emulators.people.lived import km0

SITE = km0()


@pytest.fixture(scope="module")
def everybody():
    return population(SITE.building, SITE.policy, seed=7)


def test_the_people_come_in_the_proportions_of_the_public_description(everybody):
    types = Counter(resident.person.type for resident in everybody)
    assert len(everybody) == EVERYBODY == 1072
    assert types[ResidentType.STARTUP] + types[ResidentType.CORPORATE] == 330
    assert types[ResidentType.STUDENT] == 600
    assert types[ResidentType.COWORKER] == 60
    assert types[ResidentType.MAKER] == 40
    assert types[ResidentType.STAFF] + types[ResidentType.SECURITY] == 12
    assert types[ResidentType.VISITOR] == 30


@pytest.mark.parametrize("count", [0, 1, 17, 200, 1072, 5000])
def test_any_number_of_people_keeps_the_proportions(count):
    shares = sizes(count)
    assert sum(shares) == count
    for share, group in zip(shares, GROUPS, strict=True):
        assert abs(share - count * group.size / EVERYBODY) < 1


def test_more_people_than_names_still_all_move_in():
    crowd = population(SITE.building, SITE.policy, 6000)
    assert len({resident.person.id for resident in crowd}) == 6000
    assert len({resident.carried for resident in crowd}) == 6000


def test_every_badge_has_a_number_of_its_own_of_seven_bytes(everybody):
    badges = [badge for resident in everybody for badge in resident.badges]
    assert len({badge.id for badge in badges}) == len(badges)
    for badge in badges:
        assert badge.kind is BadgeKind.UID
        assert len(bytes.fromhex(badge.id)) == 7
        assert badge.id.startswith("04")


def test_badges_belong_to_their_holder_and_a_few_are_in_trouble(everybody):
    for resident in everybody:
        assert {badge.person for badge in resident.badges} == {resident.person.id}
    statuses = Counter(badge.status for resident in everybody for badge in resident.badges)
    assert 1 <= statuses[BadgeStatus.LOST] <= 40
    assert 1 <= statuses[BadgeStatus.SUSPENDED] <= 20
    assert any(badge.valid_until for resident in everybody for badge in resident.badges)
    assert any(len(resident.badges) == 2 for resident in everybody)
    assert statuses[BadgeStatus.ACTIVE] > 0.97 * len(everybody)


def test_everybody_has_a_home_a_tier_that_the_policy_knows_and_a_name_of_their_own(everybody):
    leaves = {space.id for space in SITE.building.leaves()}
    for resident in everybody:
        assert resident.home in leaves
        assert set(resident.person.tiers) <= set(SITE.policy.tiers)
    assert len({resident.name for resident in everybody}) == len(everybody)


def test_visitors_have_a_host_who_works_here(everybody):
    known = {resident.person.id: resident.person.type for resident in everybody}
    hosts = [resident.person.host for resident in everybody if resident.person.type is ResidentType.VISITOR]
    assert all(known[host] in (ResidentType.STARTUP, ResidentType.CORPORATE) for host in hosts)


def test_the_same_seed_makes_the_same_people_and_another_makes_others(everybody):
    assert population(SITE.building, SITE.policy, seed=7) == everybody
    assert population(SITE.building, SITE.policy, seed=8) != everybody


def test_a_policy_without_a_tier_is_refused_by_its_name():
    tiers = {name: tier for name, tier in SITE.policy.tiers.items() if name != TierId("staff")}
    with pytest.raises(PolicyError, match="tier staff"):
        population(SITE.building, msgspec.structs.replace(SITE.policy, tiers=tiers))
