"""Doors on OSDP peripherals: what the person is shown, and that the line is asked for its inputs."""

import asyncio

import pytest

from policies.ids import DoorId, ReaderId
from readers.actuators.heads import DoorWithHeads
from readers.actuators.heads import Head as DoorHead
from readers.actuators.osdp import OsdpDoor
from readers.errors import TransportDown
from readers.feedback import Feedbacks, Language, Signal, Text, signals
from readers.hardware import Osdp, OsdpInput
from readers.osdp.messages import (
    AskInputs,
    Beep,
    Colour,
    Completion,
    Inputs,
    Order,
    SetLed,
    SetOutput,
    ShowText,
)
from readers.osdp.peripheral import Peripheral
from readers.ports import Feedback, Input

WIRING = Osdp(
    DoorId("agora"), "head", contact=OsdpInput(0), exit=OsdpInput(1, when="active"), release=OsdpInput(7)
)


class Head:
    """A peripheral without a line: it keeps what it is ordered, and does it."""

    def __init__(
        self, wiring: Osdp = WIRING, feedbacks: Feedbacks | None = None, language: Language = "fr"
    ) -> None:
        self.orders: list[Order] = []
        self.peripheral = Peripheral("head", self._take)
        self.head = DoorHead(self.peripheral, signals(feedbacks or Feedbacks()), language)
        self.door = OsdpDoor(wiring, self.peripheral, self.head)
        self.told: list[Input] = []
        self.door.listen(self.told.append)
        self.peripheral.change(None)

    def _take(self, order: Order) -> "asyncio.Future[Completion]":
        self.orders.append(order)
        done: asyncio.Future[Completion] = asyncio.get_running_loop().create_future()
        done.set_result(Completion.DONE)
        return done


@pytest.mark.parametrize(("language", "says"), [("fr", "Entrez"), ("en", "Please enter")])
async def test_an_outcome_is_shown_by_lamp_buzzer_and_text_in_the_sites_language(language, says):
    head = Head(language=language)
    await asyncio.sleep(0)
    head.orders.clear()
    head.door.show(Feedback.GRANTED)
    assert head.orders == [SetLed(Colour.GREEN, 3.0), Beep(1, 0.1), ShowText(says, 3.0)]
    await head.door.close()


async def test_a_site_may_have_it_silent_and_without_words():
    head = Head(feedbacks=Feedbacks(refused=Signal("red", 1.0, text=Text())))
    await asyncio.sleep(0)
    head.orders.clear()
    head.door.show(Feedback.REFUSED)
    assert head.orders == [SetLed(Colour.RED, 1.0)]
    await head.door.close()


@pytest.mark.parametrize("asks", [True, False])
async def test_a_peripheral_that_comes_online_is_locked_first_and_asked_where_it_likes_to_be(asks):
    head = Head(Osdp(DoorId("agora"), "head", contact=OsdpInput(0), asks=asks))
    await asyncio.sleep(0)
    assert SetOutput(0, on=False) in head.orders
    assert (AskInputs() in head.orders) is asks
    await head.door.close()


async def test_inputs_mean_what_the_settings_say_and_one_that_is_not_there_means_nothing():
    head = Head()
    head.peripheral.hear(Inputs((True, False)))
    head.peripheral.hear(Inputs((False, True)))
    head.peripheral.hear(Inputs((False, False)))
    assert head.told == [Input.EXIT_REQUESTED, Input.CONTACT_OPEN]
    assert not head.door.senses() & {Input.RELEASED, Input.REARMED}
    await head.door.close()


async def test_a_head_that_is_cut_off_tells_nothing_of_its_door_until_it_is_back():
    head = Head()
    head.peripheral.hear(Inputs((True, False)))
    await asyncio.sleep(0)
    head.peripheral.change(TransportDown("cut"))
    assert head.told == [Input.OUTPUT_FAILED, Input.CONTACT_FAULT]
    head.peripheral.change(None)
    await asyncio.sleep(0)
    head.peripheral.hear(Inputs((True, False)))
    assert head.told[2:] == [Input.OUTPUT_RESTORED, Input.CONTACT_CLOSED]
    await head.door.close()
    head.peripheral.hear(Inputs((False, False)))
    assert len(head.told) == 4


async def test_who_stands_at_one_reader_is_not_told_at_the_other():
    inside, outside = Head(), Head()
    heads = {ReaderId("in"): outside.head, ReaderId("out"): inside.head}
    door = DoorWithHeads(outside.door, heads)
    await asyncio.sleep(0)
    inside.orders.clear()
    outside.orders.clear()
    door.show(Feedback.REFUSED, ReaderId("out"))
    assert inside.orders
    assert outside.orders == []
    inside.orders.clear()
    door.show(Feedback.CLOSE_DOOR, ReaderId("no head there"))
    assert outside.orders  # by the door's own lamp
    assert inside.orders == []
    for head in (inside, outside):
        await head.door.close()
