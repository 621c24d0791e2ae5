"""kill -9 at any moment: whatever door was opened is in the journal, once, and the journal is whole."""

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from access.services import open_services
from access.services.events import Filter
from access.services.ingest import Batch
from readers.journal import Durability, Fault, FileJournal, walk
from readers.wire.events import Event, EventType
from tests.readers.daemon.desk import SCOPE, START, snapshot

KILLS = 50
SEED = 7
MOST_TAPS = 30

Place = tuple[int, int]


def test_fifty_kills_at_random_moments_lose_and_double_nothing_that_a_bolt_was_moved_for(
    tmp_path: Path,
) -> None:
    print(f"seed {SEED}")
    released = kill_again_and_again(tmp_path, random.Random(SEED))
    stored = send_all(tmp_path)
    events = journaled(tmp_path / "journal")
    decided = {
        (event.epoch, event.seq)
        for event in events
        if event.type is EventType.DECISION and event.effect is not None and event.effect.value == "grant"
    }
    assert len(released) >= KILLS
    assert [place for place in released if place not in decided] == []
    assert len(set(released)) == len(released)
    assert set(Counter(event.id for event in events).values()) == {1}
    assert len({event.epoch for event in events}) == KILLS
    assert stored == sorted(event.id for event in events)
    passages = Counter(event.decision for event in events if event.type is EventType.PASSAGE)
    assert set(passages.values()) == {1}


def kill_again_and_again(directory: Path, draw: random.Random) -> list[Place]:
    """Kill door computers over one journal; return the place of each decision that a bolt was moved for."""
    released: list[Place] = []
    command = [sys.executable, "-m", "tests.readers.daemon.victims", str(directory)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as victims:
        assert victims.stdin
        assert victims.stdout
        for _ in range(KILLS):
            victims.stdin.write("go\n")
            victims.stdin.flush()
            pid, taps = 0, draw.randint(1, MOST_TAPS)
            for word, value in (line.split() if " " in line else (line, "") for line in victims.stdout):
                if word == "pid":
                    pid = int(value)
                elif word == "released":
                    epoch, seq = value.split(":")
                    released.append((int(epoch), int(seq)))
                    taps -= 1
                else:
                    break
                if taps == 0 and pid:
                    os.kill(pid, signal.SIGKILL)
        victims.stdin.close()
    return released


def send_all(directory: Path) -> list[str]:
    """Send everything to a server, every batch twice as after a lost acknowledgement; return the ids it stored."""
    # Opening it cuts torn ends.
    journal = FileJournal(directory / "journal", SCOPE, lambda: START, Durability.BUFFERED)
    made = snapshot()
    services = open_services("sqlite://", made.building, made.policy, {SCOPE: ()}, directory / "site.key")
    while lines := journal.pending(100):
        batch = Batch(SCOPE, b"\n".join(lines))
        taken = services.ingest.take([batch], START)
        assert services.ingest.take([batch], START).events == ()
        assert taken.findings == ()
        for (_, epoch), seq in taken.reached.items():
            journal.acknowledge(epoch, seq)
    stored = services.events.newest(Filter(), limit=1_000_000)
    services.close()
    journal.close()
    return sorted(event.id for event in stored)


def journaled(directory: Path) -> list[Event]:
    """Return every event of every epoch; the chains are checked on the way."""
    events = []
    for file in sorted(directory.glob("*.journal")):
        for link in walk(file):
            assert not isinstance(link, Fault), str(link)
            events.append(link.event)
    return events
