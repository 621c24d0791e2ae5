"""OSDP peripherals on a line of their own, by libosdp's other end: readers with keypad, lamp, buzzer, inputs, outputs.

The line is a pseudo-terminal; a control panel opens `path` as it opens an RS-485 adapter. Every peripheral hears every
byte, as on two real wires. One thread drives the line, so that a panel under test may block as it likes.
"""

import os
import select
import threading
import tty
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue
from typing import Self

import osdp
import osdp_sys

_REFRESH_S = 0.005
_MOST = 4096
_ACK, _NAK = 0, -1
READER_WITH_ALL = {
    osdp.Capability.ContactStatusMonitoring: (1, 2),
    osdp.Capability.OutputControl: (1, 2),
    osdp.Capability.CardDataFormat: (1, 1),
    osdp.Capability.LEDControl: (1, 1),
    osdp.Capability.AudibleControl: (1, 1),
    osdp.Capability.CommunicationSecurity: (1, 1),
}
"""What a peripheral declares: for each function its level of compliance and how many it has."""
BARE_READER = {osdp.Capability.CardDataFormat: (1, 1), osdp.Capability.CommunicationSecurity: (1, 1)}


class EmulatedPeripheral:
    """One peripheral, with the verbs of who stands before it or cuts its wires. `heard` has the panel's commands.

    `refuses` are commands that it declares but answers NAK to, as some real ones do. One whose inputs are known tells
    them each time the secure channel comes up. `on_command` hears each command it follows, in the line's thread.
    """

    def __init__(self, address: int, key: bytes | None, capabilities: Mapping[int, tuple[int, int]]) -> None:
        self.address, self.key, self.capabilities = address, key, capabilities
        self.heard: SimpleQueue[dict[str, object]] = SimpleQueue()
        self.is_cut = False
        # libosdp's Python side of a peripheral has no answer to a question for its inputs, so it refuses that.
        self.refuses = {osdp.Command.Status}
        self.on_command: Callable[[dict[str, object]], None] | None = None
        self._inputs: bytes | None = None
        self._was_secure = False
        self._acts: SimpleQueue[dict[str, object]] = SimpleQueue()

    def read_card(self, number: bytes, bits: int | None = None) -> None:
        """Read a card; give that many bits of its number, all where not said."""
        self._acts.put(
            {
                "event": osdp.Event.CardRead,
                "reader_no": 0,
                "format": osdp.CardFormat.Unspecified,
                "direction": 0,
                "length": len(number) * 8 if bits is None else bits,
                "data": number,
            }
        )

    def press(self, keys: bytes) -> None:
        """Press keys of the keypad."""
        self._acts.put({"event": osdp.Event.KeyPress, "reader_no": 0, "data": keys})

    def set_inputs(self, *active: bool) -> None:
        """Move the contacts on its inputs."""
        self._inputs = bytes(active)
        self._report(osdp.StatusReportType.Input, bytes(active))

    def open_case(self, *, is_open: bool = True) -> None:
        """Open its case, or shut it again."""
        self._report(osdp.StatusReportType.Local, bytes((is_open, False)))

    def _report(self, kind: int, levels: bytes) -> None:
        self._acts.put({"event": osdp.Event.Status, "type": kind, "report": levels})

    # The rest runs in the line's thread.

    def attach(self, send: Callable[[bytes], None]) -> None:
        """Begin anew, as after a loss of power."""
        self._received = bytearray()
        self._send = send
        info = osdp.PDInfo(
            self.address, self, scbk=self.key, flags=[osdp.LibFlag.EnforceSecure] if self.key else []
        )
        declared = [(function, *what) for function, what in self.capabilities.items()]
        self._library = osdp_sys.PeripheralDevice(
            info.get(), capabilities=osdp.PDCapabilities(declared).get()
        )
        self._library.set_command_callback(self._obey)

    def hear(self, data: bytes) -> None:
        """Take bytes from the wires, and do what is due."""
        if not self.is_cut:
            self._received += data
            self._act()
            self._library.refresh()
            self._greet()

    def read(self, most: int) -> bytes:
        """Give libosdp what has come."""
        data = bytes(self._received[:most])
        del self._received[:most]
        return data

    def write(self, data: bytes) -> int:
        """Put libosdp's bytes on the wires."""
        self._send(data)
        return len(data)

    def flush(self) -> None:
        """Forget what has come."""
        self._received.clear()

    def _greet(self) -> None:
        is_secure = self._library.is_sc_active()
        if is_secure and not self._was_secure and self._inputs is not None:
            self._report(osdp.StatusReportType.Input, self._inputs)
        self._was_secure = is_secure

    def _act(self) -> None:
        try:
            self._library.submit_event(self._acts.get_nowait())
        except Empty:
            return

    def _obey(self, command: dict[str, object]) -> tuple[int, None]:
        self.heard.put(command)
        if command["command"] in self.refuses:
            return _NAK, None
        if self.on_command is not None:
            self.on_command(command)
        return _ACK, None


class EmulatedLine:
    """Two wires and what hangs on them; `path` is the panel's end."""

    def __init__(self, *peripherals: EmulatedPeripheral) -> None:
        self._peripherals = peripherals
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(self._slave)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._live, name="OSDP peripherals")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()
        os.close(self._master)
        os.close(self._slave)

    def _live(self) -> None:
        osdp_sys.set_loglevel(osdp.LogLevel.Critical)
        for peripheral in self._peripherals:
            peripheral.attach(self._send)
        while not self._ending.is_set():
            select.select((self._master,), (), (), _REFRESH_S)
            data = self._received()
            for peripheral in self._peripherals:
                peripheral.hear(data)

    def _received(self) -> bytes:
        try:
            return os.read(self._master, _MOST)
        except BlockingIOError:
            return b""

    def _send(self, data: bytes) -> None:
        os.write(self._master, data)
