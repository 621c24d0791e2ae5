"""Deltas at a door computer: taken in order, over what they say already, never over a gap, and kept on the disk."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.decision import Reason
from policies.ids import BadgeId, GrantId, PersonId, SiteId, SpaceId
from policies.request import NO_VIEW, AccessRequest, Assurance
from policies.roster import Badge, BadgeKind, BadgeStatus, Grant, Person, ResidentType
from readers.daemon import Rights
from readers.errors import WireError
from readers.wire.delta import Delta, sign
from tests.readers.daemon.desk import LAB_IN, SCOPE, SITE_KEY, START, desk, signed, snapshot

DESK = SiteId("desk")
ADA, ADAS = PersonId("ada"), BadgeId("04a1b2c3d4e5f6")
EVE, EVES = PersonId("eve"), BadgeId("04000000000001")
LATER = START + timedelta(minutes=5)


def rights_in(folder: Path) -> Rights:
    return Rights(SCOPE, SITE_KEY.public_key(), folder / "snapshot")


@pytest.fixture
def rights(tmp_path: Path) -> Rights:
    made = rights_in(tmp_path)
    assert made.accept(signed(snapshot(4)))
    return made


def stolen(after: int = 4, version: int = 5) -> Delta:
    return Delta(DESK, after, version, LATER, badges=(Badge(ADAS, BadgeKind.UID, ADA, BadgeStatus.STOLEN),))


def eve_joins(after: int, version: int) -> Delta:
    return Delta(
        DESK,
        after,
        version,
        LATER,
        people=(Person(EVE, ResidentType.MAKER),),
        badges=(Badge(EVES, BadgeKind.UID, EVE),),
    )


def signed_delta(delta: Delta, key: Ed25519PrivateKey = SITE_KEY) -> bytes:
    return sign(delta, key)


def reason(rights: Rights, badge: BadgeId = ADAS) -> Reason:
    return rights.decide(AccessRequest(LATER, LAB_IN, badge, Assurance.UID), NO_VIEW).reason


def version(rights: Rights) -> int:
    assert rights.snapshot is not None
    return rights.snapshot.version


def test_a_delta_changes_who_enters_and_how_young_the_rights_are(rights: Rights) -> None:
    assert reason(rights) is Reason.GRANTED
    assert rights.accept(signed_delta(stolen()))
    assert reason(rights) is Reason.FACTOR_STOLEN
    assert version(rights) == 5
    assert rights.snapshot is not None
    assert rights.snapshot.issued_at == LATER


def test_somebody_new_enters_and_whoever_is_gone_does_not(rights: Rights) -> None:
    assert rights.accept(signed_delta(eve_joins(4, 5)))
    assert reason(rights, EVES) is Reason.GRANTED
    gone = Delta(DESK, 5, 6, LATER, gone_people=(EVE,), gone_badges=(EVES,))
    assert rights.accept(signed_delta(gone))
    assert reason(rights, EVES) is Reason.UNKNOWN_CREDENTIAL
    assert reason(rights) is Reason.GRANTED


def test_a_delta_after_a_gap_is_not_taken_but_told_of(rights: Rights) -> None:
    assert not rights.accept(signed_delta(eve_joins(6, 7)))
    assert reason(rights, EVES) is Reason.UNKNOWN_CREDENTIAL
    assert (version(rights), rights.lacks) == (4, 7)


def test_rights_that_lack_something_are_as_old_as_before_whatever_else_comes(rights: Rights) -> None:
    assert rights.snapshot is not None
    before = rights.snapshot.issued_at
    rights.accept(signed_delta(eve_joins(6, 7)))
    rights.accept(signed_delta(Delta(DESK, 7, 7, LATER)))
    assert rights.snapshot.issued_at == before
    assert rights.accept(signed_delta(stolen(4, 8)))
    assert rights.snapshot.issued_at == LATER


@pytest.mark.parametrize("sent", [stolen(4, 8), stolen(2, 9)], ids=["from here", "from before"])
def test_what_was_lacking_closes_the_gap(rights: Rights, sent: Delta) -> None:
    rights.accept(signed_delta(eve_joins(6, 7)))
    assert rights.accept(signed_delta(sent))
    assert (version(rights), rights.lacks) == (sent.version, None)
    assert reason(rights) is Reason.FACTOR_STOLEN


def test_a_snapshot_closes_the_gap_too(rights: Rights) -> None:
    rights.accept(signed_delta(eve_joins(6, 7)))
    assert rights.accept(signed(snapshot(7)))
    assert rights.lacks is None


def test_a_delta_that_is_not_newer_changes_nothing(rights: Rights) -> None:
    rights.accept(signed_delta(stolen()))
    back = Delta(DESK, 3, 5, LATER, badges=(Badge(ADAS, BadgeKind.UID, ADA),))
    assert not rights.accept(signed_delta(back))
    assert reason(rights) is Reason.FACTOR_STOLEN


def test_a_delta_before_any_snapshot_is_told_of(tmp_path: Path) -> None:
    bare = rights_in(tmp_path)
    assert not bare.accept(signed_delta(eve_joins(4, 5)))
    assert (bare.snapshot, bare.lacks) == (None, 5)


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (signed_delta(stolen(), Ed25519PrivateKey.from_private_bytes(bytes(32))), "not by this site's key"),
        (signed_delta(msgspec.structs.replace(stolen(), site=SiteId("elsewhere"))), "it is for elsewhere"),
        (signed_delta(stolen(6, 5)), "expected an earlier version"),
        (signed_delta(msgspec.structs.replace(stolen(), people=({"id": "eve"},))), "missing required field"),
        (signed_delta(msgspec.structs.replace(stolen(), badges=("04",))), "Expected `object`"),
        (signed_delta(stolen())[:-1], "not by this site's key"),
        (b"TOTEM-D1", "not by this site's key"),
        (b"TOTEM-D1" + signed(snapshot(5))[8:], "not by this site's key"),
        (b"TOTEM-S1" + signed_delta(stolen())[8:], "not by this site's key"),
    ],
    ids=[
        "another key",
        "another site",
        "backwards",
        "half a person",
        "no badge",
        "cut",
        "empty",
        "a snapshot as a delta",
        "a delta as a snapshot",
    ],
)
def test_what_the_site_did_not_sign_for_these_doors_is_refused(
    rights: Rights, payload: bytes, why: str
) -> None:
    with pytest.raises(WireError, match=why):
        rights.accept(payload)
    assert (version(rights), reason(rights)) == (4, Reason.GRANTED)


def test_grants_at_doors_elsewhere_are_not_kept(rights: Rights) -> None:
    here = Grant(GrantId("g1"), START, LATER, spaces=(SpaceId("lab"),))
    elsewhere = Grant(GrantId("g2"), START, LATER, spaces=(SpaceId("tower"),))
    eve = Person(EVE, ResidentType.VISITOR, grants=(here, elsewhere))
    assert rights.accept(signed_delta(Delta(DESK, 4, 5, LATER, people=(eve,))))
    assert rights.snapshot is not None
    assert rights.snapshot.roster.people[EVE].grants == (here,)


def test_deltas_are_there_again_after_a_restart(rights: Rights, tmp_path: Path) -> None:
    rights.accept(signed_delta(stolen()))
    rights.accept(signed_delta(eve_joins(5, 6)))
    again = rights_in(tmp_path)
    again.restore()
    assert again.snapshot == rights.snapshot
    assert reason(again) is Reason.FACTOR_STOLEN
    assert reason(again, EVES) is Reason.GRANTED


def test_a_newer_snapshot_replaces_the_deltas(rights: Rights, tmp_path: Path) -> None:
    rights.accept(signed_delta(stolen()))
    rights.accept(signed(snapshot(6)))
    rights.accept(signed_delta(eve_joins(6, 7)))
    again = rights_in(tmp_path)
    again.restore()
    assert again.snapshot == rights.snapshot
    assert version(again) == 7


def test_deltas_older_than_the_snapshot_on_the_disk_are_passed_over(rights: Rights, tmp_path: Path) -> None:
    """The power may be cut between the new snapshot and the end of the old deltas."""
    rights.accept(signed_delta(stolen()))
    (tmp_path / "snapshot").write_bytes(signed(snapshot(6)))
    again = rights_in(tmp_path)
    again.restore()
    assert (version(again), reason(again)) == (6, Reason.GRANTED)


@settings(max_examples=25, deadline=None)
@given(cut=st.integers(1, 1000))
def test_of_deltas_cut_by_a_power_failure_the_whole_ones_count_and_more_can_follow(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    rights = rights_in(folder)
    rights.accept(signed(snapshot(4)))
    rights.accept(signed_delta(stolen()))
    rights.accept(signed_delta(eve_joins(5, 6)))
    file = folder / "snapshot.deltas"
    written = file.read_bytes()
    whole = 4 + len(signed_delta(stolen()))
    file.write_bytes(written[: max(whole, len(written) - cut)])
    again = rights_in(folder)
    again.restore()
    assert (version(again), again.lacks) == (5, None)
    assert again.accept(signed_delta(eve_joins(5, 7)))
    third = rights_in(folder)
    third.restore()
    assert third.snapshot == again.snapshot
    assert version(third) == 7


def test_a_delta_on_the_disk_that_was_tampered_with_ends_what_is_taken_up(
    rights: Rights, tmp_path: Path
) -> None:
    rights.accept(signed_delta(stolen()))
    file = tmp_path / "snapshot.deltas"
    file.write_bytes(file.read_bytes().replace(b"stolen", b"active"))
    again = rights_in(tmp_path)
    with pytest.raises(WireError, match="not by this site's key"):
        again.restore()
    assert version(again) == 4


def test_a_full_disk_does_not_keep_a_stolen_badge_alive(rights: Rights, tmp_path: Path) -> None:
    (tmp_path / "snapshot.deltas").mkdir()
    assert rights.accept(signed_delta(stolen()))
    assert reason(rights) is Reason.FACTOR_STOLEN
    (tmp_path / "snapshot.deltas").rmdir()
    assert rights.accept(signed_delta(eve_joins(5, 6)))
    again = rights_in(tmp_path)
    again.restore()
    assert (version(again), again.lacks) == (4, 6)


async def test_a_door_computer_acknowledges_and_says_what_it_lacks(tmp_path: Path) -> None:
    async with desk(tmp_path, [signed(snapshot(4))]) as at:
        assert at.daemon.take_snapshot(signed_delta(stolen()))
        assert (at.daemon.status().snapshot, at.daemon.status().lacks) == (5, None)
        assert not at.daemon.take_snapshot(signed_delta(eve_joins(6, 7)))
        assert (at.daemon.status().snapshot, at.daemon.status().lacks) == (5, 7)
        assert not at.daemon.take_snapshot(b"TOTEM-D1 garbage")
