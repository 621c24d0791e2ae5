"""Readers that show: lamp, buzzer and display of OSDP peripherals, and doors whose readers have such heads."""

import asyncio
from collections.abc import Callable, Mapping

from policies.ids import ReaderId
from readers.feedback import Language, Signal
from readers.osdp.messages import Beep, Colour, Completion, Order, SetLed, ShowText
from readers.osdp.peripheral import Peripheral
from readers.ports import DoorHardware, Feedback, Input

_COLOURS = {"off": Colour.NONE, "green": Colour.GREEN, "red": Colour.RED, "amber": Colour.AMBER}
_SHORTEST_TEXT_S = 1.0


class Head:
    """What a peripheral can show of the `signals`; it is never ordered what it did not declare."""

    def __init__(
        self, peripheral: Peripheral, signals: Mapping[Feedback, Signal], language: Language
    ) -> None:
        self._peripheral, self._signals, self._language = peripheral, signals, language
        self._shown: tuple[asyncio.Future[Completion], ...] = ()

    def show(self, feedback: Feedback) -> None:
        """Show an outcome in place of the one before; never raises."""
        signal = self._signals[feedback]
        orders: list[Order] = [SetLed(_COLOURS[signal.colour], signal.for_s)]
        if signal.beeps:
            orders.append(Beep(signal.beeps, signal.beep_s))
        if text := getattr(signal.text, self._language):
            orders.append(ShowText(text, max(_SHORTEST_TEXT_S, signal.for_s)))
        self._shown = tuple(self._peripheral.order(order) for order in orders)


class DoorWithHeads:
    """A door that shows at its readers what its readers can show, and by its own lamp what is for everybody."""

    def __init__(self, door: DoorHardware, heads: Mapping[ReaderId, Head]) -> None:
        self._door, self._heads = door, heads

    def unlock(self) -> None:
        self._door.unlock()

    def lock(self) -> None:
        self._door.lock()

    def show(self, feedback: Feedback, at: ReaderId | None = None) -> None:
        head = self._heads.get(at) if at is not None else None
        if head is None:
            self._door.show(feedback, at)
        else:
            head.show(feedback)

    def listen(self, on_input: Callable[[Input], None]) -> None:
        self._door.listen(on_input)

    def senses(self) -> frozenset[Input]:
        return self._door.senses()
