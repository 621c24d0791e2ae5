"""Imports that are killed: for each file named on stdin a child applies it, telling each piece that it has written.

`python -m` this, DATABASE URL, KEY FILE.
"""

import os
import sys
from pathlib import Path

from access.services import open_services
from access.services.imports import from_csv
from tests.small_site import BUILDING, NOON, POLICY, SCOPES


def tell(done: int) -> None:
    os.write(1, b"%d\n" % done)


def live(url: str, key: Path, file: Path) -> None:
    services = open_services(url, BUILDING, POLICY, SCOPES, key)
    content = file.read_bytes()
    os.write(1, b"pid %d\n" % os.getpid())
    services.imports.apply(
        *from_csv(content, "Europe/Paris"),
        content,
        "test",
        NOON,
        progress=tell,
    )
    os.write(1, b"done\n")


def main() -> None:
    url, key = sys.argv[1], Path(sys.argv[2])
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            live(url, key, Path(line.strip()))
            os._exit(0)
        os.waitpid(child, 0)
        os.write(1, b"dead\n")


if __name__ == "__main__":
    main()
