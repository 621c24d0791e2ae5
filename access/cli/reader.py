"""`totem reader`: one door computer, as its settings file says. The base installation and its hardware are enough."""

import argparse
import asyncio
import random
import signal
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from access.cli.credentials import open_credentials
from access.errors import SettingsError
from access.log import configure
from access.site.door_wiring import DoorWiring
from access.site.wiring import Wiring
from readers import errors, settings
from readers.authority import HttpAuthority
from readers.clock import SystemClock
from readers.daemon import Daemon, Garbage, Rights
from readers.journal import Durability, FileJournal, forget
from readers.settings import Settings
from readers.uplink import Uplink
from readers.uplink.mqtt import MqttBus
from readers.wire.topics import Topics

SUMMARY = "Run a door computer: its readers, its doors, and its line to the server."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument("--config", type=Path, required=True, help="the settings file of this door computer")


def run(arguments: argparse.Namespace) -> int:
    """Serve until told to stop."""
    configure()
    try:
        chosen = settings.load(arguments.config)
        state = Path(chosen.state)
        state.mkdir(parents=True, exist_ok=True)
        asyncio.run(_serve(chosen, state, _public_key(Path(chosen.site_key))))
    except (errors.SettingsError, errors.JournalError, errors.KeyStoreFault, errors.CounterFault) as error:
        raise SettingsError(str(error)) from error
    return 0


async def _serve(chosen: Settings, state: Path, key: Ed25519PublicKey) -> None:
    loop, clock = asyncio.get_running_loop(), SystemClock()
    journal = FileJournal(state / "journal", chosen.source, clock.now, Durability(chosen.durability))
    uplink = Uplink(
        chosen.source,
        Topics(chosen.site),
        MqttBus(chosen.bus),
        journal,
        clock,
        random.Random(),  # noqa: S311  (spreads out who connects again when; no secret)
        lambda: daemon.status(),  # noqa: PLW0108  (the daemon is made after its uplink)
    )
    wiring = Wiring(chosen, loop)
    transports = wiring.transports
    doors = DoorWiring(chosen, wiring.peripherals, loop, clock)
    for door in doors.emulated:
        print(f"door {door}: emulated, no bolt moves", file=sys.stderr)
    rights, credentials = Rights(chosen.source, key, state / "snapshot"), open_credentials(chosen, state)
    daemon = Daemon(rights, transports, doors.hardware, journal, uplink, clock, credentials)
    uplink.obey(doors.hardware, daemon.take_command)
    authority = _authority(chosen, clock, state)
    if authority is not None:
        daemon.consult(authority)
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(daemon.run(), name="daemon"),
                group.create_task(uplink.run(daemon.take_snapshot), name="uplink"),
                group.create_task(forget(journal, clock), name="forget"),
                group.create_task(Garbage(daemon, rights, clock).run(), name="garbage"),
            ]
            if authority is not None:
                tasks.append(group.create_task(authority.run(), name="authority"))
            for name in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(name, _cancel, tasks)
    finally:
        await doors.close()
        await wiring.close()
        journal.close()


def _authority(chosen: Settings, clock: SystemClock, state: Path) -> HttpAuthority | None:
    if chosen.authorizer is None:
        return None
    try:
        return HttpAuthority(chosen.authorizer, clock, kept=state / "epoch")
    except OSError as error:
        raise errors.SettingsError(f"authorizer: key_file: {error.filename}: {error.strerror}") from error


def _cancel(tasks: "list[asyncio.Task[None]]") -> None:
    for task in tasks:
        task.cancel()


def _public_key(path: Path) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise SettingsError(f"site key {path}: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise SettingsError(f"site key {path}: expected an Ed25519 public key")
    return key
