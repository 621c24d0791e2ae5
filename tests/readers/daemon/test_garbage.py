"""The interpreter's garbage is looked for between cards, and what a snapshot brought is not looked through."""

import asyncio
import gc
import weakref
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from emulators import field
from emulators.clock import run_virtually
from policies.building import Building
from policies.engine import Engine
from readers.daemon import Credentials, Garbage
from readers.daemon.garbage import EVERY_S, MOST_PUT_OFF, WHOLE_EVERY
from readers.daemon.visit import VISIT_S
from tests.readers.credentials.site import SCHEME, Keys, issued_card
from tests.readers.daemon.desk import LAB_IN, Desk, desk, signed, snapshot

Scene = Callable[[Desk, Garbage], Awaitable[None]]


@pytest.fixture(autouse=True)
def _cards_are_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field, "CARD_WORK_S", 60)


@pytest.fixture(autouse=True)
def _only_when_told() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


def live(directory: Path, act: Scene) -> None:
    """Do `act` at a door computer whose badges take long to read, in virtual time."""

    async def scene() -> None:
        async with desk(directory, [signed(snapshot())], credentials=Credentials(SCHEME, Keys())) as at:
            at.antennas[LAB_IN].rf_timing = True
            await act(at, Garbage(at.daemon, at.rights, at.clock))

    run_virtually(scene())


class Knot:
    """Garbage that no reference count frees."""

    def __init__(self) -> None:
        self.itself = self


def test_nothing_is_collected_while_a_card_is_read(tmp_path: Path) -> None:
    async def act(at: Desk, garbage: Garbage) -> None:
        knot = weakref.ref(Knot())
        at.antennas[LAB_IN].present(issued_card())
        await at.clock.sleep(VISIT_S / 2)
        assert at.daemon.is_reading
        assert not garbage.look()
        assert knot() is not None
        await at.clock.sleep(VISIT_S)
        assert not at.daemon.is_reading
        assert garbage.look()
        assert knot() is None

    live(tmp_path, act)


def test_cards_without_a_pause_put_it_off_but_not_for_ever(tmp_path: Path) -> None:
    async def act(at: Desk, garbage: Garbage) -> None:
        at.antennas[LAB_IN].present(issued_card())
        await at.clock.sleep(VISIT_S / 2)
        assert [garbage.look() for _ in range(MOST_PUT_OFF + 2)] == [*[False] * MOST_PUT_OFF, True, False]

    live(tmp_path, act)


def test_the_interpreter_does_not_collect_by_itself_meanwhile(tmp_path: Path) -> None:
    async def act(at: Desk, garbage: Garbage) -> None:
        task = asyncio.create_task(garbage.run())
        await at.clock.sleep(1)
        assert not gc.isenabled()
        knot = weakref.ref(Knot())
        await at.clock.sleep(EVERY_S)
        assert knot() is None
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert gc.isenabled()

    live(tmp_path, act)


def test_what_a_snapshot_brought_is_not_looked_through(tmp_path: Path) -> None:
    async def act(at: Desk, garbage: Garbage) -> None:
        garbage.look()
        kept = gc.get_freeze_count()
        assert kept > 0
        assert garbage.look()
        assert gc.get_freeze_count() <= kept
        at.daemon.take_snapshot(signed(snapshot(2)))
        assert any(isinstance(each, Building) for each in gc.get_objects())
        garbage.look()
        assert gc.get_freeze_count() > 0
        assert not any(isinstance(each, Building) for each in gc.get_objects())

    live(tmp_path, act)


def test_what_a_snapshot_replaces_goes_without_a_look(tmp_path: Path) -> None:
    async def act(at: Desk, _: Garbage) -> None:
        def there() -> int:
            return sum(isinstance(each, Building | Engine) for each in gc.get_objects())

        before = there()
        assert before > 0
        for version in range(2, 5):
            at.daemon.take_snapshot(signed(snapshot(version)))
        assert there() == before

    live(tmp_path, act)


def test_without_a_snapshot_nothing_is_looked_through_twice(tmp_path: Path) -> None:
    async def scene() -> None:
        async with desk(tmp_path, []) as at:
            garbage = Garbage(at.daemon, at.rights, at.clock)
            garbage.look()
            put_aside = weakref.ref(Knot())
            gc.freeze()
            garbage.look()
            assert put_aside() is not None

    run_virtually(scene())


def test_what_was_put_aside_and_knotted_since_is_found_within_a_day(tmp_path: Path) -> None:
    async def act(_: Desk, garbage: Garbage) -> None:
        garbage.look()
        knot = weakref.ref(Knot())
        gc.freeze()
        for _look in range(WHOLE_EVERY - 1):
            garbage.look()
        assert knot() is not None
        garbage.look()
        assert knot() is None

    live(tmp_path, act)
