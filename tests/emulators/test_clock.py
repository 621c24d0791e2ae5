"""Building time: jumping never waits and keeps order; following the wall runs at the chosen speed."""

import asyncio
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from emulators.clock import BuildingLoop, LoopClock, run_virtually

START = datetime(2026, 9, 15, 4, tzinfo=UTC)


def test_a_day_passes_without_waiting() -> None:
    async def day() -> datetime:
        clock = LoopClock(asyncio.get_running_loop(), START)
        await clock.sleep(86_400)
        return clock.now()

    began = time.perf_counter()
    assert run_virtually(day()) == START + timedelta(days=1)
    assert time.perf_counter() - began < 60  # a day of waiting would show


def test_timers_fire_in_order_of_time_and_those_of_one_instant_in_order_of_setting() -> None:
    async def fired() -> list[str]:
        clock = LoopClock(asyncio.get_running_loop(), START)
        heard: list[str] = []
        for name, delay_s in (("c", 3), ("a", 1), ("b", 2), ("a2", 1)):
            clock.call_later(delay_s, lambda name=name: heard.append(name))  # type: ignore[misc]  # a default has no type
        await clock.sleep(4)
        return heard

    assert run_virtually(fired()) == ["a", "a2", "b", "c"]


def test_a_cancelled_timer_stays_silent() -> None:
    async def fired() -> list[str]:
        clock = LoopClock(asyncio.get_running_loop(), START)
        heard: list[str] = []
        clock.call_later(1, lambda: heard.append("late")).cancel()
        await clock.sleep(2)
        return heard

    assert run_virtually(fired()) == []


def test_waiting_for_what_never_comes_is_an_error_and_no_hang() -> None:
    async def stuck() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(RuntimeError, match="virtual time stands still"):
        run_virtually(stuck())


def test_work_for_a_thread_is_done_where_it_stands_so_that_no_timer_overtakes_it() -> None:
    async def worked() -> tuple[bool, float]:
        loop = asyncio.get_running_loop()
        here = threading.get_ident()
        is_here = await loop.run_in_executor(None, lambda: threading.get_ident() == here)
        with pytest.raises(ZeroDivisionError):
            await loop.run_in_executor(None, divmod, 1, 0)
        return is_here, loop.time()

    assert run_virtually(worked()) == (True, 0)


def test_work_for_a_thread_is_given_to_one_once_the_loop_follows_the_wall() -> None:
    async def worked() -> bool:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, BuildingLoop)
        loop.go_live()
        here = threading.get_ident()
        return await loop.run_in_executor(None, lambda: threading.get_ident() == here)

    assert run_virtually(worked()) is False


def test_going_live_ties_building_seconds_to_the_wall() -> None:
    async def live() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, BuildingLoop)
        await asyncio.sleep(3600)
        loop.go_live(speed=100)
        building, wall = loop.time(), time.perf_counter()
        await asyncio.sleep(10)
        return loop.time() - building, time.perf_counter() - wall

    building_s, wall_s = run_virtually(live())
    assert building_s >= 10
    assert building_s == pytest.approx(wall_s * 100, rel=0.2)
