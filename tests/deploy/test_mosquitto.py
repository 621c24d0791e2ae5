"""The shipped broker configuration and access list, on a real Mosquitto: who may say what, and who may listen."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.parts import require
from tests.programs import free_port

SHIPPED = Path(__file__).parent.parent.parent / "deploy" / "mosquitto"
SITE = "totem/v1/km0"
EVERYTHING = f"{SITE}/#"
PASSWORDS = {"server": "one", "edge-1": "two", "edge-2": "three", "authorizer": "four"}
END = f"{SITE}/end"

pytestmark = pytest.mark.xdist_group("mosquitto")


class Broker(NamedTuple):
    port: int

    def _client(self, program: str, user: str, *words: str) -> str:
        command = [
            require(program),
            "-p",
            str(self.port),
            "-u",
            user,
            "-P",
            PASSWORDS[user],
            "-q",
            "1",
            *words,
        ]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=20).stdout

    def publish(self, user: str, topic: str) -> None:
        self._client("mosquitto_pub", user, "-t", topic, "-m", "said")

    def watch(self, user: str, *topics: str) -> None:
        """Open a session that keeps what comes for `user`, and leave it."""
        filters = [word for topic in topics for word in ("-t", topic)]
        self._client("mosquitto_sub", user, "-i", f"watch-{user}", "-c", "-E", *filters)

    def heard(self, user: str, count: int) -> list[str]:
        """Return the topics of the first `count` messages that the session of `user` kept."""
        words = ["-i", f"watch-{user}", "-c", "-C", str(count), "-W", "10", "-F", "%t", "-t", "nothing/else"]
        return self._client("mosquitto_sub", user, *words).split()


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    folder = tmp_path_factory.mktemp("mosquitto")
    port = free_port()
    for user, password in PASSWORDS.items():
        new = [] if (folder / "totem.passwd").exists() else ["-c"]
        subprocess.run(
            [require("mosquitto_passwd"), *new, "-b", str(folder / "totem.passwd"), user, password],
            check=True,
        )
    (folder / "totem.acl").write_text((SHIPPED / "totem.acl").read_text())
    shipped = (SHIPPED / "totem.conf").read_text()
    assert "listener 1883 127.0.0.1" in shipped
    # Other paths and another port; `running` is told at level information; root may stay root to read its files.
    changed = (
        shipped.replace("listener 1883 ", f"listener {port} ")
        .replace("/etc/mosquitto", str(folder))
        .replace("/var/lib/mosquitto", str(folder))
    )
    (folder / "mosquitto.conf").write_text(changed + "log_type information\nuser root\n")
    command = [require("mosquitto"), "-c", str(folder / "mosquitto.conf")]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            complaints = _complaints_until_running(process)
            assert complaints == []
            yield Broker(port)
        finally:
            process.kill()  # it loses a SIGTERM that comes in the moment after it said `running`
            process.communicate(timeout=10)


def _complaints_until_running(process: subprocess.Popen[str]) -> list[str]:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if line.rstrip().endswith("running"):
            break
    else:
        pytest.fail("the shipped configuration does not start: " + "".join(said))
    return [line for line in said if ("Warning" in line or "Error" in line) and "run as root" not in line]


def test_a_source_writes_its_own_events_and_status_and_those_of_no_other(broker: Broker) -> None:
    broker.watch("server", EVERYTHING)
    for topic in (
        "sources/edge-1/events",
        "sources/edge-2/events",
        "sources/edge-1/status",
        "sources/edge-2/status",
    ):
        broker.publish("edge-2", f"{SITE}/{topic}")
    broker.publish("server", END)
    assert broker.heard("server", 3) == [
        f"{SITE}/sources/edge-2/events",
        f"{SITE}/sources/edge-2/status",
        END,
    ]


@pytest.mark.parametrize(
    "topic",
    [
        "snapshot/edge-2",
        "changes",
        "changes/edge-2",
        "sources/edge-2/ack",
        "sources/authorizer/seats",
        "doors/agora/command",
        "spaces/agora/occupancy",
    ],
)
def test_a_door_computer_cannot_speak_for_the_server(broker: Broker, topic: str) -> None:
    broker.watch("server", EVERYTHING)
    broker.publish("edge-2", f"{SITE}/{topic}")
    broker.publish("server", END)
    assert broker.heard("server", 1) == [END]


def test_an_authorizer_reports_as_itself_and_cannot_speak_for_server_or_doors(broker: Broker) -> None:
    broker.watch("server", EVERYTHING)
    for topic in (
        "doors/agora/command",
        "doors/agora/state",
        "changes",
        "snapshot/edge-2",
        "sources/edge-2/events",
        "sources/edge-2/ack",
        "sources/edge-2/status",
        "sources/authorizer-2/seats",
        "spaces/agora/occupancy",
    ):
        broker.publish("authorizer", f"{SITE}/{topic}")
    own = [f"{SITE}/sources/authorizer/{what}" for what in ("events", "status", "seats")]
    for topic in own:
        broker.publish("authorizer", topic)
    broker.publish("server", END)
    assert broker.heard("server", 4) == [*own, END]


def test_an_authorizer_hears_what_it_decides_by_and_nothing_else(broker: Broker) -> None:
    broker.watch("authorizer", EVERYTHING)
    told = ("sources/edge-1/events", "changes", "doors/agora/command", "sources/authorizer/ack")
    for topic in (
        "snapshot/edge-1",
        "sources/edge-1/status",
        "sources/edge-1/ack",
        "doors/agora/state",
        *told,
    ):
        broker.publish("server", f"{SITE}/{topic}")
    broker.publish("authorizer", f"{SITE}/sources/authorizer/seats")
    assert broker.heard("authorizer", 5) == [
        f"{SITE}/{topic}" for topic in (*told, "sources/authorizer/seats")
    ]


def test_a_door_computer_hears_its_own_acknowledgements_and_snapshot_and_those_of_no_other(
    broker: Broker,
) -> None:
    broker.watch("edge-2", EVERYTHING)
    for topic in (
        "sources/edge-1/ack",
        "snapshot/edge-1",
        "sources/edge-1/events",
        "changes",
        "changes/edge-1",
        "changes/edge-2",
        "snapshot/edge-2",
    ):
        broker.publish("server", f"{SITE}/{topic}")
    broker.publish("server", f"{SITE}/sources/edge-2/ack")
    assert broker.heard("edge-2", 4) == [
        f"{SITE}/changes",
        f"{SITE}/changes/edge-2",
        f"{SITE}/snapshot/edge-2",
        f"{SITE}/sources/edge-2/ack",
    ]


def test_nobody_comes_in_without_a_password(broker: Broker) -> None:
    command = [require("mosquitto_pub"), "-p", str(broker.port), "-t", END, "-m", "said"]
    assert subprocess.run(command, check=False, capture_output=True, timeout=20).returncode != 0
