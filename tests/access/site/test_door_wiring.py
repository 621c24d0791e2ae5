"""A door computer's doors from its settings: what fits is wired, what does not is told by its place."""

import asyncio
from pathlib import Path

import pytest

from access.site.door_wiring import DoorWiring
from policies.ids import DoorId
from readers.clock import SystemClock
from readers.errors import HardwareFault, SettingsError
from readers.ports import Input
from readers.settings import Settings, load

GPIO = '[[door]]\nid = "agora"\nhardware = "gpio"\nstrike = { line = 1 }\n'
COMPUTER = 'site = "km0"\nsource = "edge-2"\nstate = ""\nsite_key = ""\n'


def settings(folder: Path, text: str) -> Settings:
    path = folder / "edge.toml"
    path.write_text(COMPUTER + text)
    return load(path)


def wired(chosen: Settings) -> DoorWiring:
    return DoorWiring(chosen, {}, asyncio.get_running_loop(), SystemClock())


async def test_an_emulated_door_is_named_as_one(tmp_path):
    doors = wired(settings(tmp_path, '[[door]]\nid = "agora"\nhardware = "emulated"\n'))
    assert doors.emulated == (DoorId("agora"),)
    doors.hardware[DoorId("agora")].unlock()
    await doors.close()


async def test_a_door_whose_chip_is_missing_keeps_no_other_from_serving(tmp_path):
    chosen = settings(
        tmp_path,
        '[[door]]\nid = "agora"\nhardware = "gpio"\nchip = "/dev/no-such-chip"\nstrike = { line = 17 }\n'
        'contact = { line = "GPIO27" }\nexit = { line = 23, active = "low", pull = "up", debounce_ms = 5 }\n'
        '[[door]]\nid = "desk"\nhardware = "emulated"\n',
    )
    doors = wired(chosen)
    doors.hardware[DoorId("desk")].unlock()
    agora = doors.hardware[DoorId("agora")]
    assert Input.OUTPUT_FAILED in agora.senses()
    with pytest.raises(HardwareFault, match=r"door agora: /dev/no-such-chip: .*expected its line 17"):
        agora.unlock()
    await doors.close()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[[door]]\nid = "agora"\nhardware = "relay"\n', "'relay'.*door"),
        ('[[door]]\nid = "agora"\nhardware = "gpio"\nstrike = { active = "low" }\n', "`line`.*door.*strike"),
        ('[[door]]\nid = "agora"\nhardware = "gpio"\nstrike = { line = 1, aktive = "low" }\n', "`aktive`"),
        (GPIO + "contact = { line = 2, debounce_ms = 500 }\n", "300.*contact.debounce_ms"),
        ('[feedback.granted]\ncolour = "blue"\n', "'blue'.*feedback.granted.colour"),
        ('[feedback.open-sesame]\ncolour = "red"\n', "open-sesame"),
    ],
)
def test_settings_of_doors_that_do_not_fit_are_told_by_file_and_place(tmp_path, text, complaint):
    with pytest.raises(SettingsError, match=f"edge.toml: .*{complaint}"):
        settings(tmp_path, text)


async def test_a_door_on_a_peripheral_that_no_line_has_is_refused(tmp_path):
    chosen = settings(tmp_path, '[[door]]\nid = "agora"\nhardware = "osdp"\ndevice = "head"\n')
    with pytest.raises(SettingsError, match="door agora: there is no osdp peripheral 'head'"):
        wired(chosen)


BOARD = '[[uhppote]]\nid = "b24"\nserial = 405419896\naddress = "127.0.0.1:9"\ntell = "127.0.0.1:60001"\n'
SEMINAR = '[[door]]\nid = "{}"\nhardware = "uhppote"\nboard = "{}"\ndoor = 1\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (SEMINAR.format("a", "b24"), "door a: there is no uhppote board 'b24'"),
        (BOARD + BOARD, "uhppote b24: named twice"),
        (BOARD + SEMINAR.format("a", "b24") + SEMINAR.format("b", "b24"), "door b: door 1 of b24 is a's"),
    ],
)
async def test_boards_that_do_not_fit_are_refused(tmp_path, text, complaint):
    chosen = settings(tmp_path, text)
    with pytest.raises(SettingsError, match=complaint):
        wired(chosen)


async def test_every_kind_of_relay_is_wired_and_locked_at_the_end(tmp_path):
    kinds = (
        '[[door]]\nid = "a"\nhardware = "shelly"\nprefix = "shelly-a"\n'
        '[[door]]\nid = "b"\nhardware = "zigbee2mqtt"\nrelay = "b"\n'
        '[[door]]\nid = "c"\nhardware = "home-assistant"\ncommand_topic = "c/set"\nstate_topic = "c"\n'
    )
    doors = wired(settings(tmp_path, "[bus]\nport = 9\n" + kinds + BOARD + SEMINAR.format("d", "b24")))
    assert set(doors.hardware) == {DoorId(each) for each in "abcd"}
    for door in doors.hardware.values():
        door.lock()
    await doors.close()


async def test_a_door_that_is_wired_twice_is_refused(tmp_path):
    chosen = settings(tmp_path, 2 * '[[door]]\nid = "agora"\nhardware = "emulated"\n')
    with pytest.raises(SettingsError, match="door agora: named twice"):
        wired(chosen)
