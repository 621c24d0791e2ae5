"""One address on an OSDP line as the event loop sees it: its health, what it reports, what it is ordered."""

import asyncio
from collections.abc import Callable

from readers.errors import TransportDown
from readers.health import Health, Standing
from readers.osdp.messages import Completion, Order, Report


class Peripheral:
    """A peripheral; `ask` hands an order to its line."""

    def __init__(self, name: str, ask: "Callable[[Order], asyncio.Future[Completion]]") -> None:
        self._name, self._ask = name, ask
        self._standing = Standing()
        self._listeners: list[Callable[[Report], None]] = []

    def __str__(self) -> str:
        return self._name

    @property
    def is_online(self) -> bool:
        """Say whether it answers through its secure channel."""
        return self._standing.is_up

    def watch(self, on_health: Health) -> None:
        """Call `on_health` at every change from now on, and at once where its health is known."""
        self._standing.watch(on_health)

    def listen(self, on_report: Callable[[Report], None]) -> None:
        """Call `on_report` for everything that it reports from now on."""
        self._listeners.append(on_report)

    def order(self, order: Order) -> "asyncio.Future[Completion]":
        """Give an order; the answer says whether it was followed. One that goes offline answers nothing late."""
        if self.is_online:
            return self._ask(order)
        refused: asyncio.Future[Completion] = asyncio.get_running_loop().create_future()
        refused.set_result(Completion.OFFLINE)
        return refused

    def hear(self, report: Report) -> None:
        """Take a report from the line."""
        for listener in self._listeners:
            listener(report)

    def change(self, outage: TransportDown | None) -> None:
        """Take a change of health from the line."""
        self._standing.change(outage)
