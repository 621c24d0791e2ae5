"""Which rights a door computer decides by: newer ones at once, kept ones after a restart, none but the site's."""

from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from policies.ids import ScheduleId, SourceId
from policies.roster import BadgeStatus
from policies.schedule import Calendar, Schedule, Weekday, Window
from tests.disk import full_disk
from tests.readers.daemon.desk import LAB_OUT, START, Desk, signed, snapshot
from tests.readers.daemon.living import live


def test_a_newer_snapshot_takes_effect_at_the_next_tap_and_an_older_one_never(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        assert await at.tap()
        assert at.daemon.take_snapshot(signed(snapshot(3, status=BadgeStatus.STOLEN)))
        assert not at.daemon.take_snapshot(signed(snapshot(2)))
        assert not await at.tap()
        assert at.said()[-1] == ("decision", "denied-authentication-factor-stolen")

    live(tmp_path, act)


@pytest.mark.parametrize(
    "payload",
    [
        signed(snapshot(9), Ed25519PrivateKey.from_private_bytes(bytes(32))),
        signed(snapshot(9, scope=SourceId("edge-2"))),
        signed(snapshot(9))[:-1],
        signed(snapshot(9)).replace(b'"p1"', b'"p2"'),
        b"",
        b"TOTEM-S1",
    ],
    ids=["another key", "another computer", "cut short", "altered", "empty", "no body"],
)
def test_a_snapshot_that_is_not_the_sites_for_this_computer_changes_nothing(
    tmp_path: Path, payload: bytes
) -> None:
    async def act(at: Desk) -> None:
        assert not at.daemon.take_snapshot(payload)
        assert at.rights.snapshot is not None
        assert at.rights.snapshot.version == 1
        assert await at.tap()

    live(tmp_path, act)


def test_without_any_snapshot_every_entry_is_refused_as_stale_and_the_handle_still_opens(
    tmp_path: Path,
) -> None:
    async def act(at: Desk) -> None:
        assert not await at.tap()
        assert at.said() == [("decision", "denied-stale-rights")]
        at.door.leave()
        assert at.door.is_open

    live(tmp_path, act, b"")


def test_a_snapshot_past_its_age_limit_refuses_those_without_a_degraded_tier(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        await at.clock.sleep(timedelta(hours=71, minutes=59).total_seconds())
        assert await at.tap()
        await at.clock.sleep(60)
        assert not await at.tap()
        assert at.said()[-1] == ("decision", "denied-stale-rights")
        assert await at.tap(reader=LAB_OUT)

    live(tmp_path, act)


def test_a_restarted_computer_decides_from_the_snapshot_it_kept(tmp_path: Path) -> None:
    async def first(at: Desk) -> None:
        assert await at.tap()

    async def second(at: Desk) -> None:
        assert await at.tap()

    live(tmp_path, first)
    live(tmp_path, second, b"")


def test_a_policy_that_cannot_be_evaluated_refuses_and_says_so(tmp_path: Path) -> None:
    made = snapshot()
    hours = Schedule(ScheduleId("hours"), (Window(tuple(Weekday), 0, 1440),))
    rule = msgspec.structs.replace(made.policy.rules[0], schedule=hours.id)
    timeless = Calendar("Europe/Paris", (), (), ())
    policy = msgspec.structs.replace(
        made.policy, rules=(rule,), schedules={hours.id: hours}, calendar=timeless
    )
    broken = msgspec.structs.replace(made, policy=policy)

    async def act(at: Desk) -> None:
        assert not await at.tap()
        assert at.said() == [("decision", "denied-other")]

    live(tmp_path, act, signed(broken))


def test_rights_issued_in_the_future_of_this_clock_are_as_good_as_none(tmp_path: Path) -> None:
    """A clock that lost its battery is behind the server's word: no hour and no expiry can be judged by it."""

    async def act(at: Desk) -> None:
        assert not await at.tap()
        assert at.said()[-1] == ("decision", "denied-stale-rights")
        assert await at.tap(reader=LAB_OUT)

    live(tmp_path, act, signed(snapshot(issued_at=START + timedelta(days=365))))


def test_clocks_may_differ_a_little(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        assert await at.tap()

    live(tmp_path, act, signed(snapshot(issued_at=START + timedelta(minutes=10))))


def test_a_badge_of_nobody_leaves_on_rights_however_old(tmp_path: Path) -> None:
    made = snapshot(issued_at=START - timedelta(days=30))
    badges = {name: msgspec.structs.replace(badge, person=None) for name, badge in made.roster.badges.items()}
    made = msgspec.structs.replace(made, roster=msgspec.structs.replace(made.roster, badges=badges))

    async def act(at: Desk) -> None:
        assert not await at.tap()
        assert await at.tap(reader=LAB_OUT)

    live(tmp_path, act, signed(made))


def test_a_snapshot_whose_parts_do_not_fit_is_refused_and_not_kept(tmp_path: Path) -> None:
    made = snapshot(2)
    readerless = msgspec.structs.replace(made.building, doors={})
    broken = msgspec.structs.replace(made, building=readerless)

    async def first(at: Desk) -> None:
        assert not at.daemon.take_snapshot(signed(broken))
        assert await at.tap()

    async def second(at: Desk) -> None:
        assert await at.tap()

    live(tmp_path, first)
    live(tmp_path, second, b"")


def test_a_snapshot_that_cannot_be_kept_still_takes_effect(tmp_path: Path) -> None:
    async def act(at: Desk) -> None:
        with full_disk():
            assert at.daemon.take_snapshot(signed(snapshot(2, status=BadgeStatus.STOLEN)))
        assert not await at.tap()

    live(tmp_path, act)


def test_a_kept_snapshot_that_cannot_be_read_leaves_the_computer_running(tmp_path: Path) -> None:
    (tmp_path / "snapshot").mkdir()

    async def act(at: Desk) -> None:
        assert not await at.tap()
        assert at.said() == [("decision", "denied-stale-rights")]

    live(tmp_path, act, b"")
