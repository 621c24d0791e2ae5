"""What a door computer decides on rights past their age: who still enters, and with what proof."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from policies.decision import Reason
from policies.ids import BadgeId, PersonId, SpaceId, TierId
from policies.policy import Tier
from policies.request import NO_VIEW, AccessRequest, Assurance
from policies.roster import Badge, BadgeKind, Person, ResidentType, Roster
from readers.daemon import Rights
from readers.wire.snapshot import Snapshot
from tests.readers.daemon.desk import LAB_IN, SCOPE, SITE_KEY, START, signed, snapshot

GUARD, MAKER = TierId("guard"), TierId("maker")
CHIP = BadgeId("chip")
OLD = START + timedelta(hours=73)


def made(*, tier: TierId = GUARD, restricted: bool = False) -> Snapshot:
    """Return a snapshot in which a badge that proves itself opens the lab, which its rule names."""
    plain = snapshot()
    lab = msgspec.structs.replace(plain.building.spaces[SpaceId("lab")], restricted=restricted)
    rule = msgspec.structs.replace(plain.policy.rules[0], types=(), spaces=(lab.id,))
    tiers = {GUARD: Tier(GUARD, degraded=True), MAKER: Tier(MAKER)}
    eve = Person(PersonId("eve"), ResidentType.SECURITY, tiers=(tier,))
    badges = [Badge(CHIP, BadgeKind.DESFIRE, eve.id), Badge(BadgeId("04aa"), BadgeKind.UID, eve.id)]
    return msgspec.structs.replace(
        plain,
        building=msgspec.structs.replace(plain.building, spaces=plain.building.spaces | {lab.id: lab}),
        policy=msgspec.structs.replace(plain.policy, rules=(rule,), tiers=tiers),
        roster=Roster.of([eve], badges),
    )


def decided(folder: Path, given: Snapshot, badge: BadgeId = CHIP, *, is_old: bool = True) -> Reason:
    rights = Rights(SCOPE, SITE_KEY.public_key(), folder / "snapshot")
    assert rights.accept(signed(given))
    proof = Assurance.AUTHENTICATED if badge == CHIP else Assurance.UID
    return rights.decide(AccessRequest(OLD if is_old else START, LAB_IN, badge, proof), NO_VIEW).reason


@pytest.mark.parametrize(
    ("given", "badge"),
    [(made(tier=MAKER), CHIP), (made(), BadgeId("04aa")), (made(restricted=True), CHIP)],
    ids=["a tier that is not degraded", "a badge that anyone can copy", "a restricted space"],
)
def test_on_old_rights_this_is_refused_that_young_ones_grant(
    tmp_path: Path, given: Snapshot, badge: BadgeId
) -> None:
    assert decided(tmp_path, given, badge, is_old=False) is Reason.GRANTED
    (tmp_path / "snapshot").unlink()
    assert decided(tmp_path, given, badge) is Reason.STALE_RIGHTS


def test_a_degraded_tier_enters_on_old_rights_by_a_badge_that_proves_itself(tmp_path: Path) -> None:
    assert decided(tmp_path, made()) is Reason.GRANTED


def test_the_same_version_with_other_content_changes_nothing(tmp_path: Path) -> None:
    rights = Rights(SCOPE, SITE_KEY.public_key(), tmp_path / "snapshot")
    assert rights.accept(signed(snapshot(4)))
    assert not rights.accept(signed(msgspec.structs.replace(made(), version=4)))
    assert rights.snapshot == snapshot(4)
