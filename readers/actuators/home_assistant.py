"""Relays and sensors by the topics of Home Assistant's MQTT switch and binary sensor: ESPHome, Tasmota and many more.

Nothing in this convention makes a relay fall back by itself: give the device an automatic off of its own. A binary
sensor of the class `door` is on while the leaf is open.
"""

from readers.actuators.convention import Heard, Proof
from readers.hardware import HomeAssistant, HomeAssistantSensor
from readers.wire.bus import Message


class HomeAssistantConvention:
    """The switch and the sensors of one door."""

    proof = Proof.CHANGE

    def __init__(self, wiring: HomeAssistant) -> None:
        self._wiring = wiring

    @property
    def topics(self) -> tuple[str, ...]:
        wiring = self._wiring
        sensors = (wiring.contact, wiring.exit, wiring.tamper, wiring.release)
        named = [wiring.state_topic, wiring.availability_topic]
        return tuple(filter(None, [*named, *(sensor.state_topic for sensor in sensors if sensor)]))

    def order(self, number: int, *, free: bool, hold_s: float) -> Message:
        del number, hold_s
        wiring = self._wiring
        return Message(wiring.command_topic, (wiring.payload_on if free else wiring.payload_off).encode())

    def ask(self, number: int) -> tuple[Message, ...]:
        del number
        return ()

    def hear(self, message: Message) -> tuple[Heard, ...]:
        wiring, topic = self._wiring, message.topic
        said = message.payload.decode("utf-8", "replace")
        if topic == wiring.availability_topic:
            return (Heard(is_there=said == wiring.payload_available),)
        if topic == wiring.state_topic:
            return (Heard(relay={wiring.payload_on: True, wiring.payload_off: False}.get(said)),)
        return (
            Heard(
                is_open=_means(wiring.contact, topic, said),
                exit=None if message.retain else _means(wiring.exit, topic, said),
                tamper=_means(wiring.tamper, topic, said),
                release=_means(wiring.release, topic, said),
            ),
        )


def _means(sensor: HomeAssistantSensor | None, topic: str, said: str) -> bool | None:
    if sensor is None or topic != sensor.state_topic:
        return None
    return {sensor.payload_on: True, sensor.payload_off: False}.get(said)
