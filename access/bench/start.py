"""`totem bench start`: from nothing to the first decision, beside the start of the interpreter alone.

The subject is a new process that takes up the signed snapshot kept on the disk, verifies it, compiles it and decides
one tap; `load` is that without the process's start and imports. The snapshot is the shipped building's with a thousand
people, or a city's (10,000 doors) with a hundred thousand (`--size city`). `config` has the memory it holds then.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from time import perf_counter_ns

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from access.bench.city_site import city, people
from access.bench.decide import site_and_taps
from access.bench.report import Options, Report, Result, Size, machine, result
from policies.ids import SourceId
from policies.loader import Site
from policies.roster import Roster
from readers.wire.snapshot import Snapshot, sign

_SCOPE = SourceId("edge")
_LEAST = 5
_CITIZENS = 100_000
_SEED = 7

_SUBJECT = """
import sys, time
from datetime import datetime
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from policies.ids import BadgeId, ReaderId, SourceId
from policies.request import NO_VIEW, AccessRequest, Assurance
from readers.daemon import Rights
kept, key, reader, badge, at = sys.argv[1:]
begin = time.perf_counter_ns()
rights = Rights(SourceId("edge"), Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)), Path(kept))
rights.restore()
tap = AccessRequest(datetime.fromisoformat(at), ReaderId(reader), BadgeId(badge), Assurance.AUTHENTICATED)
reason = rights.decide(tap, NO_VIEW).reason
pages = int(Path("/proc/self/statm").read_text().split()[1])
print(time.perf_counter_ns() - begin, pages * 4096, reason.value)
"""


def run(options: Options) -> Report:
    """Measure."""
    with tempfile.TemporaryDirectory(prefix="totem-bench-") as folder:
        kept = Path(folder) / "snapshot"
        arguments, size = _prepare(kept, options.size)
        times: dict[str, list[int]] = {"start": [], "load": [], "interpreter": []}
        memory, reason, end = 0, "", perf_counter_ns() + int(options.seconds * 1_000_000_000)
        while len(times["start"]) < _LEAST or perf_counter_ns() < end:
            took, said = _timed([sys.executable, "-c", _SUBJECT, str(kept), *arguments])
            load, held, reason = said.split()
            memory = int(held)
            times["start"].append(took)
            times["load"].append(int(load))
            times["interpreter"].append(_timed([sys.executable, "-c", "pass"])[0])
    results: dict[str, Result] = {name: result(each) for name, each in times.items()}
    return Report(
        "start",
        machine(),
        {
            "size": options.size.value,
            "snapshot_mb": round(size / 1e6, 1),
            "memory_mb": round(memory / 1e6),
            "reason": reason,
            "rounds": len(times["start"]),
        },
        results,
        {"start/interpreter.p50": results["start"].p50_us / results["interpreter"].p50_us},
    )


def _prepare(kept: Path, size: Size) -> tuple[list[str], int]:
    """Keep a snapshot; return what the subject is told, and the snapshot's size in bytes."""
    day, key = site_and_taps(), Ed25519PrivateKey.generate()
    make: dict[Size, Callable[[Site, Roster], tuple[Site, Roster]]] = {
        Size.BUILDING: lambda site, roster: (site, roster),
        Size.CITY: lambda site, _roster: (city(site), _citizens()),
    }
    site, roster = make[size](day.site, day.roster)
    tap = day.taps[0]
    reader = tap.reader if size is Size.BUILDING else next(iter(site.building.readers))
    badge = tap.badge if size is Size.BUILDING else next(iter(roster.badges))
    snapshot = Snapshot(_SCOPE, 1, tap.at - timedelta(hours=1), site.building, site.policy, roster)
    payload = sign(snapshot, key)
    kept.write_bytes(payload)
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
    return [public, reader, badge, tap.at.isoformat()], len(payload)


def _citizens() -> Roster:
    both = list(people(_SEED, _CITIZENS))
    return Roster.of((person for person, _ in both), (badge for _, badge in both))


def _timed(command: list[str]) -> tuple[int, str]:
    begin = perf_counter_ns()
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  (our own program)
    return perf_counter_ns() - begin, done.stdout
