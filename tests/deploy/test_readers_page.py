"""docs/readers.md does what it says: settings are read, the key ceremony comes to what the computers need."""

import argparse
import itertools
import re
import shlex
import subprocess
import textwrap
import tomllib
from functools import reduce
from pathlib import Path

import msgspec
import pytest

from access.cli import main
from access.cli.components import check_value
from readers.badges import Badges, SealedHome
from readers.credentials.ciphers import xor
from readers.keystores.sealed import SealedKeys
from readers.osdp.panel import KEY_BYTES
from readers.settings import DeskSettings, OsdpLine, ReaderDevice, load_desk
from readers.transports.pn532 import serial_port

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "readers.md").read_text()
BLOCKS = [
    re.sub(r"^ {4,7}", "", block, flags=re.MULTILINE)
    for block in re.findall(r"(?:^ {4,}\S.*\n|^\n(?= {4,}\S))+", PAGE, re.MULTILINE)
]


def settings(first: str) -> str:
    [block] = [block.strip() for block in BLOCKS if block.strip().startswith("[keys]") and first in block]
    return block


def test_the_door_computers_settings_are_read():
    parsed = tomllib.loads(settings("keys-unlock"))
    assert msgspec.convert(parsed["keys"], SealedHome).unlock.endswith("keys-unlock")
    badges = msgspec.convert(parsed["badges"], Badges)
    assert badges.desfire is not None
    assert not badges.uid


def test_the_desks_settings_are_read():
    desk = msgspec.convert(tomllib.loads(settings("desk.unlock")), DeskSettings)
    assert desk.badges.desfire is not None
    assert [reader.id for reader in desk.reader] == ["desk"]
    shipped = load_desk(ROOT / "deploy" / "km0" / "desk.toml")
    assert shipped.badges.desfire == desk.badges.desfire
    [wired] = [sample for sample in samples("[[reader]]") if sample["reader"][0]["id"] == "desk"]
    devices = {reader.device for reader in (*desk.reader, *shipped.reader)}
    assert devices == {wired["reader"][0]["device"]}
    assert re.search(r"\(\w+\)", devices.pop()), "no serial number: swapping two plugs would swap doors"


def samples(table: str) -> list[dict[str, list[dict[str, object]]]]:
    """Return the samples of wiring that begin with a table."""
    wiring = PAGE[PAGE.index("## Wiring a reader") :]
    blocks = re.findall(r"^ {7}\[\[.*\n(?: {7}.*\n|\n(?= {7}\[))+", wiring, re.MULTILINE)
    return [tomllib.loads(textwrap.dedent(block)) for block in blocks if block.strip().startswith(table)]


def test_the_readers_of_every_kind_are_wired_as_the_page_says():
    devices = [
        msgspec.convert(reader, ReaderDevice)
        for sample in (*samples("[[reader]]"), *samples("[[osdp]]"))
        for reader in sample["reader"]
    ]
    assert [device.transport for device in devices] == ["pcsc", "nfcpy", "nfcpy", "osdp"]
    assert all(serial_port(device.device) for device in devices if device.transport == "nfcpy")
    [sample] = samples("[[osdp]]")
    [line] = msgspec.convert(sample["osdp"], tuple[OsdpLine, ...])
    assert [peripheral.id for peripheral in line.peripheral] == [devices[-1].device]
    secret = Path(line.peripheral[0].key_file).name
    assert f"LoadCredential={secret}:" in PAGE


def test_the_unit_lets_the_daemon_at_the_serial_ports_of_the_page():
    unit = (ROOT / "deploy" / "systemd" / "totem-reader@.service").read_text()
    assert "SupplementaryGroups=dialout" in unit
    for device in re.findall(r"/dev/(tty[A-Z]+)", PAGE):
        assert f"DeviceAllow=char-{device} rw" in unit


def test_a_key_for_an_osdp_head_is_made_as_the_page_says(tmp_path):
    [command] = re.findall(r"^ +(openssl rand -hex 16 \| install.*)$", PAGE, re.MULTILINE)
    made = tmp_path / "osdp-lab-in"
    subprocess.run(
        ["/bin/sh", "-c", command.replace("/etc/totem/secrets/osdp-lab-in", str(made))], check=True
    )
    assert len(bytes.fromhex(made.read_text().strip())) == KEY_BYTES
    assert made.stat().st_mode & 0o777 == 0o600


def test_the_key_ceremony_gives_each_computer_what_it_needs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = ("desfire-read", "desfire-seal", "desfire-master", "desfire-picc")
    text = PAGE[PAGE.index("## Key ceremony") : PAGE.index("Into a secure element")]
    commands = re.findall(r"^ {7}(totem keys (?:[^\\\n]|\\\n)*)", text, re.MULTILINE)
    assert len(commands) == 6
    [draw] = re.findall(r"^ {7}(umask .*\n +openssl rand .*)$", text, re.MULTILINE)
    for person, name in itertools.product(("ada", "eve"), names):
        one = draw.replace("ada-desfire-read", f"{person}-{name}")
        subprocess.run(["/bin/sh", "-c", one], check=True)
        assert (tmp_path / f"{person}-{name}").stat().st_mode & 0o777 == 0o600
    for command in commands:
        words = shlex.split(command.replace("\\\n", " "))[1:]
        each = names if words[1] == "add" else ("desfire-read",)
        for name in each:
            drawn = [(tmp_path / f"{person}-{name}").read_text() for person in ("ada", "eve")]
            paper = check_value(reduce(xor, map(bytes.fromhex, drawn)))
            said = [paper if word == "2ae161" else word.replace("desfire-read", name) for word in words]
            assert main(said) == 0, said
    capsys.readouterr()
    desk = SealedKeys.open(tmp_path / "desk.keys", tmp_path / "desk.unlock")
    door = SealedKeys.open(tmp_path / "edge-2.keys", tmp_path / "edge-2.unlock")
    assert all(desk.versions(name) == (1,) for name in names)
    assert [name for name in names if door.versions(name)] == ["desfire-read", "desfire-seal"]


@pytest.mark.parametrize("command", re.findall(r"^ {4}(totem badge [^#\n]*)", PAGE, re.MULTILINE))
def test_the_desks_commands_are_understood(command, monkeypatch):
    from access.cli import badge

    heard: list[str] = []

    def run(arguments: argparse.Namespace) -> int:
        heard.append(arguments.action)
        return 0

    monkeypatch.setattr(badge, "run", run)
    words = shlex.split(command)[1:]
    assert main(words) == 0
    assert heard == [words[1]]
