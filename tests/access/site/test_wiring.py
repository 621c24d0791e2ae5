"""A door computer's devices from its settings: what fits is opened, what does not is told by its place."""

import asyncio
import secrets
from pathlib import Path

import msgspec
import pytest

from access.site.wiring import Wiring
from emulators.osdp import BARE_READER, EmulatedLine, EmulatedPeripheral
from policies.ids import ReaderId
from readers.credentials.uid import GET_UID
from readers.errors import SettingsError
from readers.settings import Settings
from tests.readers.credentials.driving import transmit

UID = bytes.fromhex("04a1b2c3d4e5f6")
DEADLINE_S = 10


def settings(osdp: list[dict[str, object]], *readers: dict[str, str]) -> Settings:
    common = {"site": "km0", "source": "desk", "state": "", "site_key": ""}
    return msgspec.convert(common | {"osdp": osdp, "reader": list(readers)}, Settings)


def line(path: str, *peripherals: tuple[str, int, Path]) -> dict[str, object]:
    named = [{"id": name, "address": address, "key_file": str(key)} for name, address, key in peripherals]
    return {"path": path, "baud": 9600, "peripheral": named}


def osdp_reader(name: str, device: str) -> dict[str, str]:
    return {"id": name, "transport": "osdp", "device": device}


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(secrets.token_hex(16) + "\n")
    return path


async def test_an_osdp_reader_of_the_settings_reads_cards(key):
    head = EmulatedPeripheral(3, bytes.fromhex(key.read_text()), BARE_READER)
    with EmulatedLine(head) as wires:
        chosen = settings([line(wires.path, ("head", 3, key))], osdp_reader("lab-in", "head"))
        wiring = Wiring(chosen, asyncio.get_running_loop())
        async with asyncio.timeout(DEADLINE_S):
            head.read_card(UID)
            card = await wiring.transports[ReaderId("lab-in")].next_card()
            assert await transmit(card, GET_UID) == UID + b"\x90\x00"
        await wiring.close()


@pytest.mark.parametrize(
    ("osdp", "readers", "complaint"),
    [
        ([], [("lab-in", "head")], "reader lab-in: there is no osdp peripheral 'head'"),
        ([("head", 1), ("other", 1)], [], "two peripherals have the address 1"),
        ([("head", 1), ("head", 2)], [], "peripheral head: named twice"),
        ([("head", 1)], [("lab-in", "head"), ("lab-in", "head")], "reader lab-in: named twice"),
    ],
)
async def test_settings_that_do_not_fit_are_told_by_their_place(key, osdp, readers, complaint):
    lines = [line("/dev/no-such-line", *((name, address, key) for name, address in osdp))] if osdp else []
    with pytest.raises(SettingsError, match=complaint):
        Wiring(settings(lines, *(osdp_reader(*reader) for reader in readers)), asyncio.get_running_loop())


@pytest.mark.parametrize("wrong", ["", "303132", "not hexadecimal", "30" * 16])
async def test_a_key_that_is_none_is_told_without_a_word_of_it(tmp_path, wrong):
    path = tmp_path / "key"
    path.write_text(wrong)
    with pytest.raises(SettingsError, match="expected") as told:
        Wiring(settings([line("/dev/null", ("head", 1, path))]), asyncio.get_running_loop())
    assert not wrong or wrong not in str(told.value)


async def test_a_key_that_is_not_there_is_told_with_its_path(tmp_path):
    with pytest.raises(SettingsError, match="absent: cannot be read"):
        Wiring(settings([line("/dev/null", ("head", 1, tmp_path / "absent"))]), asyncio.get_running_loop())
