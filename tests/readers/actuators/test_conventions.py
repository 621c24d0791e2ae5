"""What relays on a message bus are told and how they are understood, by their makers' documentation."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.ids import DoorId
from readers.actuators.convention import Convention, Heard
from readers.actuators.home_assistant import HomeAssistantConvention
from readers.actuators.shelly import ShellyConvention
from readers.actuators.zigbee2mqtt import ZigbeeConvention
from readers.hardware import HomeAssistant, HomeAssistantSensor, Shelly, ShellyInput, Zigbee2mqtt
from readers.wire.bus import Message

AGORA = DoorId("agora")
SHELLY = ShellyConvention(
    Shelly(
        AGORA,
        "shellyplus1-a8",
        contact=ShellyInput(0),
        exit=ShellyInput(1, when="on"),
        release=ShellyInput(2),
    ),
    "edge-2-doors/agora",
)
ZIGBEE = ZigbeeConvention(Zigbee2mqtt(AGORA, "strike", "leaf", "button", state="state_l1"))
UNTIMED = ZigbeeConvention(Zigbee2mqtt(AGORA, "strike", timed=False))
SWITCH = HomeAssistantConvention(
    HomeAssistant(
        AGORA,
        "cmnd/agora/POWER",
        "stat/agora/POWER",
        availability_topic="tele/agora/LWT",
        payload_available="Online",
        contact=HomeAssistantSensor("agora/leaf", "open", "closed"),
        exit=HomeAssistantSensor("agora/button"),
    )
)


def said(topic: str, payload: object, *, retain: bool = False) -> Message:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    return Message(topic, text.encode(), retain)


def test_a_shelly_is_let_go_with_its_own_timer_and_locked_without():
    free, locked = (SHELLY.order(7, free=free, hold_s=4.0) for free in (True, False))
    assert free.topic == locked.topic == "shellyplus1-a8/rpc"
    assert json.loads(free.payload) == {
        "id": 7,
        "src": "edge-2-doors/agora",
        "method": "Switch.Set",
        "params": {"id": 0, "on": True, "toggle_after": 4.0},
    }
    assert json.loads(locked.payload)["params"] == {"id": 0, "on": False}


def test_a_zigbee_relay_is_let_go_for_a_time_only_where_its_firmware_can():
    free = ZIGBEE.order(1, free=True, hold_s=4.0)
    assert free == said("zigbee2mqtt/strike/set", '{"state_l1":"ON","on_time":4.0}')
    assert ZIGBEE.order(1, free=False, hold_s=4.0).payload == b'{"state_l1":"OFF"}'
    assert UNTIMED.order(1, free=True, hold_s=4.0).payload == b'{"state":"ON"}'


def test_no_order_is_ever_retained():
    for convention in (SHELLY, ZIGBEE, SWITCH):
        for free in (True, False):
            assert not convention.order(1, free=free, hold_s=4.0).retain
        assert not any(message.retain for message in convention.ask(1))


@pytest.mark.parametrize(
    ("convention", "message", "heard"),
    [
        (SHELLY, said("shellyplus1-a8/online", "true"), [Heard(is_there=True)]),
        (SHELLY, said("shellyplus1-a8/online", "false"), [Heard(is_there=False)]),
        (SHELLY, said("shellyplus1-a8/status/switch:0", {"id": 0, "output": True}), [Heard(relay=True)]),
        (SHELLY, said("shellyplus1-a8/status/switch:1", {"id": 1, "output": True}), [Heard()]),
        (SHELLY, said("shellyplus1-a8/status/input:0", {"id": 0, "state": False}), [Heard(is_open=True)]),
        (SHELLY, said("shellyplus1-a8/status/input:0", {"id": 0, "state": None}), [Heard()]),
        (
            SHELLY,
            said(
                "shellyplus1-a8/events/rpc",
                {"method": "NotifyStatus", "params": {"ts": 1.5, "input:1": {"id": 1, "state": True}}},
            ),
            [Heard(exit=True)],
        ),
        (SHELLY, said("shellyplus1-a8/events/rpc", {"method": "NotifyEvent", "params": {"events": []}}), []),
        (
            SHELLY,
            said("edge-2-doors/agora/rpc", {"id": 7, "result": {"was_on": False}}),
            [Heard(answers=7)],
        ),
        (SHELLY, said("edge-2-doors/agora/rpc", {"id": 7, "error": {"code": 404}}), []),
        (ZIGBEE, said("zigbee2mqtt/strike", {"state_l1": "ON"}), [Heard(relay=True)]),
        (ZIGBEE, said("zigbee2mqtt/strike", {"state": "ON"}), []),
        (ZIGBEE, said("zigbee2mqtt/strike/availability", {"state": "offline"}), [Heard(is_there=False)]),
        (ZIGBEE, said("zigbee2mqtt/strike/availability", "online"), [Heard(is_there=True)]),
        (ZIGBEE, said("zigbee2mqtt/bridge/state", {"state": "offline"}), [Heard(is_there=False)]),
        (
            ZIGBEE,
            said("zigbee2mqtt/leaf", {"contact": True, "tamper": False}, retain=True),
            [Heard(is_open=False, tamper=False)],
        ),
        (ZIGBEE, said("zigbee2mqtt/leaf", {"battery": 3}), [Heard()]),
        (
            ZIGBEE,
            said("zigbee2mqtt/leaf/availability", {"state": "offline"}),
            [Heard(contact_is_there=False)],
        ),
        (ZIGBEE, said("zigbee2mqtt/button", {"action": "single"}), [Heard(exit=True), Heard(exit=False)]),
        (ZIGBEE, said("zigbee2mqtt/button", {"action": "single"}, retain=True), []),
        (ZIGBEE, said("zigbee2mqtt/button", {"action": ""}), []),
        (SWITCH, said("tele/agora/LWT", "Online", retain=True), [Heard(is_there=True)]),
        (SWITCH, said("tele/agora/LWT", "Offline"), [Heard(is_there=False)]),
        (SWITCH, said("stat/agora/POWER", "ON"), [Heard(relay=True)]),
        (SWITCH, said("stat/agora/POWER", "on?"), [Heard()]),
        (SWITCH, said("agora/leaf", "open"), [Heard(is_open=True)]),
        (SWITCH, said("agora/button", "ON"), [Heard(exit=True)]),
        (SWITCH, said("agora/button", "ON", retain=True), [Heard()]),
    ],
)
def test_what_a_relay_says_is_understood_and_what_it_does_not_say_is_not(convention, message, heard):
    assert list(convention.hear(message)) == heard


_ODD: st.SearchStrategy[object] = st.sampled_from(
    [None, True, 0, -1, 1e300, "", "ON", [], [[]], {}, {"id": []}, {"input:0": {"state": {}}}]
)
_KEYS = st.sampled_from(
    ["id", "result", "params", "method", "state", "contact", "action", "input:0", "switch:0"]
)
_PAYLOADS = st.binary(max_size=8) | st.dictionaries(_KEYS, _ODD, max_size=3).map(
    lambda told: json.dumps(told).encode()
)


@pytest.mark.parametrize("convention", [SHELLY, ZIGBEE, SWITCH], ids=["shelly", "zigbee", "home-assistant"])
@given(payload=_PAYLOADS)
def test_nothing_that_anybody_publishes_breaks_a_line(convention: Convention, payload):
    for topic in convention.topics:
        for heard in convention.hear(Message(topic.replace("+", "input:0"), payload)):
            assert isinstance(heard, Heard)
