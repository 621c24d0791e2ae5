"""Door computers to be killed: for each line on stdin, fork one that is tapped as fast as it can serve.

Run as `python -m tests.readers.daemon.victims DIRECTORY`. On stdout: `pid N` for each, `dead` when it is gone, and in
between `released EPOCH:SEQ` each time the strike is released, with the place of the last record in the journal, by
one system call at the moment the bolt moves: what stands there has happened, whatever the process lived to tell.
"""

import os
import sys
from pathlib import Path

from emulators.clock import run_virtually
from emulators.strike import EmulatedDoor
from readers.journal import FileJournal
from tests.readers.daemon.desk import Desk, desk, signed, snapshot

STDOUT = 1


class WitnessedDoor(EmulatedDoor):
    """A door that tells of each release of its bolt."""

    journal: FileJournal

    def unlock(self) -> None:
        super().unlock()
        os.write(STDOUT, b"released %d:%d\n" % self.journal.position)


async def be_tapped(directory: Path) -> None:
    async with desk(directory, [signed(snapshot())]) as at:
        assert isinstance(at.door, WitnessedDoor)
        at.door.journal = at.journal
        while True:
            await at.tap()


def main(directory: Path) -> None:
    Desk.door_type = WitnessedDoor
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os.write(STDOUT, b"pid %d\n" % os.getpid())
            run_virtually(be_tapped(directory))
        os.waitpid(pid, 0)
        print("dead", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
