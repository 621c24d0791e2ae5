"""An idle door computer: the share of one processor that `totem reader` takes with four readers and nobody there.

It runs as a process of its own, so that the readers' other side, emulated here, does not count. Its broker is away.
"""

import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from emulators.osdp import READER_WITH_ALL, EmulatedLine, EmulatedPeripheral
from emulators.pn532 import SerialPn532

READERS = 4
_STARTS_WITHIN_S, _LEAST_S = 30.0, 2.0
_SETTLES_WITHIN_S = 4.0
"""By then what only the start needs has run: the first looks for the broker follow each other within a second."""
_PROGRAM = "import sys; from access.cli import main; sys.exit(main())"


def measure(directory: Path, seconds: float) -> dict[str, float]:
    """Return the share of one processor, 1 being all of it, for four readers of each kind."""
    kinds: dict[str, Callable[[Path], AbstractContextManager[str]]] = {"pn532": _pn532, "osdp": _osdp}
    return {name: _share(directory / name, kind, seconds) for name, kind in kinds.items()}


def _share(directory: Path, kind: Callable[[Path], AbstractContextManager[str]], seconds: float) -> float:
    directory.mkdir()
    with kind(directory) as readers, (directory / "log").open("wb") as log:
        settings = directory / "reader.toml"
        settings.write_text(_common(directory) + readers, "utf-8")
        command = (sys.executable, "-c", _PROGRAM, "reader", "--config", str(settings))
        process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603 (this very program)
        try:
            _wait_for(directory / "state" / "journal")
            time.sleep(_SETTLES_WITHIN_S)
            began, used = time.monotonic(), _processor_s(process.pid)
            time.sleep(max(seconds, _LEAST_S))
            return (_processor_s(process.pid) - used) / (time.monotonic() - began)
        finally:
            process.terminate()
            process.wait()


def _wait_for(started: Path) -> None:
    end = time.monotonic() + _STARTS_WITHIN_S
    while not started.exists():
        if time.monotonic() > end:
            raise TimeoutError(f"the idle door computer made no {started} within {_STARTS_WITHIN_S:.0f} s")
        time.sleep(0.05)


def _processor_s(pid: int) -> float:
    """Return the time that its threads have run, which the kernel counts in nanoseconds (proc(5), schedstat)."""
    threads = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text("ascii").split()[0]) for thread in threads) / 1e9


def _common(directory: Path) -> str:
    public = Ed25519PrivateKey.generate().public_key()
    (directory / "site.pub").write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return (
        f'site = "bench"\nsource = "edge"\nstate = "{directory}/state"\nsite_key = "{directory}/site.pub"\n'
        '[bus]\nhost = "127.0.0.1"\nport = 9\n'  # the discard port: nobody answers
    )


@contextmanager
def _pn532(_: Path) -> Iterator[str]:
    with ExitStack() as chips:
        paths = [chips.enter_context(SerialPn532()).path for _ in range(READERS)]
        yield "".join(
            f'[[reader]]\nid = "r{number}"\ntransport = "nfcpy"\ndevice = "tty:{path}"\n'
            for number, path in enumerate(paths)
        )


@contextmanager
def _osdp(directory: Path) -> Iterator[str]:
    key = secrets.token_bytes(16)
    (directory / "key").write_text(key.hex(), "ascii")
    with EmulatedLine(
        *(EmulatedPeripheral(number, key, READER_WITH_ALL) for number in range(READERS))
    ) as line:
        peripherals = "".join(
            f'[[osdp.peripheral]]\nid = "p{number}"\naddress = {number}\nkey_file = "{directory}/key"\n'
            for number in range(READERS)
        )
        readers = "".join(
            f'[[reader]]\nid = "r{number}"\ntransport = "osdp"\ndevice = "p{number}"\n'
            for number in range(READERS)
        )
        yield f'[[osdp]]\npath = "{line.path}"\n{peripherals}{readers}'
