"""One person at a door: turns, lamps, tailgating, holding, forgetting, and giving up."""

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from emulators.building import EmulatedBuilding
from emulators.cards.uid import UidCard
from emulators.clock import LoopClock, run_virtually
from emulators.leaf import CLOSES_AFTER_S
from emulators.people.agenda import Manner
from emulators.people.doorway import ANSWER_PATIENCE_S, QUEUE_PATIENCE_S, Doorway, Turn
from emulators.people.life import Life, Step
from emulators.people.routes import Routes
from emulators.people.truth import Truth
from policies.ids import DoorId, PersonId, SpaceId
from readers.ports import Feedback, Input
from tests.emulators.people.lived import km0
from tests.readers.credentials.driving import transmit

SITE = km0()
START = datetime(2026, 9, 15, 6, tzinfo=UTC)
AGORA, OUTSIDE, SEMINAR = SpaceId("agora"), SpaceId("outside"), SpaceId("seminar-a")


class Scene:
    """The emulated building with one rule: `answer` says what every reader's lamp shows (None: it stays dark)."""

    def __init__(self, answer: Feedback | None = Feedback.GRANTED) -> None:
        self.answer = answer
        self.clock = LoopClock(asyncio.get_running_loop(), START)
        self.devices = EmulatedBuilding(SITE.building, self.clock)
        self.truth = Truth(SITE.building)
        self.told: list[tuple[DoorId, Input]] = []
        self.taps: list[tuple[str, float]] = []
        self._routes = Routes(SITE.building)
        self._doorways = {
            name: Doorway(
                door,
                {
                    reader.direction: self.devices.antennas[reader.id]
                    for reader in SITE.building.readers.values()
                    if reader.door == name
                },
                self.clock,
            )
            for name, door in self.devices.doors.items()
        }
        for name, door in self.devices.doors.items():
            door.listen(lambda what, name=name: self.told.append((name, what)))  # type: ignore[misc]  # a default has no type
        self._readers = [asyncio.create_task(self._serve(reader)) for reader in SITE.building.readers]

    async def _serve(self, reader) -> None:
        door = self.devices.doors[SITE.building.readers[reader].door]
        while True:
            card = await self.devices.antennas[reader].next_card()
            await transmit(card, bytes.fromhex("ffca000000"))
            self.taps.append((reader, (self.clock.now() - START).total_seconds()))
            # Who is let in by an open leaf catches it.
            if self.answer is Feedback.GRANTED and not door.is_open:
                door.unlock()
                self.clock.call_later(5, door.lock)
            if self.answer is not None:
                door.show(self.answer)

    def person(self, number: int = 1) -> Life:
        card = UidCard(bytes((4, 0, 0, 0, 0, 0, number)))
        return Life(
            PersonId(f"p{number}"),
            card,
            self._doorways,
            self._routes,
            self.truth,
            self.clock,
            random.Random(number),
        )

    def place(self, number: int = 1) -> SpaceId:
        return self.truth.inside.get(PersonId(f"p{number}"), OUTSIDE)

    async def close(self) -> None:
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)


def play(scene_of: Callable[[Scene], object], answer: Feedback | None = Feedback.GRANTED) -> None:
    async def act() -> None:
        scene = Scene(answer)
        await scene_of(scene)  # type: ignore[misc]  # tests are not annotated
        await scene.close()

    run_virtually(act())


def step(space: SpaceId, manner: Manner = Manner.PROPER) -> Step:
    return Step(START, space, manner)


def test_somebody_granted_walks_through_every_door_on_their_way():
    async def scene_of(scene: Scene) -> None:
        await scene.person().follow([step(SEMINAR)])
        assert scene.place() == SEMINAR
        assert [reader for reader, _ in scene.taps] == ["agora-in", "seminar-a-in"]
        assert [door for door, what in scene.told if what is Input.CONTACT_OPEN] == ["agora", "seminar-a"]

    play(scene_of)


@pytest.mark.parametrize("answer", [Feedback.REFUSED, Feedback.WAITING, None])
def test_somebody_not_granted_stays_out_and_goes_home_after_the_second_time(answer):
    async def scene_of(scene: Scene) -> None:
        await scene.person().follow([step(AGORA), step(SEMINAR), step(AGORA), step(OUTSIDE)])
        assert scene.place() == OUTSIDE
        assert len(scene.taps) == 4
        assert scene.told == []

    play(scene_of, answer)


def test_a_lamp_that_says_granted_over_a_strike_that_stays_shut_lets_nobody_in():
    async def scene_of(scene: Scene) -> None:
        scene.devices.doors[DoorId("agora")].faults.power_cut = True
        scene.devices.doors[DoorId("seminar-a")].faults.power_cut = True
        await scene.person().follow([step(SEMINAR)])
        assert scene.place() == AGORA  # the agora's strike is fail-safe, the seminar room's fail-secure

    play(scene_of)


