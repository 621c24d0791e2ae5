"""Two taps for the last seat, at two doors, from two processes at the same moment: exactly one enters, every time."""

import asyncio
import socket
from collections import Counter
from pathlib import Path

import pytest

from access.bench.authorize.controllers import request
from policies.ids import DoorId, PersonId, SpaceId
from readers.wire.events import GENESIS, Draft, EventType, parse, seal
from tests.access.authorize.two_doors import BY_ROOM, BY_SIDE, ROOM, SIDE, SOURCE, site
from tests.programs import CONTEXT
from tests.small_site import EDGE, NOON
from tests.soak import soaked

TRIALS = soaked(200, 10_000)
TURNED_AWAY = (("ada", DoorId("room")), ("bob", SIDE.id))


def serve(told, folder):
    """Serve taps; `POST /next` lets both doors report that nobody entered."""
    import uvicorn

    from access.api.taps import Taps
    from access.authorize.authorizer import Authorizer
    from access.services.keyring import KeyRing
    from access.site.http import listen
    from readers.journal import Durability, FileJournal

    services = site(folder)
    secret = services.keys.create("controllers", ("reader:room", "reader:side"), "test", NOON)
    journal = FileJournal(folder / "journal", SOURCE, lambda: NOON, Durability.BUFFERED)
    authorizer = Authorizer(services, journal)
    reports = []
    for seq, (who, door) in enumerate(TURNED_AWAY, start=1):
        draft = Draft(NOON, EventType.NO_ENTRY, door, None, ROOM.id, SpaceId("hall"), person=PersonId(who))
        reports.append(parse(seal(draft, EDGE, 1, seq, GENESIS, "salt").line))

    async def go_on(_scope, _receive, send):
        authorizer.hear(reports)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})

    front = Taps(go_on, services.building, authorizer, KeyRing(services.database), lambda: NOON)
    with listen("127.0.0.1", 0) as listener:
        listener.listen()  # whoever is told the port may come before the server has begun
        told.send((listener.getsockname()[1], secret))
        config = uvicorn.Config(front, log_config=None, lifespan="off", ws="none")
        asyncio.run(uvicorn.Server(config).serve(sockets=[listener]))


def controller(told, start, port, tap, *, goes_on):
    """Tap at each start, and tell what became of every tap."""
    answers = []
    with socket.create_connection(("127.0.0.1", port)) as line:
        for _ in range(TRIALS):
            start.wait()
            answers.append(exchange(line, tap))
            start.wait()
            if goes_on:
                exchange(line, b"POST /next HTTP/1.1\r\nHost: totem\r\nContent-Length: 0\r\n\r\n")
    told.send(answers)


def exchange(line, asked):
    line.sendall(asked)
    answer = b""
    while not answer.endswith(b"}"):
        answer += line.recv(65536)
    return b'"effect":"grant"' in answer


def tap_of(who, reader, secret):
    badge = f'{{"kind":"desfire","id":"chip-{who}"}}'
    deadline = '"deadline_ms":10000'
    body = f'{{"reader":"{reader}","badge":{badge},"assurance":"authenticated",{deadline}}}'
    return request(body.encode(), secret)


@pytest.mark.soak
def test_exactly_one_of_two_gets_the_last_seat(tmp_path: Path) -> None:
    ours, theirs = CONTEXT.Pipe()
    server = CONTEXT.Process(target=serve, args=(theirs, tmp_path), daemon=True)
    server.start()
    port, secret = ours.recv()
    start, lines, controllers = CONTEXT.Barrier(2), [], []
    for number, (who, reader) in enumerate((("ada", BY_ROOM), ("bob", BY_SIDE))):
        line, end = CONTEXT.Pipe()
        arguments = (end, start, port, tap_of(who, reader, secret))
        controllers.append(
            CONTEXT.Process(target=controller, args=arguments, kwargs={"goes_on": number == 0}, daemon=True)
        )
        controllers[-1].start()
        lines.append(line)
    entered = list(zip(*(line.recv() for line in lines), strict=True))
    for process in (*controllers, server):
        process.terminate()
        process.join()
    print(Counter(entered))
    assert Counter(map(sum, entered)) == {1: TRIALS}
