"""What Home Assistant needs to find a site's counts by itself: one device, a sensor for each space.

Format: Home Assistant, "MQTT", "Discovery messages", one `device` payload with its `components` (2024.11 and later).
The payload is retained, so it is found after either side restarts. Names are French: the building's first language.
"""

from importlib.metadata import version

import msgspec

from policies.building import Building, Space, SpaceKind
from readers.wire.bus import Message
from readers.wire.topics import Topics

_FULL = "{{ 'ON' if value_json.limit >= 100 else 'OFF' }}"


def discovery(building: Building, topics: Topics, prefix: str, *, exact: bool = True) -> Message:
    """Return the retained message that announces every space but the outside; full ones, of `exact` counts."""
    device = f"totem_{building.site}"
    components: dict[str, object] = {}
    for space in building.spaces.values():
        if space.kind is not SpaceKind.OUTSIDE:
            components[f"{space.id}_people"] = _people(space, device, topics.occupancy(space.id))
            if space.capacity and exact:
                components[f"{space.id}_full"] = _full(space, device, topics.occupancy(space.id))
    payload = {
        "device": {
            "identifiers": [device],
            "name": str(building.site),
            "manufacturer": "Totem",
            "model": "Occupancy",
            "sw_version": version("totem-access"),
        },
        "origin": {"name": "Totem", "sw_version": version("totem-access")},
        "components": components,
        "availability_topic": topics.server_status,
        "qos": 1,
    }
    return Message(f"{prefix}/device/{device}/config", msgspec.json.encode(payload), retain=True)


def _people(space: Space, device: str, topic: str) -> dict[str, object]:
    return {
        "platform": "sensor",
        "unique_id": f"{device}_{space.id}_people",
        "name": space.name.fr,
        "icon": "mdi:account-group",
        "state_topic": topic,
        "value_template": "{{ value_json.count }}",
        "unit_of_measurement": "p",
        "state_class": "measurement",
        "json_attributes_topic": topic,
    }


def _full(space: Space, device: str, topic: str) -> dict[str, object]:
    return {
        "platform": "binary_sensor",
        "unique_id": f"{device}_{space.id}_full",
        "name": f"{space.name.fr} : complet",
        "device_class": "problem",
        "state_topic": topic,
        "value_template": _FULL,
    }