def test_leaving_is_by_tap_where_there_is_a_reader_and_by_handle_elsewhere():
    async def scene_of(scene: Scene) -> None:
        await scene.person().follow([step(SEMINAR), step(OUTSIDE)])
        assert scene.place() == OUTSIDE
        assert [reader for reader, _ in scene.taps][2:] == ["agora-out"]
        assert (DoorId("seminar-a"), Input.EXIT_REQUESTED) in scene.told

    play(scene_of)


def test_who_gets_no_answer_on_the_way_out_turns_the_handle():
    async def scene_of(scene: Scene) -> None:
        await scene.person().follow([step(AGORA)])
        scene.answer = None
        await scene.person().follow([step(OUTSIDE)])
        assert scene.place() == OUTSIDE

    play(scene_of)


@pytest.mark.parametrize(
    ("manner", "door"), [(Manner.FORGETFUL, "agora"), (Manner.BY_ESCAPE_DOOR, "escape-b24-west")]
)
def test_the_forgetful_and_those_in_a_hurry_leave_without_a_tap(manner, door):
    async def scene_of(scene: Scene) -> None:
        await scene.person().follow([step(AGORA), step(OUTSIDE, manner)])
        assert scene.place() == OUTSIDE
        assert [reader for reader, _ in scene.taps] == ["agora-in"]
        opened = [name for name, what in scene.told if what is Input.CONTACT_OPEN]
        assert opened == ["agora", door]

    play(scene_of)


def test_a_tailgater_slips_in_behind_somebody_without_a_tap():
    async def scene_of(scene: Scene) -> None:
        await asyncio.gather(
            scene.person(1).follow([step(AGORA, Manner.TAILGATING)]), scene.person(2).follow([step(AGORA)])
        )
        assert scene.place(1) == scene.place(2) == AGORA
        assert len(scene.taps) == 1

    play(scene_of)


def test_a_tailgater_with_nobody_to_follow_taps_after_all():
    async def scene_of(scene: Scene) -> None:
        await scene.person().follow([step(AGORA, Manner.TAILGATING)])
        assert scene.place() == AGORA
        assert len(scene.taps) == 1

    play(scene_of)


def test_somebody_with_full_hands_keeps_the_door_open():
    async def scene_of(scene: Scene) -> None:
        await scene.person().follow([step(AGORA, Manner.HOLDING)])
        await scene.clock.sleep(25)
        assert scene.devices.doors[DoorId("agora")].is_open
        await scene.clock.sleep(90)
        assert not scene.devices.doors[DoorId("agora")].is_open

    play(scene_of)


def test_people_at_one_door_take_turns_and_everybody_gets_in():
    async def scene_of(scene: Scene) -> None:
        await asyncio.gather(*(scene.person(number).follow([step(AGORA)]) for number in range(1, 31)))
        assert scene.truth.counts[AGORA] == 30
        times = [at for _, at in scene.taps]
        assert len(times) == 30
        assert min(later - at for at, later in pairwise(times)) > 1

    play(scene_of)


def test_who_is_granted_before_an_open_leaf_catches_it_before_it_falls_shut():
    async def scene_of(scene: Scene) -> None:
        await scene.person().follow([step(AGORA)])
        tapped_at = scene.taps[0][1]
        again = Scene()
        somebody_leaves_s = tapped_at - CLOSES_AFTER_S + 0.1
        again.clock.call_later(somebody_leaves_s, again.devices.doors[DoorId("agora")].leave)
        await again.person().follow([step(AGORA)])
        assert len(again.taps) == 1
        assert again.place() == AGORA
        await again.close()

    play(scene_of)


def test_a_dark_lamp_is_given_up_after_some_patience():
    async def scene_of(scene: Scene) -> None:
        began = scene.clock.now()
        await scene.person().follow([step(AGORA)])
        spent_s = (scene.clock.now() - began).total_seconds()
        assert 2 * ANSWER_PATIENCE_S < spent_s < 2 * ANSWER_PATIENCE_S + 60

    play(scene_of, None)


def test_turns_come_in_order_and_who_waits_too_long_goes_away():
    async def act() -> list[str]:
        clock = LoopClock(asyncio.get_running_loop(), START)
        turn = Turn(clock)
        seen: list[str] = []

        async def want(name: str, keep_s: float) -> None:
            got = await turn.take()
            seen.append(f"{name} {got}")
            if got:
                await clock.sleep(keep_s)
                turn.give()

        await asyncio.gather(
            want("a", 10), want("b", 10), want("c", QUEUE_PATIENCE_S), want("d", 1), want("e", 1)
        )
        await want("f", 1)
        return seen

    seen = run_virtually(act())
    assert seen[:3] == ["a True", "b True", "c True"]
    assert sorted(seen[3:5]) == ["d False", "e False"]  # they run out of patience at the same instant
    assert seen[5:] == ["f True"]
