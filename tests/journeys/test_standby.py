"""Two authorizers over a real PostgreSQL and a real broker: one answers; when it dies or is stopped, the other does."""

import asyncio
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from access.services import open_services
from policies.ids import SourceId
from policies.loader import load
from tests import mill
from tests.mosquitto import Mosquitto
from tests.parts import require
from tests.postgres import Cluster
from tests.programs import Line, Program, free_port, totem, until

NAMES = ("authorizer", "authorizer-2")
TAKES_OVER_WITHIN_S = 5.0
SETTINGS = """\
policy = "{policy}"
data = "{folder}/{name}"
signing_key = "{folder}/site.key"
database = "{database}"
port = {port}
durability = "buffered"
authorizers = ["authorizer", "authorizer-2"]
[bus]
port = {broker}
"""


class Pair:
    """Two authorizers of the mill, each a process, and a kept line to each."""

    def __init__(self, folder, broker, cluster):
        self.cluster = cluster
        policy, database = mill.write(folder / "mill"), cluster.address.format(name="postgres")
        building, rules = load(policy)
        sources = {SourceId(name): () for name in NAMES}
        services = open_services(database, building, rules, sources, folder / "site.key")
        self._secret = mill.enrol(services)
        services.close()
        self.ports = {name: free_port() for name in NAMES}
        self.programs = {}
        for name, port in self.ports.items():
            (folder / f"{name}.toml").write_text(
                SETTINGS.format(
                    policy=policy, folder=folder, name=name, database=database, port=port, broker=broker.port
                )
            )
            words = ("authorizer", "--config", str(folder / f"{name}.toml"), "--name", name)
            self.programs[name] = Program(folder, name, totem, *words)
        self.lines = {name: Line(port, self._secret) for name, port in self.ports.items()}

    def tap(self, name, who, reader):
        badge = {"kind": "desfire", "id": f"chip-{who}"}
        body = {"reader": reader, "badge": badge, "assurance": "authenticated", "deadline_ms": 5000}
        return self.lines[name].post("/v1/authorize", body)

    def grants(self, name, who="ada", reader="front-in"):
        """Return the answer of an authorizer that grants a tap; None where it does not answer."""
        status, answer = self.tap(name, who, reader)
        return answer if status == 200 and answer["effect"] == "grant" else None

    def answers(self, name, who, reader):
        status, answer = self.tap(name, who, reader)
        return answer if status == 200 else None


@pytest.fixture
def pair(tmp_path):
    require("mosquitto")
    cluster, broker, loop = Cluster(), Mosquitto(tmp_path), asyncio.new_event_loop()
    cluster.make()
    cluster.start()
    loop.run_until_complete(broker.start())
    made = Pair(tmp_path, broker, cluster)
    yield made
    for line in made.lines.values():
        line.close()
    for program in made.programs.values():
        program.kill()
        print(f"--- {program.name}\n{program.log}")
    loop.run_until_complete(broker.stop())
    loop.close()
    cluster.stop()


@pytest.mark.long
def test_a_standby_follows_the_one_that_is_killed_or_stopped_and_no_two_answer(pair):
    first, second = NAMES
    pair.programs[first].start()
    until(lambda: pair.grants(first, "cyd", "room-out"), "the first answering")
    pair.programs[second].start()
    status, problem = until(
        lambda: found if (found := pair.tap(second, "ada", "front-in"))[0] else None, "the second standing by"
    )
    assert (status, problem["type"]) == (503, "urn:totem:problem:standing-by")

    # The first gives the last seat away, and is killed before its door reports.
    seat = until(lambda: pair.grants(first, "ada", "room-in"), "the first giving the seat")
    pair.programs[first].kill()
    died = time.monotonic()
    after = until(lambda: pair.grants(second, "bob"), "the second answering")
    took_s = time.monotonic() - died
    assert after["epoch"] > seat["epoch"]
    assert took_s < TAKES_OVER_WITHIN_S

    # It heard of the seat, and gives it to nobody else, whether it answers about it or not.
    status, refused = pair.tap(second, "bob", "side-in")
    assert (status, refused.get("reason")) in {(200, "denied-upper-occupancy-limit"), (503, None)}

    # The one that comes back stands by. The other is stopped past its term, and refuses as soon as it goes on.
    pair.programs[first].start()
    until(lambda: pair.tap(first, "ada", "front-in")[0] == 503, "the first standing by")
    pair.programs[second].signal(signal.SIGSTOP)
    stopped = time.monotonic()
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(pair.tap, second, "ada", "front-in")
        again = until(lambda: pair.grants(first), "the first answering again")
        back_s = time.monotonic() - stopped
        pair.programs[second].signal(signal.SIGCONT)
        assert waiting.result()[0] == 503
    assert again["epoch"] > after["epoch"]
    assert back_s < TAKES_OVER_WITHIN_S
    print(f"answered {took_s:.2f} s after a death, {back_s:.2f} s after a stop")

    # Whoever is told to end leaves its term.
    pair.programs[first].stop()
    last = until(lambda: pair.grants(second), "the second answering again")
    assert last["epoch"] > again["epoch"]

    # Cut off from the database it stops, and answers again once that is back: nobody has followed it.
    pair.cluster.kill()
    until(lambda: pair.tap(second, "ada", "front-in")[0] == 503, "the second falling silent")
    pair.cluster.start()
    assert until(lambda: pair.grants(second), "the second answering again")["epoch"] > last["epoch"]
