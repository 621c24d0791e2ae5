"""The control panel of one OSDP line: a thread that drives libosdp, and the line opened again when it breaks.

The thread sleeps until bytes come, an order is given, or a poll is due. The event loop gives orders by a queue and
hears of everything by `call_soon_threadsafe`.
"""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from queue import Empty, SimpleQueue

from readers.errors import SettingsError, TransportDown
from readers.osdp.bus import Bus
from readers.osdp.line import SerialLine
from readers.osdp.messages import Completion, Order, Report
from readers.osdp.peripheral import Peripheral

KEY_BYTES = 16
PUBLIC_KEY = bytes(range(0x30, 0x40))
"""SCBK-D, the default key that everybody knows (OSDP 2.2, annex D)."""

FIRST_RETRY_S, LAST_RETRY_S = 0.25, 2.0
_REFRESH_S = 0.02  # what comes ends the wait before; libosdp polls each peripheral every 50 ms

_Asked = tuple[int, Order, "asyncio.Future[Completion]"]


class ControlPanel:
    """The line at a device's path, and the `peripherals` on it by address, each with its key of 16 bytes.

    Made on the event loop that it serves. Raise `SettingsError` for a key that is none, or that everybody knows.
    """

    def __init__(
        self, path: str, baud: int, keys: Mapping[int, bytes], loop: asyncio.AbstractEventLoop
    ) -> None:
        for address, key in keys.items():
            _require_secret(f"OSDP peripheral {address} on {path}", key)
        self._path, self._baud, self._keys, self._loop = path, baud, dict(keys), loop
        self._asked: SimpleQueue[_Asked] = SimpleQueue()
        self.peripherals: dict[int, Peripheral] = {
            address: Peripheral(f"OSDP peripheral {address} on {path}", partial(self._ask, address))
            for address in keys
        }
        self._closing = threading.Event()
        self._ended: asyncio.Future[None] = loop.create_future()
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._thread = threading.Thread(target=self._live, name=f"OSDP line {path}", daemon=True)
        self._thread.start()

    async def close(self) -> None:
        """Stop the thread and wait for its end; the peripherals notice that nobody polls them any more."""
        self._closing.set()
        if not self._ended.done():
            os.eventfd_write(self._bell, 1)
            await self._ended
            self._thread.join()
            os.close(self._bell)

    def _ask(self, address: int, order: Order) -> "asyncio.Future[Completion]":
        done: asyncio.Future[Completion] = self._loop.create_future()
        self._asked.put((address, order, done))
        if not self._ended.done():
            os.eventfd_write(self._bell, 1)
        return done

    # The rest runs in the thread.

    def _live(self) -> None:
        pause_s = FIRST_RETRY_S
        while not self._closing.is_set():
            try:
                line = SerialLine(self._path, self._baud)
            except TransportDown as outage:
                self._lose_all(outage)
            else:
                pause_s = FIRST_RETRY_S
                self._serve(line)
            self._closing.wait(pause_s)
            pause_s = min(2 * pause_s, LAST_RETRY_S)
        self._lose_all(TransportDown(f"OSDP line {self._path} is closed"))
        self._tell(self._ended.set_result, None)

    def _serve(self, line: SerialLine) -> None:
        """Drive libosdp until the line breaks."""
        bus = Bus(line, self._keys, self._hear, self._change)
        outage: object = "closed"
        try:
            bus.refresh(time.monotonic())
            while not self._closing.is_set() and line.fault is None:
                if line.wait(self._bell, _REFRESH_S):
                    self._hand_on(bus)
                bus.refresh(time.monotonic())
            outage = line.fault or outage
        except Exception as fault:  # noqa: BLE001 (a library may raise anything, and a dead thread is a dead line)
            outage = repr(fault)
        bus.abandon()
        line.close()
        self._lose_all(TransportDown(f"OSDP line {self._path}: {outage}"))

    def _hand_on(self, bus: Bus) -> None:
        os.eventfd_read(self._bell)
        for address, order, done in self._asked_now():
            bus.order(address, order, partial(self._tell, _settle, done))

    def _asked_now(self) -> "list[_Asked]":
        asked: list[_Asked] = []
        while True:
            try:
                asked.append(self._asked.get_nowait())
            except Empty:
                return asked

    def _hear(self, address: int, report: Report) -> None:
        self._tell(self.peripherals[address].hear, report)

    def _change(self, address: int, outage: str | None) -> None:
        peripheral = self.peripherals[address]
        self._tell(peripheral.change, TransportDown(f"{peripheral}: {outage}") if outage else None)

    def _lose_all(self, outage: TransportDown) -> None:
        for peripheral in self.peripherals.values():
            self._tell(peripheral.change, outage)
        for _, _, done in self._asked_now():
            self._tell(_settle, done, Completion.OFFLINE)

    def _tell(self, callback: Callable[..., object], *values: object) -> None:
        try:
            self._loop.call_soon_threadsafe(callback, *values)
        except RuntimeError:
            self._closing.set()  # the loop was closed and this panel was not: nobody is left to serve


def _settle(done: "asyncio.Future[Completion]", what: Completion) -> None:
    if not done.done():
        done.set_result(what)


def _require_secret(name: str, key: bytes) -> None:
    if len(key) != KEY_BYTES:
        raise SettingsError(f"{name}: a key of {len(key)} bytes, expected {KEY_BYTES}")
    if key == PUBLIC_KEY or len(set(key)) == 1:
        raise SettingsError(
            f"{name}: its key is one that everybody knows, expected a secret of {KEY_BYTES} random bytes"
        )
