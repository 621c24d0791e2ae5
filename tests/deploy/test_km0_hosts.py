"""The shipped wiring: every door and reader of the building hangs on one computer, and the broker knows which."""

import re
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

from readers.settings import load

ROOT = Path(__file__).parent.parent.parent


def _toml(*path: str) -> dict[str, Any]:
    return tomllib.loads(ROOT.joinpath(*path).read_text())


HOSTS: dict[str, dict[str, Any]] = _toml("deploy", "km0", "hosts.toml")["hosts"]


def _topics_allowed_to(user: str) -> set[str]:
    acl = (ROOT / "deploy" / "mosquitto" / "totem.acl").read_text()
    (block,) = re.findall(rf"^user {user}\n((?:topic .*\n)+)", acl, flags=re.MULTILINE)
    return set(block.splitlines())


def test_every_door_and_reader_of_the_building_hangs_on_exactly_one_computer() -> None:
    doors = _toml("policies", "km0", "building.toml")["door"]
    readers = [door[side] for door in doors for side in ("entry_reader", "exit_reader") if side in door]
    assert Counter(door for host in HOSTS.values() for door in host["doors"]) == Counter(
        d["id"] for d in doors
    )
    assert Counter(reader for host in HOSTS.values() for reader in host["readers"]) == Counter(readers)


def test_both_readers_of_a_door_hang_on_the_computer_of_their_door() -> None:
    computer = {door: name for name, host in HOSTS.items() for door in host["doors"]}
    for door in _toml("policies", "km0", "building.toml")["door"]:
        for side in ("entry_reader", "exit_reader"):
            assert side not in door or door[side] in HOSTS[computer[door["id"]]]["readers"]


def test_wiring_and_building_are_of_the_same_site() -> None:
    site = _toml("policies", "km0", "building.toml")["site"]["id"]
    assert _toml("deploy", "km0", "hosts.toml")["site"] == site
    acl = (ROOT / "deploy" / "mosquitto" / "totem.acl").read_text()
    assert set(re.findall(r"totem/v1/([^/]+)/", acl)) == {site}


def test_no_device_serves_two_readers() -> None:
    devices = Counter(reader["device"] for host in HOSTS.values() for reader in host["readers"].values())
    assert set(devices.values()) == {1}


def test_the_sample_settings_are_read_and_name_what_the_wiring_names() -> None:
    settings = load(ROOT / "deploy" / "km0" / "edge-2.toml")
    wired = HOSTS[settings.source]
    assert {
        device.id: {"transport": device.transport, "device": device.device} for device in settings.reader
    } == (wired["readers"])
    assert [device.id for device in settings.door] == wired["doors"]
    for name, shipped in (("password_file", settings.bus.password_file), ("site_key", settings.site_key)):
        assert shipped == _toml("deploy", "km0", "hosts.toml")["secrets"][name].format(host=settings.source)


def test_the_broker_lets_a_computer_speak_for_its_own_doors_and_for_no_other() -> None:
    for name, host in HOSTS.items():
        expected = {"topic read totem/v1/km0/changes"}
        for door in host["doors"]:
            expected |= {
                f"topic write totem/v1/km0/doors/{door}/state",
                f"topic read totem/v1/km0/doors/{door}/command",
            }
        assert _topics_allowed_to(name) == expected
