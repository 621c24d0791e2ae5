"""Shelly relays of the second generation and later: RPC over MQTT, with the relay's own timer to fall back.

Every order is answered by its number. Inputs come as status or as notification, whichever the device is set to; both
are on `<prefix>/…` (Shelly API, "MQTT", "Switch", "Input", "RPC protocol").
"""

from collections.abc import Iterator, Mapping

import msgspec

from readers.actuators.convention import NOTHING, Heard, Proof, flag, readable
from readers.hardware import Shelly, ShellyInput
from readers.wire.bus import Message

_NOTIFIES = ("NotifyStatus", "NotifyFullStatus")


class ShellyConvention:
    """The relay at a topic prefix; `caller` is whom it answers: a name of this door's own."""

    proof = Proof.NUMBER

    def __init__(self, wiring: Shelly, caller: str) -> None:
        self._wiring, self._caller, self._prefix = wiring, caller, wiring.prefix

    @property
    def topics(self) -> tuple[str, ...]:
        prefix = self._prefix
        return f"{self._caller}/rpc", f"{prefix}/online", f"{prefix}/status/+", f"{prefix}/events/rpc"

    def order(self, number: int, *, free: bool, hold_s: float) -> Message:
        given: dict[str, object] = {"id": self._wiring.switch, "on": free}
        return self._call(number, "Switch.Set", given | ({"toggle_after": hold_s} if free else {}))

    def ask(self, number: int) -> tuple[Message, ...]:
        return (self._call(number, "Shelly.GetStatus", {}),)

    def hear(self, message: Message) -> tuple[Heard, ...]:
        match message.topic.removeprefix(f"{self._prefix}/").split("/"):
            case ["online"]:
                return (Heard(is_there=message.payload == b"true"),)
            case ["status", component]:
                return tuple(self._components({component: readable(message.payload)}))
            case ["events", "rpc"]:
                return self._notified(readable(message.payload))
            case _ if message.topic == f"{self._caller}/rpc":
                return self._answered(readable(message.payload))
        return ()

    def _call(self, number: int, method: str, given: Mapping[str, object]) -> Message:
        call = {"id": number, "src": self._caller, "method": method, "params": given}
        return Message(f"{self._prefix}/rpc", msgspec.json.encode(call))

    def _notified(self, frame: Mapping[str, object]) -> tuple[Heard, ...]:
        told = frame.get("params")
        if frame.get("method") not in _NOTIFIES or not isinstance(told, dict):
            return ()
        return tuple(self._components(told))

    def _answered(self, frame: Mapping[str, object]) -> tuple[Heard, ...]:
        """Take the answer to an order or a question; an error is no answer."""
        number, result = frame.get("id"), frame.get("result")
        if not isinstance(number, int) or not isinstance(result, dict):
            return ()
        return (Heard(answers=number), *self._components(result))

    def _components(self, told: Mapping[str, object]) -> Iterator[Heard]:
        for name, status in told.items():
            if isinstance(status, dict):
                yield self._component(name, status)

    def _component(self, name: str, status: Mapping[str, object]) -> Heard:
        wiring, level = self._wiring, flag(status.get("state"))
        if name == f"switch:{wiring.switch}":
            return Heard(relay=flag(status.get("output")))
        if level is None:
            return NOTHING
        return Heard(
            is_open=_means(wiring.contact, name, level),
            exit=_means(wiring.exit, name, level),
            release=_means(wiring.release, name, level),
        )


def _means(line: ShellyInput | None, name: str, level: bool) -> bool | None:  # noqa: FBT001  (a level, not a mode)
    """Return whether an input says what its name is; None where the message is of another."""
    if line is None or name != f"input:{line.input}":
        return None
    return level is (line.when == "on")
