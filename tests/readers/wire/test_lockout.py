"""Lock-outs after wrong PINs: twice as long with each, forgotten in time."""

from datetime import UTC, datetime, timedelta

from readers.wire.lockout import BADGE_TRIES, FORGOTTEN_AFTER, NONE, Lockout

NOON = datetime(2026, 9, 15, 12, tzinfo=UTC)


def after(failures: int) -> Lockout:
    lockout = NONE
    for _ in range(failures):
        lockout = lockout.fail(NOON, BADGE_TRIES)
    return lockout


def test_the_third_wrong_pin_locks_out_for_half_a_minute_and_each_further_one_for_twice_as_long() -> None:
    assert [after(failures).until for failures in (1, 2)] == [None, None]
    lasting = [after(failures).until for failures in range(3, 8)]
    assert lasting == [NOON + timedelta(seconds=seconds) for seconds in (30, 60, 120, 240, 480)]
    assert after(40).until == NOON + timedelta(hours=1)


def test_a_lock_out_ends_to_the_second_and_what_led_to_it_is_forgotten_after_an_hour() -> None:
    lockout = after(3)
    assert lockout.holds(NOON + timedelta(seconds=29.9))
    assert not lockout.holds(NOON + timedelta(seconds=30))
    assert not lockout.is_over(NOON + FORGOTTEN_AFTER - timedelta(seconds=1))
    assert lockout.is_over(NOON + FORGOTTEN_AFTER)
    assert lockout.fail(NOON + FORGOTTEN_AFTER, BADGE_TRIES).failures == 1
    assert lockout.fail(NOON + timedelta(minutes=5), BADGE_TRIES).failures == 4
