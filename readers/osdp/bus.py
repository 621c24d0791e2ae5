"""libosdp at work on one line: the one file that imports `osdp`. Used in one thread only.

Only the secure channel counts. libosdp is told to enforce it, so that a peripheral without its key, or with the public
default key alone, stays offline; what it reports is dropped unless the channel stands at that moment.

libosdp leaves a peripheral that failed alone for 300 s. It is taken up again here, as if it had been plugged out and
in: after a second, then a little later each time, since each attempt costs its neighbours the time of an answer.
"""

from collections import Counter, deque
from collections.abc import Callable, Mapping

import msgspec
import osdp
import osdp_sys

from readers.osdp.line import SerialLine
from readers.osdp.messages import (
    AskInputs,
    Beep,
    Capability,
    CardData,
    Completion,
    Inputs,
    Keys,
    Order,
    Report,
    SetLed,
    SetOutput,
    ShowText,
    Tamper,
)

FIRST_RETRY_S, LAST_RETRY_S = 1.0, 8.0
NO_ANSWER = "no answer through its secure channel: it is away, or has another key"

_TENTHS = 10
_MOST_TENTHS, _MOST_IN_A_BYTE = 0xFFFF, 0xFF
_NEEDS: dict[type[Order], Capability] = {
    SetOutput: Capability.OUTPUTS,
    SetLed: Capability.LED,
    Beep: Capability.BUZZER,
    ShowText: Capability.TEXT,
    AskInputs: Capability.INPUTS,
}
_REFUSED_WITHIN_S = 0.5  # a reader that stopped answering falls after 8 s only
_REFUSALS = 2
"""After so many in a row an order is taken for one that it cannot follow, whatever it declared, until a restart."""

Done = Callable[[Completion], None]


class _UnderWay(msgspec.Struct, frozen=True):
    """An order given and not answered yet; `given_at` is in seconds of the monotonic clock."""

    kind: type[Order]
    given_at: float
    done: Done


class _Standing(msgspec.Struct):
    """What is known of one peripheral: whether it is online, when it is taken up again, the orders it works on."""

    retry_s: float = FIRST_RETRY_S
    due: float | None = None
    is_online: bool = False
    is_told: bool = False
    under_way: deque[_UnderWay] = msgspec.field(default_factory=deque)
    refusals: Counter[type[Order]] = msgspec.field(default_factory=Counter)


class Bus:
    """The peripherals of one line, by address, each with its key. `hear` and `change` are called within `refresh`."""

    def __init__(
        self,
        line: SerialLine,
        keys: Mapping[int, bytes],
        hear: Callable[[int, Report], None],
        change: Callable[[int, str | None], None],
    ) -> None:
        self._hear, self._change = hear, change
        self._addresses = tuple(keys)
        self._standings = tuple(_Standing() for _ in keys)
        # Its own words tell of waits of 300 s that do not happen, and name no peripheral by our name.
        osdp_sys.set_loglevel(osdp.LogLevel.Critical)
        # Without notifications: the status words below tell the same, and cannot be missed.
        info = [
            osdp.PDInfo(address, line, scbk=key, flags=[osdp.LibFlag.EnforceSecure]).get()
            for address, key in keys.items()
        ]
        self._library = osdp_sys.ControlPanel(info)
        self._library.set_event_callback(self._on_event)
        self._library.set_command_completion_callback(self._on_completion)

    def refresh(self, now: float) -> None:
        """Let libosdp work on what has come and what is due. `now` is in seconds of a monotonic clock."""
        self._now = now
        self._library.refresh()
        online = self._library.status() & self._library.sc_status()
        for index, standing in enumerate(self._standings):
            if online >> index & 1:
                self._rise(index, standing)
            else:
                self._fall(index, standing, now)

    def order(self, address: int, order: Order, done: Done) -> None:
        """Give an order that the peripheral is there for and able to follow; `done` hears what became of it."""
        index = self._addresses.index(address)
        standing = self._standings[index]
        if not standing.is_online:
            done(Completion.OFFLINE)
        elif not self._is_capable(index, type(order)):
            done(Completion.NOT_CAPABLE)
        elif self._library.submit_command(index, _command(order)):
            standing.under_way.append(_UnderWay(type(order), self._now, done))
        else:
            done(Completion.FAILED)

    def abandon(self) -> None:
        """Say that no order under way will be followed any more."""
        for standing in self._standings:
            _give_up(standing)

    def _rise(self, index: int, standing: _Standing) -> None:
        if standing.is_online:
            return
        standing.is_online, standing.is_told = True, False
        standing.retry_s, standing.due = FIRST_RETRY_S, None
        self._change(self._addresses[index], None)

    def _fall(self, index: int, standing: _Standing, now: float) -> None:
        """Note an outage once it lasts, and take the peripheral up again when that is due."""
        if standing.is_online:
            standing.is_online = False
            self._blame(standing)
            _give_up(standing)
            self._tell_outage(index, standing)
        if standing.due is None:
            standing.due = now + standing.retry_s
        elif now >= standing.due:
            self._take_up(index, standing, now)

    def _take_up(self, index: int, standing: _Standing, now: float) -> None:
        """Plug it out, and in again as soon as libosdp has let go of it."""
        if self._library.is_pd_enabled(index):
            self._tell_outage(index, standing)
            self._library.disable_pd(index)
        elif self._library.enable_pd(index):
            standing.retry_s = min(2 * standing.retry_s, LAST_RETRY_S)
            standing.due = now + standing.retry_s

    def _tell_outage(self, index: int, standing: _Standing) -> None:
        if not standing.is_told:
            standing.is_told = True
            self._change(self._addresses[index], NO_ANSWER)

    def _blame(self, standing: _Standing) -> None:
        """Count a fall right after an order was given as its refusal: a NAK takes the peripheral offline at once."""
        first = standing.under_way[0] if standing.under_way else None
        if first is not None and self._now - first.given_at < _REFUSED_WITHIN_S:
            standing.refusals[first.kind] += 1

    def _is_capable(self, index: int, kind: type[Order]) -> bool:
        """Say whether it declared that it can follow such orders, and did not refuse them all the same."""
        _, items = self._library.check_capability(index, _NEEDS[kind])
        return bool(items) and self._standings[index].refusals[kind] < _REFUSALS

    def _on_event(self, index: int, event: dict[str, object]) -> int:
        report = _report(event)
        if report is not None and self._library.sc_status() >> index & 1:
            self._hear(self._addresses[index], report)
        return 0

    def _on_completion(self, index: int, _: object, status: int) -> None:
        standing = self._standings[index]
        if not standing.under_way:
            return
        if status != osdp.CompletionStatus.Ok:
            self._blame(standing)
            standing.under_way.popleft().done(Completion.FAILED)
            return
        first = standing.under_way.popleft()
        standing.refusals[first.kind] = 0
        first.done(Completion.DONE)


