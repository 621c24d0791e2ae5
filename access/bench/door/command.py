"""From an operator's request to the strike's acknowledgement: HTTP, audit, signature, broker, door, journal and back.

All speak over real sockets of the loopback; server and door share one process and its loop, which is worse than two.
Yardstick: a bare message to a client and back through the same broker, QoS 1 both ways.
"""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter, perf_counter_ns

import httpx

from access.bench.door.broker import mosquitto
from access.bench.report import Result, result
from access.bench.rounds import ROUNDS, median_of
from access.services import Services, open_services
from access.services.intake import Intake
from access.services.offload import WorkThread
from access.services.rights import Scope
from access.site.http import listen
from access.site.web import Web
from emulators.building import EmulatedBuilding, hosts
from policies.ids import DoorId
from policies.loader import load
from readers.clock import SystemClock
from readers.daemon import Daemon, Rights
from readers.journal import Durability, FileJournal
from readers.uplink import Uplink
from readers.uplink.mqtt import MqttBus
from readers.wire.bus import Broker, Bus, Message
from readers.wire.topics import Topics

_DOOR = DoorId("agora")
_WHY = {"reason": "bench"}
_OK = 200
_READY_WITHIN_S, _LOOK_S = 20.0, 0.05
_KM0 = Path(__file__).parents[3] / "policies" / "km0"


async def measure(directory: Path, seconds: float) -> dict[str, Result]:
    """Time both, rounds interleaved; return the medians of the rounds."""
    share_s = seconds / ROUNDS / 2
    rounds: dict[str, list[Result]] = {"command": [], "roundtrip": []}
    async with mosquitto(directory) as broker, _site(directory, broker) as client, _echo(broker) as echo:
        await _commands(client, 0.1)
        for _ in range(ROUNDS):
            rounds["command"].append(result(await _commands(client, share_s)))
            rounds["roundtrip"].append(result(await _round_trips(echo, share_s)))
    return {name: median_of(each) for name, each in rounds.items()}


@asynccontextmanager
async def _site(directory: Path, broker: Broker) -> AsyncIterator[httpx.AsyncClient]:
    """Run a server and the door computer of the bench's door; yield a client with the right to command it."""
    building, policy = load(_KM0)
    clock, writer = SystemClock(), WorkThread("writes")
    store, key = f"sqlite:///{directory}/totem.db", directory / "site.key"
    services = open_services(store, building, policy, hosts(building), key)
    intake = Intake(MqttBus(broker), services, clock, writer)
    web = Web(services, clock.now, None, lambda: intake.is_connected)
    daemon, uplink, journal = _edge(directory / "edge", services, MqttBus(broker), clock)
    secret = services.keys.create("bench", (Scope.DOORS_WRITE.value,), "bench", clock.now())
    with listen("127.0.0.1", 0) as listener:
        listener.listen()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        headers = {"Authorization": f"Bearer {secret}"}
        async with (
            asyncio.TaskGroup() as group,
            httpx.AsyncClient(base_url=address, headers=headers) as client,
        ):
            tasks = [
                group.create_task(intake.run()),
                group.create_task(daemon.run()),
                group.create_task(uplink.run(daemon.take_snapshot)),
                group.create_task(web.serve(listener)),
            ]
            await _is_ready(services, daemon)
            yield client
            for task in tasks:
                task.cancel()
    journal.close()
    writer.close()
    services.close()


def _edge(
    directory: Path, services: Services, bus: Bus, clock: SystemClock
) -> tuple[Daemon, Uplink, FileJournal]:
    building = services.building
    source = next(source for source, doors in hosts(building).items() if _DOOR in doors)
    directory.mkdir()
    journal = FileJournal(directory / "journal", source, clock.now, Durability.SYNCED)
    spread = random.Random(0)  # noqa: S311  (when to connect again; no secret)
    uplink = Uplink(
        source,
        Topics(building.site),
        bus,
        journal,
        clock,
        spread,
        lambda: daemon.status(),  # noqa: PLW0108  (the daemon is made after its uplink)
    )
    rights = Rights(source, services.publisher.public_key, directory / "snapshot")
    devices = EmulatedBuilding(building, clock)
    daemon = Daemon(rights, {}, {_DOOR: devices.doors[_DOOR]}, journal, uplink, clock)
    uplink.obey((_DOOR,), daemon.take_command)
    return daemon, uplink, journal


async def _is_ready(services: Services, daemon: Daemon) -> None:
    """Return once the door computer has its rights and the server has heard of the door."""
    async with asyncio.timeout(_READY_WITHIN_S):
        while daemon.status().snapshot is None or services.live.doors()[_DOOR].told is None:  # noqa: ASYNC110 (once)
            await asyncio.sleep(_LOOK_S)


async def _commands(client: httpx.AsyncClient, seconds: float) -> list[int]:
    times: list[int] = []
    end = perf_counter() + seconds
    while perf_counter() < end or not times:
        begin = perf_counter_ns()
        answer = await client.post(f"/v1/doors/{_DOOR}/unlock", json=_WHY)
        times.append(perf_counter_ns() - begin)
        if answer.status_code != _OK:
            raise RuntimeError(f"unlock answered {answer.status_code}: {answer.text}")
    return times


class _Echo:
    """Two clients of the broker, one of which sends back what it gets."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.asked: asyncio.Queue[int] = asyncio.Queue()
        self.answered: asyncio.Queue[int] = asyncio.Queue()

    async def answer(self) -> None:
        async with self._bus.connect("bench-echo", ("bench/there",)) as line:
            while True:
                message = await line.receive()
                await line.publish(Message("bench/back", message.payload))

    async def ask(self) -> None:
        async with self._bus.connect("bench-ask", ("bench/back",)) as line:
            while True:
                await self.asked.get()
                await line.publish(Message("bench/there", b"x" * 600))
                await line.receive()
                self.answered.put_nowait(perf_counter_ns())


@asynccontextmanager
async def _echo(broker: Broker) -> AsyncIterator[_Echo]:
    echo = _Echo(MqttBus(broker))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(echo.answer()), group.create_task(echo.ask())]
        await asyncio.sleep(0.5)
        yield echo
        for task in tasks:
            task.cancel()


async def _round_trips(echo: _Echo, seconds: float) -> list[int]:
    times: list[int] = []
    end = perf_counter() + seconds
    while perf_counter() < end or not times:
        begin = perf_counter_ns()
        echo.asked.put_nowait(begin)
        times.append(await echo.answered.get() - begin)
    return times
