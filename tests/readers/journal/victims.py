"""Journals that are killed: for each line on stdin a child opens the journal and appends until it dies.

It writes its pid, then the place of every record that `append` has returned for: `python -m` this, FOLDER, DURABILITY.
"""

import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from readers.journal import Durability, FileJournal
from tests.readers.journal.samples import EDGE, tap


def live(folder: Path, durability: Durability) -> None:
    journal = FileJournal(folder, EDGE, lambda: datetime.now(UTC), durability)
    os.write(1, b"pid %d\n" % os.getpid())
    while True:
        journal.append(tap())
        os.write(1, b"%d:%d\n" % journal.position)


def main() -> None:
    folder, durability = Path(sys.argv[1]), Durability(sys.argv[2])
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            live(folder, durability)
        os.waitpid(child, 0)
        os.write(1, b"dead\n")


if __name__ == "__main__":
    main()