def _give_up(standing: _Standing) -> None:
    while standing.under_way:
        standing.under_way.popleft().done(Completion.OFFLINE)


def _report(event: Mapping[str, object]) -> Report | None:
    """Translate what libosdp tells; None for what nobody here listens to."""
    match event:
        case {"event": osdp.Event.CardRead, "length": int(bits), "data": bytes(data), "format": form}:
            return None if form == osdp.CardFormat.ASCII else CardData(bits, data)
        case {"event": osdp.Event.KeyPress, "data": bytes(keys)}:
            return Keys(keys)
        case {"event": osdp.Event.Status, "type": osdp.StatusReportType.Input, "report": bytes(report)}:
            return Inputs(tuple(bool(level) for level in report))
        case {"event": osdp.Event.Status, "type": osdp.StatusReportType.Local, "report": bytes(report)}:
            return Tamper(bool(report[0]), bool(report[1])) if len(report) > 1 else None
        case _:
            return None


def _command(order: Order) -> dict[str, object]:
    """Write an order as libosdp wants it; its times are tenths of a second."""
    match order:
        case SetOutput(output, on, for_s):
            permanent, temporary = (2, 5) if on else (1, 6)
            code = permanent if for_s is None else temporary
            return {
                "command": osdp.Command.Output,
                "output_no": output,
                "control_code": code,
                "timer_count": _tenths(for_s or 0, _MOST_TENTHS),
            }
        case SetLed(colour, for_s, led):
            return {
                "command": osdp.Command.LED,
                "reader": 0,
                "led_number": led,
                "temporary": for_s is not None,
                "control_code": 1 if for_s is None else 2,
                "on_count": 1,
                "off_count": 0,
                "on_color": colour,
                "off_color": colour,
                "timer_count": _tenths(for_s or 0, _MOST_TENTHS),
            }
        case ShowText(text, for_s):
            return {
                "command": osdp.Command.Text,
                "reader": 0,
                "control_code": 1 if for_s is None else 3,
                "temp_time": min(round(for_s or 0), _MOST_IN_A_BYTE),
                "offset_row": 1,
                "offset_col": 1,
                "data": text,
            }
        case AskInputs():
            return {"command": osdp.Command.Status, "type": osdp.StatusReportType.Input}
        case Beep(times, on_s):
            count = _tenths(on_s, _MOST_IN_A_BYTE)
            return {
                "command": osdp.Command.Buzzer,
                "reader": 0,
                "control_code": 2,
                "on_count": count,
                "off_count": count,
                "rep_count": times,
            }


def _tenths(seconds: float, most: int) -> int:
    return min(round(seconds * _TENTHS), most)
