"""A door on the outputs and inputs of an OSDP peripheral, with its lamp, buzzer and display.

The peripheral times each order itself, so that a cut line locks the door. What it reports comes through its secure
channel or not at all. It hangs beside the reader, often outside: where its case can be opened from the street, the
output in it must not open the door (docs/hardware.md).
"""

import asyncio
from collections.abc import Callable, Mapping

from readers.actuators.bolt import PACE, Pace, RemoteBolt
from readers.actuators.wires import Wires
from readers.errors import HardwareFault, TransportDown
from readers.feedback import Language, Signal
from readers.hardware import Osdp, OsdpInput
from readers.osdp.messages import (
    AskInputs,
    Beep,
    Colour,
    Completion,
    Inputs,
    Order,
    Report,
    SetLed,
    SetOutput,
    ShowText,
    Tamper,
)
from readers.osdp.peripheral import Peripheral
from readers.ports import Feedback, Input

_COLOURS = {"off": Colour.NONE, "green": Colour.GREEN, "red": Colour.RED, "amber": Colour.AMBER}


class OsdpDoor:
    """A door on `peripheral`, whose line belongs to the control panel, which outlives this."""

    def __init__(
        self,
        wiring: Osdp,
        peripheral: Peripheral,
        signals: Mapping[Feedback, Signal],
        language: Language,
        pace: Pace = PACE,
    ) -> None:
        self._wiring, self._peripheral, self._pace = wiring, peripheral, pace
        self._signals, self._language = signals, language
        self._wires = Wires()
        self._bolt = RemoteBolt(f"door {wiring.id}: {peripheral}", self._switch, self._wires, pace)
        self._shown: tuple[asyncio.Future[Completion], ...] = ()
        self._is_closed = False
        peripheral.listen(self._hear)
        peripheral.watch(self._change)

    def unlock(self) -> None:
        self._bolt.order(free=True)

    def lock(self) -> None:
        self._bolt.order(free=False)

    def show(self, feedback: Feedback) -> None:
        signal = self._signals[feedback]
        orders: list[Order] = [SetLed(_COLOURS[signal.colour], signal.for_s)]
        if signal.beeps:
            orders.append(Beep(signal.beeps, signal.beep_s))
        if text := getattr(signal.text, self._language):
            orders.append(ShowText(text, max(1.0, signal.for_s)))
        self._shown = tuple(self._peripheral.order(order) for order in orders)

    def listen(self, on_input: Callable[[Input], None]) -> None:
        self._wires.listen(on_input)

    def senses(self) -> frozenset[Input]:
        return self._wires.senses()

    async def close(self) -> None:
        """Engage the strike and hear no more of the peripheral."""
        self._is_closed = True
        await self._bolt.close()

    async def _switch(self, free: bool) -> None:  # noqa: FBT001  (the shape of `bolt.Send`)
        order = SetOutput(self._wiring.output, on=free, for_s=self._pace.hold_s if free else None)
        completion = await self._peripheral.order(order)
        if completion is not Completion.DONE:
            raise HardwareFault(f"output {self._wiring.output} {completion.value}")

    def _change(self, outage: TransportDown | None) -> None:
        """Order and ask again when the peripheral comes back; while it is away its contact tells nothing."""
        if self._is_closed:
            return
        if outage is None:
            self._bolt.again()
            if self._wiring.asks:
                self._peripheral.order(AskInputs())
            return
        self._bolt.fail(HardwareFault(str(outage)))
        if self._wiring.contact is not None:
            self._wires.contact(is_open=None)

    def _hear(self, report: Report) -> None:
        match report:
            case Inputs(active) if not self._is_closed:
                self._take(active)
            case Tamper(case_open, _) if not self._is_closed:
                self._wires.tamper(active=case_open)

    def _take(self, active: tuple[bool, ...]) -> None:
        wiring = self._wiring
        if (is_pressed := _level(wiring.exit, active)) is not None:
            self._wires.exit(active=is_pressed)
        if (is_released := _level(wiring.release, active)) is not None:
            self._wires.release(active=is_released)
        if (is_open := _level(wiring.contact, active)) is not None:
            self._wires.contact(is_open=is_open)


def _level(line: OsdpInput | None, active: tuple[bool, ...]) -> bool | None:
    """Return whether an input means what its name says; None where there is none, or the peripheral has no such one."""
    if line is None or line.input >= len(active):
        return None
    return active[line.input] is (line.when == "active")
