"""Zigbee relays, contacts and buttons behind Zigbee2MQTT, by their friendly names.

A relay publishes its state after every order; `on_time` makes it fall back by itself where its firmware can. A contact
is true while the leaf is shut; its availability says whether it can be believed (Zigbee2MQTT, "MQTT topics and
messages").
"""

import msgspec

from readers.actuators.convention import Heard, Proof, flag, readable
from readers.hardware import Zigbee2mqtt
from readers.wire.bus import Message

_STATES = {"ON": True, "OFF": False}


class ZigbeeConvention:
    """The devices of one door behind one Zigbee2MQTT."""

    proof = Proof.STATE

    def __init__(self, wiring: Zigbee2mqtt) -> None:
        self._wiring, self._base = wiring, wiring.base

    @property
    def topics(self) -> tuple[str, ...]:
        wiring = self._wiring
        devices = [name for name in (wiring.relay, wiring.contact, wiring.exit) if name is not None]
        topics = [f"{self._base}/{name}" for name in devices]
        return (*topics, *(f"{topic}/availability" for topic in topics), f"{self._base}/bridge/state")

    def order(self, number: int, *, free: bool, hold_s: float) -> Message:
        del number
        given: dict[str, object] = {self._wiring.state: "ON" if free else "OFF"}
        if free and self._wiring.timed:
            given["on_time"] = hold_s
        return Message(f"{self._base}/{self._wiring.relay}/set", msgspec.json.encode(given))

    def ask(self, number: int) -> tuple[Message, ...]:
        del number
        return (
            Message(f"{self._base}/{self._wiring.relay}/get", msgspec.json.encode({self._wiring.state: ""})),
        )

    def hear(self, message: Message) -> tuple[Heard, ...]:
        wiring, name = self._wiring, message.topic.removeprefix(f"{self._base}/")
        if name in (f"{wiring.relay}/availability", "bridge/state"):
            return (Heard(is_there=_is_online(message.payload)),)
        if name == f"{wiring.contact}/availability":
            return (Heard(contact_is_there=_is_online(message.payload)),)
        told = readable(message.payload)
        if name == wiring.relay:
            return self._relay(told)
        if name == wiring.contact:
            shut = flag(told.get("contact"))
            return (Heard(is_open=None if shut is None else not shut, tamper=flag(told.get("tamper"))),)
        if name == wiring.exit and told.get("action") and not message.retain:
            return Heard(exit=True), Heard(exit=False)
        return ()

    def _relay(self, told: dict[str, object]) -> tuple[Heard, ...]:
        state = told.get(self._wiring.state)
        is_free = _STATES.get(state) if isinstance(state, str) else None
        return () if is_free is None else (Heard(relay=is_free),)


def _is_online(payload: bytes) -> bool:
    """Read availability as it is since 2.0, or as the bare word of before."""
    return payload == b"online" or readable(payload).get("state") == "online"
