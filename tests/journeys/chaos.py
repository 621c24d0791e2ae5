"""A mill whose programs are killed in random order while people tap: what is killed, who taps, and what they were told.

Controllers ask the authorizers for the room's front door; a door computer serves the hall and the room's side door,
with emulated readers and bolts, and asks the authorizers itself. Everything else is real, each in its own process.
"""

import asyncio
import json
import os
import random
import time
from pathlib import Path

import msgspec

from tests.mosquitto import Mosquitto
from tests.postgres import Cluster
from tests.programs import Program

DEADLINE_S = 0.05
EDGE = "edge-1"
TAPPERS = ("ada", "bob", "cyd", "dan", "eve")
"""Eve has a badge and no right; Dan's badge is revoked on the way."""

NUMBERS = {who: f"04a1b2c3d4e5{number:02x}" for number, who in enumerate(TAPPERS)}


class Told(msgspec.Struct):
    """One tap and what came of it; `status` is 0 where no answer came. Times are in seconds."""

    who: str
    reader: str
    sent: float
    took_s: float
    status: int
    answer: dict[str, object]


class Lag:
    """How late the timers of this process ring, at worst."""

    EVERY_S = 0.005

    def __init__(self) -> None:
        self.worst_s = 0.0

    async def watch(self) -> None:
        while True:
            due = time.monotonic() + self.EVERY_S
            await asyncio.sleep(self.EVERY_S)
            self.worst_s = max(self.worst_s, time.monotonic() - due)


class Controller:
    """A third party's controller: one kept line, to whichever authorizer answered last."""

    def __init__(self, ports: list[int], secret: str, told: list[Told]) -> None:
        self._ports, self._secret, self._told = ports, secret, told
        self._line: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def tap(self, who: str, reader: str) -> Told:
        """Ask once, and wait at most long enough to tell a late answer from none."""
        begun, wall = time.monotonic(), time.time()
        status = 0
        answer: dict[str, object] = {}
        try:
            async with asyncio.timeout(2.0):
                status, answer, sent = await self._ask(who, reader)
            begun = sent
        except (OSError, EOFError, TimeoutError, ValueError):
            pass
        told = Told(who, reader, wall, time.monotonic() - begun, status, answer)
        if status != 200:
            self._turn()
        self._told.append(told)
        return told

    async def _ask(self, who: str, reader: str) -> tuple[int, dict[str, object], float]:
        if self._line is None:
            self._line = await asyncio.open_connection("127.0.0.1", self._ports[0])
        lines, writer = self._line
        badge = {"kind": "desfire", "id": f"chip-{who}"}
        body = json.dumps({"reader": reader, "badge": badge, "assurance": "authenticated"}).encode()
        head = f"POST /v1/authorize HTTP/1.1\r\nHost: mill\r\nAuthorization: Bearer {self._secret}\r\n"
        sent = time.monotonic()
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        said = (await lines.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line[15:]) for line in said.split("\r\n") if line.lower().startswith("content-length:")
        )
        return int(said.split()[1]), json.loads(await lines.readexactly(length)), sent

    def _turn(self) -> None:
        """Let go of the line, and ask the other authorizer next."""
        self.close()
        self._ports.append(self._ports.pop(0))

    def close(self) -> None:
        if self._line is not None:
            self._line[1].close()
            self._line = None


class Faults:
    """Kills a program or the broker or the database, and starts it again a moment later; restarts what ended itself."""

    def __init__(
        self, programs: dict[str, Program], broker: Mosquitto, cluster: Cluster, draw: random.Random
    ) -> None:
        self._programs, self._broker, self._cluster, self._draw = programs, broker, cluster, draw
        self._dead: set[str] = set()
        self.done: list[str] = []

    async def rage(self, until: float, most_s: float) -> None:
        """Kill in random order, everything once before anything twice, until that moment; pause up to `most_s`."""
        names = [*self._programs, "broker", "database"]
        while time.monotonic() < until:
            self._draw.shuffle(names)
            for name in names:
                await self._kill(name)
                await asyncio.sleep(self._draw.uniform(0.1, most_s))
                await self._start(name)
                await asyncio.sleep(self._draw.uniform(0.1, most_s))

    async def keep(self) -> None:
        """Start again what ended by itself, as systemd does."""
        while True:
            for name, program in self._programs.items():
                if name not in self._dead and not program.lives:
                    program.start()
            await asyncio.sleep(0.5)

    async def _kill(self, name: str) -> None:
        self.done.append(name)
        if name == "broker":
            await self._broker.stop()
        elif name == "database":
            await asyncio.to_thread(self._cluster.kill)
        else:
            self._dead.add(name)
            await asyncio.to_thread(self._programs[name].kill)

    async def _start(self, name: str) -> None:
        if name == "broker":
            await self._broker.start()
        elif name == "database":
            await asyncio.to_thread(self._cluster.start)
        else:
            self._programs[name].start()
            self._dead.discard(name)


# ---- the door computer


def serve_edge(folder: str, broker_port: str, ports: str, seed: str) -> int:
    """Be the door computer: people tap at its readers; a line tells of every tap that it has come to the end of."""
    asyncio.run(_serve_edge(Path(folder), int(broker_port), [int(port) for port in ports.split(",")], seed))
    return 0


async def _serve_edge(folder: Path, broker_port: int, ports: list[int], seed: str) -> None:
    from access.services.signing import load_key
    from access.site.edge import Edge
    from emulators.building import EmulatedBuilding
    from emulators.cards.uid import UidCard
    from policies.ids import DoorId, ReaderId, SourceId
    from policies.loader import load
    from readers.authority import HttpAuthority
    from readers.clock import SystemClock
    from readers.ports import Feedback
    from readers.uplink.mqtt import MqttBus
    from readers.wire.bus import Broker
    from readers.wire.reservations import AuthorizerAddress

    clock, lag = SystemClock(), Lag()
    building, _ = load(folder / "mill")
    devices = EmulatedBuilding(building, clock)
    doors = (DoorId("front"), DoorId("side"))
    key = load_key(folder / "site.key").public_key()
    bus = MqttBus(Broker(port=broker_port))
    edge = Edge(SourceId(EDGE), doors, devices, bus, folder / EDGE, key, lambda: 0.0)
    address = AuthorizerAddress(
        "127.0.0.1",
        ports[0],
        str(folder / "secret"),
        standby=tuple(f"127.0.0.1:{port}" for port in ports[1:]),
    )
    authority = HttpAuthority(address, clock, kept=folder / EDGE / "epoch")
    edge.daemon.consult(authority)
    draw = random.Random(f"{seed} {os.getpid()}")
    shown: asyncio.Queue[Feedback] = asyncio.Queue()
    for door in doors:
        devices.doors[door].watch(shown.put_nowait)
    tasks = [asyncio.create_task(each) for each in (edge.run(), authority.run(), lag.watch())]
    with (folder / "edge-taps").open("ab", buffering=0) as taps:
        while not tasks[0].done():
            await asyncio.sleep(draw.uniform(0.05, 0.4))
            who, reader = draw.choice(TAPPERS), ReaderId(draw.choice(("front-in", "side-in", "side-out")))
            while not shown.empty():
                shown.get_nowait()
            begun = time.monotonic()
            devices.antennas[reader].present(UidCard(bytes.fromhex(NUMBERS[who])))
            lamp = await shown.get()
            took_s = time.monotonic() - begun
            devices.antennas[reader].remove()
            said = {"who": who, "lamp": lamp.name, "took_s": took_s, "lag_s": lag.worst_s, "at": time.time()}
            taps.write(json.dumps(said).encode() + b"\n")
